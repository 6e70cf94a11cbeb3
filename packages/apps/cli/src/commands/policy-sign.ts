import { dirname } from 'node:path';
import { writeAtomic } from '@signwright/files';
import { signatureOf } from '@signwright/policy';
import { type PolicyEdition, SignwrightError, signPolicy } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { systemClock } from '../context/clock.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { checkIsFile, type OpenPolicy, openPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { printLines, printNote } from '../print-lines.ts';

export type PolicySignOptions = PassphraseOptions & { readonly signer: string };

/** `signwright policy sign FILE --signer ID`: the policy is checked, then this edition of it signed, timestamped and verified. */
export async function policySign(file: string, options: PolicySignOptions, { signal }: Run): Promise<void> {
  checkIsFile(file, 'its signature is written beside it');
  const open = await openPolicy({ policy: file }, new Date());
  const edition = editionOf(open);
  const definition = open.policy.signers.get(options.signer);
  if (definition === undefined)
    throw new SignwrightError('usage', `the policy has no signer ${JSON.stringify(options.signer)}`, {
      where: file,
      next: `its signers are ${[...open.policy.signers.keys()].join(', ')}`,
    });
  const timestamps = await openTimestamps(open, trustRootOf(open, printNote), printNote);
  const signer = await createSigners(open, { ...options, job: await ciJob(), signal }).of(definition);
  const trust = evidenceTrust(open);
  const bytes = await signPolicy(edition, { signer, rule: definition.rule, timestamps, trust, clock: systemClock });
  await writeAtomic(signatureOf(file), bytes);
  printLines([
    `${signatureOf(file)}: the policy ${edition.name}, serial ${edition.serial}, signed as ${options.signer}`,
    `  policy digest ${edition.digest}`,
    `  keep the two files together${dirname(file) === '.' ? '' : ` in ${dirname(file)}`}; the next edition needs a higher serial, and a signature of its own`,
  ]);
}

function editionOf({ policy, file }: OpenPolicy): PolicyEdition {
  const { name, serial, digest } = policy;
  if (name !== undefined && serial !== undefined) return { name, serial, digest };
  const missing = name === undefined ? 'name' : 'serial';
  throw new SignwrightError('policy', `the policy has no ${missing}, so its signature could not say which edition it is of`, {
    where: file,
    next:
      missing === 'name'
        ? 'give it one at the top: name: acme-central'
        : 'give it one at the top, and raise it with each edition: serial: 1',
  });
}
