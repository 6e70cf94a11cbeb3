import {
  addOwnerSignature,
  authorName,
  ownerOf,
  ownersPathOf,
  type Signing,
  SignwrightError,
  signaturePathsOf,
  type TrustRootEdition,
  type TrustRootFiles,
  type TrustRootOwners,
} from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { systemClock } from '../context/clock.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { parseInstant } from '../context/instant.ts';
import { openPolicy } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { finishInstalling, readTrustRoot, writeSignatures } from '../context/trust-root-files.ts';
import { printLines, printNote } from '../print-lines.ts';

export type TrustSignOptions = PassphraseOptions & {
  readonly name: string;
  readonly trustVersion: number;
  readonly expires: string;
  readonly signer: string;
  readonly policy: string;
  readonly anchor?: string;
};

/** `signwright trust sign FILE`: one owner's signature over this edition of a trust root, beside those of the others. */
export async function trustSign(file: string, options: TrustSignOptions, { signal }: Run): Promise<void> {
  await finishInstalling(file);
  const found = await readTrustRoot(file);
  const { edition, owners } = editionOf(found, options);
  const { signatures, at, author } = await addOwnerSignature(found, edition, await openSigning(options, signal));
  await writeSignatures(file, signatures);

  if (ownerOf(author, owners.owners) === undefined)
    printNote(
      `warning: ${authorName(author)} is none of the owners in ${ownersPathOf(file)}; it counts where the trust root in use lists it`,
    );
  const { name, version, expires, root } = edition;
  printLines([
    `${signaturePathsOf(file)[at]}: the trust root ${name}, version ${version}, until ${new Date(expires).toISOString()}, signed as ${options.signer}`,
    `  digest ${root}`,
    `  signatures: ${signatures.length}; needed: ${owners.threshold} of its owners, and as many of the owners of the edition in use as that one says`,
    '  keep all of its files together; signwright trust show says whether they are whole',
  ]);
}

function editionOf(
  { path, root, issuersDigest, owners }: TrustRootFiles,
  { name, trustVersion: version, expires: until }: TrustSignOptions,
): { readonly edition: TrustRootEdition; readonly owners: TrustRootOwners } {
  if (owners === undefined)
    throw new SignwrightError('configuration', `${ownersPathOf(path)} is missing: nothing says who signs its editions`, {
      where: ownersPathOf(path),
      next: 'write it: {"version":1,"owners":[{"issuer":URL,"subject":NAME},{"publicKey":PEM}],"threshold":1}',
    });
  const expires = parseInstant(until, '--expires');
  if (expires <= Date.now())
    throw new SignwrightError('usage', '--expires is past, and nobody would take this edition', { next: 'name a day to come' });
  return { edition: { name, version, expires, root: root.digest, issuers: issuersDigest, owners: owners.digest }, owners };
}

/** Not by a trust root that counts now: the policy's may be this very file, changed and waiting for its signatures. */
async function openSigning(options: TrustSignOptions, signal: AbortSignal): Promise<Signing> {
  const open = await openPolicy(options, new Date());
  const definition = open.policy.signers.get(options.signer);
  if (definition === undefined)
    throw new SignwrightError('usage', `the policy has no signer ${JSON.stringify(options.signer)}`, {
      where: options.policy,
      next: `its signers are ${[...open.policy.signers.keys()].join(', ')}`,
    });
  if (open.trustRoot === undefined)
    throw new SignwrightError('policy', 'trust.root is missing: nothing says which timestamps count', {
      where: options.policy,
      next: 'add trust: { root: trust/trusted-root.json }',
    });
  const timestamps = await openTimestamps(open, open.trustRoot, printNote);
  const signer = await createSigners(open, { ...options, job: await ciJob(), signal }).of(definition);
  return { signer, rule: definition.rule, timestamps, trust: evidenceTrust(open), clock: systemClock };
}
