import { X509Certificate } from 'node:crypto';
import type { Root } from '@signwright/certificates';
import { keyIdOf, parseCertificate, SignwrightError, type TrustRoot } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openReference } from '../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../context/signers/passphrase.ts';

type Authority = TrustRoot['certificateAuthorities'][number];

/** A root of ours, its key taken out for once. */
export type OpenRoot = Root & {
  /** The trust root's authorities under it, the newest first. */
  readonly authorities: readonly [Authority, ...Authority[]];
};

/**
 * Opens a root's key, and finds in the trust root what it is for.
 *
 * @param reference a file, relative to where the command runs, or wherever else the key is.
 * @throws SignwrightError `configuration` where the trust root has no CA under it, and as the key does.
 */
export async function openRoot(
  open: OpenPolicy,
  reference: string,
  options: PassphraseOptions,
  signal: AbortSignal,
): Promise<OpenRoot> {
  const idToken = async (): Promise<never> => {
    throw new SignwrightError('configuration', "a root's key is not opened with a job's ID token", { where: reference });
  };
  const signer = await openReference(
    reference,
    'the root',
    { directory: '.', passphrase: passphraseOf(options), signal, idToken },
    {},
  );
  const keyId = keyIdOf(await signer.publicKey());
  const [newest, ...others] = (open.trustRoot?.certificateAuthorities ?? [])
    .filter(({ chain }) => chain.length > 1 && keyIdOf(topOf(chain).publicKey) === keyId)
    .sort((a, b) => b.chain[0].notBefore - a.chain[0].notBefore);
  if (newest !== undefined) return { signer, certificate: topOf(newest.chain), authorities: [newest, ...others] };
  throw new SignwrightError('configuration', 'the trust root has no certificate authority under the root of this key', {
    where: reference,
    next: 'name the key of a root that is in it: signwright trust show tells them',
  });
}

/** What events call the root of ours that certified an intermediate; `undefined` for all other certificates. */
export async function ownRootOver({ trustRoot }: OpenPolicy, der: Buffer): Promise<string | undefined> {
  if (!new X509Certificate(der).ca) return undefined;
  const { isOwnRoot, rootOf } = await import('@signwright/certificates');
  const certificate = parseCertificate(der, 'the certificate');
  const root = (trustRoot?.certificateAuthorities ?? [])
    .map(({ chain }) => topOf(chain))
    .find((one) => isOwnRoot(one) && certificate.issuer.equals(one.subject) && certificate.isSignedBy(one));
  return root === undefined || root.fingerprint === certificate.fingerprint ? undefined : rootOf(root);
}

function topOf(chain: Authority['chain']) {
  return chain.at(-1) ?? chain[0];
}
