import { type Receipt, SignwrightError } from '@signwright/signing-core';
import type { RunRecorder } from '../records/run-recorder.ts';
import { failureOf, type Outcome } from '../records/write-records.ts';
import type { Made, Work } from './work.ts';

/** A work that was signed and recorded. */
export type Signed = {
  readonly work: Work;
  readonly made: Made;
  /** What the log gave for the record of it; absent where none is kept. */
  readonly receipt?: Receipt;
};

/**
 * Records the intents → signs → records the results. What comes back may be published; where a statement cannot be signed nothing comes
 * back, and the log says so of all. A failure of what is signed beside the files takes no part away: it is returned.
 *
 * @param check throws where what was made must not be released.
 */
export async function signWorks(
  parts: readonly Work[],
  sidecars: readonly Work[],
  recorder: RunRecorder,
  check: (made: Made) => Promise<void>,
): Promise<{ readonly signed: readonly Signed[]; readonly failure?: Error }> {
  const works = [...parts, ...sidecars];
  const attempt = await recorder.intents(works);
  const made = new Map<Work, Made>();
  let failure: Error | undefined;
  for (const work of works) {
    try {
      if (failure !== undefined) continue;
      const one = await work.sign();
      await check(one);
      made.set(work, one);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      if (parts.includes(work)) made.clear();
    }
  }
  const outcomes = works.map((work) => outcomeOf(made.get(work), failure));
  const receipts = await attempt.results(outcomes).catch((error: unknown): never => {
    if (failure) throw failure;
    throw error;
  });
  if (failure !== undefined && made.size === 0) throw failure;
  const signed = works.flatMap((work, at) => {
    const one = made.get(work);
    const receipt = receipts[at];
    return one === undefined ? [] : [{ work, made: one, ...(receipt === undefined ? {} : { receipt }) }];
  });
  return { signed, ...(failure === undefined ? {} : { failure }) };
}

function outcomeOf(made: Made | undefined, failure: Error | undefined): Outcome {
  if (made === undefined) return failureOf(failure ?? new SignwrightError('cancelled', 'not tried: something else failed'));
  if (made.files) return { outcome: 'signed', files: made.files.length };
  const { signature, evidence, verified } = made.signed;
  return { outcome: 'signed', signature, evidence, signed: new Date(verified.time.at).toISOString() };
}
