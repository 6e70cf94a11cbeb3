import type { CiJob, SegmentSigning } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { printNote } from '../print-lines.ts';
import { anySigner } from '../records/open-recording.ts';
import type { Desk } from './issue-certificate.ts';
import { openInventory } from './open-inventory.ts';
import { recordCertificates } from './record-certificates.ts';

export type DeskOptions = PolicyOptions & PassphraseOptions & { readonly quiet?: true };

/** What issuing and renewing rest on, in this run. */
export type OpenDesk = Desk & { readonly job: CiJob | undefined; readonly note: (line: string) => void };

/** Opens the policy, the inventory, and the log where the policy names one. */
export async function openDesk(options: DeskOptions, { signal }: Run): Promise<OpenDesk> {
  const open = await openPolicy(options, new Date());
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const inventory = await openInventory(open);
  const job = await ciJob();
  const author = () => sealer(open, { ...options, job, signal }, note);
  const { passphraseEnv, passphraseFd } = options;
  return {
    open,
    inventory,
    records: recordCertificates(open, { note, author }),
    signal,
    job,
    note,
    ...(passphraseEnv === undefined ? {} : { passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
  };
}

/** Where the log's own key is not here, a signer that this machine has seals what is recorded. */
async function sealer(
  open: OpenPolicy,
  options: Parameters<typeof createSigners>[1],
  note: (line: string) => void,
): Promise<SegmentSigning> {
  const signer = await anySigner({ open, signers: createSigners(open, options) });
  return { signer, timestamps: await openTimestamps(open, trustRootOf(open, note), note) };
}
