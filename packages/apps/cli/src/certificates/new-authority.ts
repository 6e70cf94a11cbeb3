import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeAtomic } from '@signwright/files';
import { parseKeyReference, SignwrightError } from '@signwright/signing-core';
import { isCi } from '../context/ci-job.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { passphraseOf } from '../context/signers/passphrase.ts';
import type { OwnDefinition } from './definitions.ts';
import { makeKey } from './new-key.ts';

/**
 * A trust root that a job may change is one that whoever controls the job may change.
 *
 * @throws SignwrightError `denied` in a job of a CI.
 */
export function refuseInJob(where: string): void {
  if (!isCi()) return;
  throw new SignwrightError('denied', 'a job of a CI does not make a CA', {
    where,
    next: "make it on your own machine: the root's key is taken offline, and the trust root is reviewed and checked in",
  });
}

/** @returns the file of the trust root. @throws SignwrightError `policy` where the policy names none. */
export function trustRootFile({ policy, file, directory }: OpenPolicy): string {
  const path = policy.trust?.root?.path;
  if (path !== undefined) return resolve(directory, path);
  throw new SignwrightError('policy', 'the policy names no trust root, which a CA counts by', {
    where: file,
    next: 'add trust: { root: trust/trusted-root.json }; an empty one is made with signwright trust add',
  });
}

/** A key file that does not exist yet is made; any other key exists where it stays. @returns the path of a key file. */
export async function makeCaKey(
  open: OpenPolicy,
  { key }: OwnDefinition,
  passphraseEnv: string | undefined,
): Promise<string | undefined> {
  if (parseKeyReference(key).scheme !== 'file') return undefined;
  const path = resolve(open.directory, key);
  if (existsSync(path)) return path;
  const passphrase = passphraseOf(passphraseEnv === undefined ? {} : { passphraseEnv });
  const { pem } = await makeKey('ecdsa-p256', passphrase);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomic(path, pem, { mode: 0o600 });
  pem.fill(0);
  return path;
}
