import { messageOf, type Receipt, SignwrightError } from '@signwright/signing-core';
import type { Work } from '../signing/work.ts';
import {
  type Intended,
  type Outcome,
  type RecordedRun,
  type RunLog,
  type WrittenIntent,
  writeIntents,
  writeResults,
} from './write-records.ts';

/** Keeps the records of a run, where its tiers ask for any. */
export type RunRecorder = {
  /** Returns when the intents are durable; nothing may be signed before. */
  intents(works: readonly Work[]): Promise<Attempt>;
};

/** Intents that are durable. */
export type Attempt = {
  /** Returns when what came of each work is durable; nothing may be published before. @returns a receipt for each that is recorded. */
  results(outcomes: readonly Outcome[]): Promise<readonly (Receipt | undefined)[]>;
};

/** What recording rests on. */
export type Recording = {
  readonly log: RunLog;
  readonly run: RecordedRun;
  readonly note: (line: string) => void;
};

/**
 * Makes the recorder of a run. Works none of whose artifacts asks for a record get none. Where one is required, a log that cannot be
 * reached stops the run; where records are `best-effort` alone, that is told and the run goes on.
 */
export function createRecorder(recording: Recording | undefined): RunRecorder {
  return {
    async intents(works) {
      const recorded = works.filter(({ artifacts }) => artifacts.some(({ audit }) => audit !== undefined));
      if (recorded.length === 0 || recording === undefined) return { results: async () => [] };
      const required = isRequired(recorded);
      const { log, run, note } = recording;
      const attempt = await tolerant(required, note, () => writeIntents(log, recorded.map(intendedOf), run));
      if (attempt === undefined) return { results: async () => [] };
      return { results: (outcomes) => resultsOf(works, recorded, attempt, outcomes, required, recording) };
    },
  };
}

async function resultsOf(
  works: readonly Work[],
  recorded: readonly Work[],
  attempt: readonly WrittenIntent[],
  outcomes: readonly Outcome[],
  required: boolean,
  { log, run, note }: Recording,
): Promise<readonly (Receipt | undefined)[]> {
  const asked = recorded.map((work) => outcomes[works.indexOf(work)] as Outcome);
  const receipts = await tolerant(required, note, () => writeResults(log, attempt, asked, run.now));
  return works.map((work) => receipts?.[recorded.indexOf(work)]);
}

/** Whether any of the works may not do without a record. */
export function isRequired(works: readonly Work[]): boolean {
  return works.some(({ artifacts }) => artifacts.some(({ audit }) => audit === 'required'));
}

/** Does without records where they are not required and the log cannot be reached. */
export async function tolerant<T>(
  required: boolean,
  note: (line: string) => void,
  write: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (required || !(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    note(`not recorded, as the policy asks for records only where the log can be reached: ${messageOf(error)}`);
    return undefined;
  }
}

function intendedOf({ artifacts, signer, unreached, bytes, statement }: Work): Intended {
  return {
    signer,
    unreached,
    ...(bytes === undefined ? {} : { bytes }),
    ...(statement === undefined ? {} : { statement }),
    artifacts: artifacts.map(({ name, digest, kind, tier, requirements }) => ({ name, digest, kind, tier, requirements })),
    reasons: [...new Set(artifacts.map(({ reason }) => reason))].slice(0, 20),
  };
}
