import { ciJob } from '../context/ci-job.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { type OpenPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import type { SigningRun } from './work.ts';

/** Opens what signing in this run rests on, and tells which job it is. No signer is opened yet. */
export async function openSigningRun(
  open: OpenPolicy,
  options: PassphraseOptions,
  { signal }: Run,
  note: (line: string) => void,
): Promise<SigningRun> {
  const job = await ciJob();
  if (job)
    note(
      `a job of ${job.title}${job.repository === undefined ? '' : `: ${[job.repository, job.ref].filter(Boolean).join(' at ')}`}`,
    );
  return {
    open,
    timestamps: await openTimestamps(open, trustRootOf(open, note), note),
    trust: evidenceTrust(open),
    signers: createSigners(open, { ...options, job, signal }),
    job,
    signal,
  };
}
