import { type Certificate, revocationPlaces } from '@signwright/signing-core';
import { type OwnDefinition, ownAuthorityNamed } from '../../certificates/definitions.ts';
import { makeCaKey, refuseInJob, trustRootFile } from '../../certificates/new-authority.ts';
import { openAuthorityKey } from '../../certificates/open-authority.ts';
import { openRoot } from '../../certificates/open-root.ts';
import { pemOf } from '../../certificates/pem-files.ts';
import { checkIsFile, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import type { PassphraseOptions } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertIntermediateOptions = PolicyOptions &
  PassphraseOptions & {
    readonly authority: string;
    readonly rootKey: string;
    readonly keyPassphraseEnv?: string;
    readonly issuer?: string[];
    /** Seconds. */
    readonly validity?: number;
    readonly rootCrl?: string;
  };

/**
 * `signwright cert intermediate`: has an offline root certify one more key: the policy's key of a CA. What the new intermediate may
 * assert, and where the root's CRL is, is as for the newest one under the root unless told; that one stays in the trust root.
 */
export async function certIntermediate(options: CertIntermediateOptions, { signal }: Run): Promise<number> {
  refuseInJob(options.rootKey);
  checkIsFile(options.policy, 'its trust root is edited');
  const open = await openPolicy(options, new Date());
  const definition = ownAuthorityNamed(open, options.authority);
  const file = trustRootFile(open);
  const root = await openRoot(open, options.rootKey, options, signal);
  const [before] = root.authorities;
  const { keyPassphraseEnv, validity, issuer = before.issuers ?? [] } = options;
  const rootCrl = options.rootCrl ?? revocationPlaces(before.chain[0]).crls[0];
  const keyFile = await makeCaKey(open, definition, keyPassphraseEnv);
  const { addToTrustRoot, certifyIntermediate } = await import('@signwright/certificates');
  const ofKey = keyPassphraseEnv === undefined ? {} : { passphraseEnv: keyPassphraseEnv };
  const intermediate = await certifyIntermediate(
    root,
    {
      signer: await openAuthorityKey(open, definition, ofKey, signal),
      ...(validity === undefined ? {} : { validity }),
      ...(rootCrl === undefined ? {} : { rootCrl }),
    },
    new Date(),
  );
  const brief = before.withoutRevocation;
  await addToTrustRoot(file, {
    certificateAuthority: [intermediate, root.certificate].map(({ der }) => pemOf(der)).join(''),
    issuers: issuer,
    ...(brief === undefined ? {} : { withoutRevocation: `${brief}s` }),
  });
  printLines(linesOf(definition, options, { intermediate, before: before.chain[0], file, keyFile }));
  return EXIT.allow;
}

function linesOf(
  { id, crl }: OwnDefinition,
  { rootKey }: CertIntermediateOptions,
  {
    intermediate,
    before,
    file,
    keyFile,
  }: { intermediate: Certificate; before: Certificate; file: string; keyFile: string | undefined },
): string[] {
  return [
    `the authority ${id}: ${intermediate.subjectText}, until ${new Date(intermediate.notAfter).toISOString()}`,
    ...(keyFile === undefined
      ? []
      : [`  its key is ${keyFile}: keep it from every job but the CA's own, and out of version control`]),
    `  added to ${file} beside ${before.subjectText}; to be reviewed, signed and checked in`,
    '',
    'what is next:',
    `  take ${rootKey} offline again`,
    `  once every verifier has this trust root, let the profiles name ${id}; the CA before it stays for as long as its certificates live`,
    ...(crl === undefined
      ? [`  nobody can know what is revoked: give it a "crl" in the policy, or name its file in trust.revocation.crls`]
      : [`  publish its CRL at ${crl}, and run this every day: signwright cert crl --if-due`]),
  ];
}
