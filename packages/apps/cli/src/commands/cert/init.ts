import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeAtomic } from '@signwright/files';
import { type Certificate, parseKeyReference, SignwrightError } from '@signwright/signing-core';
import { type OwnDefinition, ownAuthorityNamed } from '../../certificates/definitions.ts';
import { makeKey } from '../../certificates/new-key.ts';
import { openAuthorityKey } from '../../certificates/open-authority.ts';
import { pemOf } from '../../certificates/pem-files.ts';
import { isCi } from '../../context/ci-job.ts';
import { checkIsFile, type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { passphraseOf } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertInitOptions = PolicyOptions & {
  readonly authority: string;
  readonly rootKey: string;
  readonly passphraseEnv?: string;
  readonly passphraseFd?: number;
  readonly keyPassphraseEnv?: string;
  readonly organization: string;
  readonly issuer: string[];
  /** Seconds. */
  readonly rootValidity?: number;
  readonly validity?: number;
  readonly rootCrl?: string;
};

/**
 * `signwright cert init`: makes a CA: an offline root, in a new encrypted key file, and the intermediate that issues by the policy's
 * key of it; and adds them to the trust root.
 */
export async function certInit(options: CertInitOptions, { signal }: Run): Promise<number> {
  refuseInJob(options.rootKey);
  checkIsFile(options.policy, 'its trust root is edited');
  const open = await openPolicy({ ...options }, new Date());
  const definition = ownAuthorityNamed(open, options.authority);
  const root = rootFileOf(open);
  const passphrase = passphraseOf(options);
  if (passphrase === undefined)
    throw new SignwrightError('usage', "nothing says what the root's key is encrypted with", {
      next: 'name the environment variable with a passphrase of 12 characters or more: --passphrase-env NAME',
    });
  const keyFile = await makeIntermediateKey(open, definition, options);
  const { addToTrustRoot, createAuthority } = await import('@signwright/certificates');
  const { keyPassphraseEnv, organization, rootValidity, validity, rootCrl } = options;
  const ofKey = keyPassphraseEnv === undefined ? {} : { passphraseEnv: keyPassphraseEnv };
  const secret = await passphrase();
  try {
    const { root: top, intermediate } = await createAuthority(
      {
        organization,
        root: { keyFile: options.rootKey, passphrase: secret },
        signer: await openAuthorityKey(open, definition, ofKey, signal),
        ...(rootValidity === undefined ? {} : { rootValidity }),
        ...(validity === undefined ? {} : { validity }),
        ...(rootCrl === undefined ? {} : { rootCrl }),
      },
      new Date(),
    );
    const chain = [intermediate, top].map(({ der }) => pemOf(der)).join('');
    await addToTrustRoot(root, { certificateAuthority: chain, issuers: options.issuer });
    printLines(linesOf(definition, options, { top, intermediate, root, keyFile }));
    return EXIT.allow;
  } finally {
    secret.fill(0);
  }
}

/** A root that a job may change is one that whoever controls the job may change. */
function refuseInJob(where: string): void {
  if (!isCi()) return;
  throw new SignwrightError('denied', 'a job of a CI does not make a CA', {
    where,
    next: "make it on your own machine: the root's key is taken offline, and the trust root is reviewed and checked in",
  });
}

function rootFileOf({ policy, file, directory }: OpenPolicy): string {
  const path = policy.trust?.root?.path;
  if (path !== undefined) return resolve(directory, path);
  throw new SignwrightError('policy', 'the policy names no trust root, which a CA counts by', {
    where: file,
    next: 'add trust: { root: trust/trusted-root.json }; an empty one is made with signwright trust add',
  });
}

/** A key file that does not exist yet is made; any other key exists where it stays. @returns the path of a key file. */
async function makeIntermediateKey(
  open: OpenPolicy,
  { key }: OwnDefinition,
  { keyPassphraseEnv }: CertInitOptions,
): Promise<string | undefined> {
  if (parseKeyReference(key).scheme !== 'file') return undefined;
  const path = resolve(open.directory, key);
  if (existsSync(path)) return path;
  const passphrase = passphraseOf(keyPassphraseEnv === undefined ? {} : { passphraseEnv: keyPassphraseEnv });
  const { pem } = await makeKey('ecdsa-p256', passphrase);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomic(path, pem, { mode: 0o600 });
  pem.fill(0);
  return path;
}

function linesOf(
  { id, crl }: OwnDefinition,
  { rootKey }: CertInitOptions,
  {
    top,
    intermediate,
    root,
    keyFile,
  }: { top: Certificate; intermediate: Certificate; root: string; keyFile: string | undefined },
): string[] {
  const until = ({ notAfter }: Certificate): string => new Date(notAfter).toISOString();
  return [
    `the authority ${id}: ${intermediate.subjectText}, until ${until(intermediate)}`,
    `  under ${top.subjectText}, until ${until(top)}; sha256 ${top.fingerprint}`,
    ...(keyFile === undefined
      ? []
      : [`  its key is ${keyFile}: keep it from every job but the CA's own, and out of version control`]),
    `  added to ${root}, which is to be reviewed, signed and checked in`,
    '',
    'what is next:',
    `  take ${rootKey} offline now: it is needed only to certify another intermediate`,
    ...(crl === undefined
      ? [`  nobody can know what is revoked: give it a "crl" in the policy, or name its file in trust.revocation.crls`]
      : [`  publish its CRL at ${crl}, and run this every day: signwright cert crl --if-due`]),
  ];
}
