import { messageOf, type RefusalRecord, SignwrightError } from '@signwright/signing-core';
import type { Signers } from '../context/signers/create-signers.ts';
import { printNote } from '../print-lines.ts';
import type { RunRecording } from '../records/open-recording.ts';
import { createRecorder, type Recording } from '../records/run-recorder.ts';
import { type Signed, signWorks } from './sign-works.ts';
import type { Made, Work } from './work.ts';

/** What was signed and recorded, the log it is recorded in, and what failed of what is signed beside the files. */
export type SignedRun = {
  readonly signed: readonly Signed[];
  readonly recorded: Recording | undefined;
  readonly failure?: Error;
};

type Planning = {
  readonly recording: RunRecording;
  readonly signers: Signers;
  /** Throws where what was made must not be released. */
  readonly check: (made: Made) => Promise<void>;
};

/**
 * Prepares → records the intents → signs → records the results. Where that fails because a key is lost meanwhile, all of it is done once
 * more with the signer's next one, as another attempt at the request; each time one key fewer is left. A refusal ends the run.
 */
export async function signPlanned(
  artifacts: RefusalRecord['artifacts'],
  prepare: () => Promise<readonly [parts: readonly Work[], sidecars: readonly Work[]]>,
  { recording, signers, check }: Planning,
): Promise<SignedRun> {
  for (;;) {
    const lost = signers.lost();
    const [parts, sidecars] = await recording.ending(artifacts, prepare);
    const recorded = await recording.open([...parts, ...sidecars]);
    try {
      return { recorded, ...(await signWorks(parts, sidecars, createRecorder(recorded), check)) };
    } catch (error) {
      const unreachable = error instanceof SignwrightError && error.code === 'unreachable';
      if (!unreachable || signers.lost() === lost) throw error;
      printNote(`${messageOf(error)}; trying what the signer has next`);
      // The next attempt links to this one.
      await recorded?.log.settled();
    }
  }
}
