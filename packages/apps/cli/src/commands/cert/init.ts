import { type Certificate, SignwrightError } from '@signwright/signing-core';
import { type OwnDefinition, ownAuthorityNamed } from '../../certificates/definitions.ts';
import { makeCaKey, refuseInJob, trustRootFile } from '../../certificates/new-authority.ts';
import { openAuthorityKey } from '../../certificates/open-authority.ts';
import { pemOf } from '../../certificates/pem-files.ts';
import { checkIsFile, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
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
  const root = trustRootFile(open);
  const passphrase = passphraseOf(options);
  if (passphrase === undefined)
    throw new SignwrightError('usage', "nothing says what the root's key is encrypted with", {
      next: 'name the environment variable with a passphrase of 12 characters or more: --passphrase-env NAME',
    });
  const keyFile = await makeCaKey(open, definition, options.keyPassphraseEnv);
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
    `  take ${rootKey} offline now: it is needed only to certify another intermediate, or to revoke one`,
    ...(crl === undefined
      ? [`  nobody can know what is revoked: give it a "crl" in the policy, or name its file in trust.revocation.crls`]
      : [`  publish its CRL at ${crl}, and run this every day: signwright cert crl --if-due`]),
  ];
}
