import {
  type EvidenceBatches,
  messageOf,
  type RefusalRecord,
  SignwrightError,
  type Verified,
  type VerifiedStatement,
} from '@signwright/signing-core';
import { tellOfFallbacks } from '../notify/tell.ts';
import type { RunRecording } from '../records/open-recording.ts';
import type { RunLog } from '../records/write-records.ts';
import { publish } from './publish.ts';
import { releaseCheck } from './release-check.ts';
import { signPlanned } from './sign-planned.ts';
import type { SigningRun, Work } from './work.ts';

export type SignAndPublish = {
  readonly run: SigningRun;
  readonly recording: RunRecording;
  readonly store: EvidenceBatches;
  readonly note: (line: string) => void;
};

/**
 * The sequence of every signature: record the intents → sign → timestamp → verify → record the results → publish; and tell of keys that
 * could not be reached.
 *
 * @param artifacts what it is about, for the record of a refusal.
 * @param prepare settles the statements, and what is signed beside files.
 * @returns the statements that were made.
 */
export async function signAndPublish(
  artifacts: RefusalRecord['artifacts'],
  prepare: () => Promise<readonly [statements: readonly Work[], sidecars: readonly Work[]]>,
  { run, recording, store, note }: SignAndPublish,
): Promise<(Verified | VerifiedStatement)[]> {
  const { open, signers } = run;
  const { signed, recorded, failure } = await signPlanned(artifacts, prepare, {
    recording,
    signers,
    check: await releaseCheck(open, note),
  });
  const made = await publish(signed, { open, store, log: recorded?.log, run, note });
  await publishLog(recorded?.log, note);
  await tellOfFallbacks(open, signers, note);
  if (failure !== undefined) throw failure;
  return made;
}

/** Lets outsiders see the log as it is now; what is recorded stands whether or not that works. */
async function publishLog(log: RunLog | undefined, note: (line: string) => void): Promise<void> {
  try {
    await log?.publish();
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    note(`the log's newest checkpoint was not published: ${messageOf(error)}`);
  }
}
