import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { CertificateAuthority } from '@signwright/policy';
import type { CertificateIssuer, IdentityProvider, Signer } from '@signwright/signing-core';
import { systemClock } from '../clock.ts';
import type { OpenPolicy } from '../open-policy.ts';

/**
 * A key made in memory, with a certificate for this job.
 *
 * @param identity gives the job's ID token, checked against the signer's workloads.
 */
export async function openCertificate(
  open: OpenPolicy,
  authority: CertificateAuthority,
  identity: IdentityProvider,
  signal: AbortSignal | undefined,
): Promise<Signer> {
  const { createCertificateSigner } = await import('@signwright/signer-certificate');
  if (authority.type !== 'trial') {
    const issuer = await issuerOf(open, authority, signal);
    return createCertificateSigner({ issuer, identity, audience: authority.audience });
  }
  const { createTrialIdentityProvider, createTrialIssuer, openTrialDomain, TRIAL_AUDIENCE } = await import(
    '@signwright/certificates'
  );
  const domain = await openTrialDomain(resolve(open.directory, authority.url));
  return createCertificateSigner({
    issuer: createTrialIssuer(domain, systemClock),
    identity: createTrialIdentityProvider(domain, systemClock),
    audience: TRIAL_AUDIENCE,
  });
}

/** The CA of somebody else that a policy names. @param validity seconds to ask for, where that can be asked. */
export async function issuerOf(
  open: OpenPolicy,
  { type, url, login }: CertificateAuthority,
  signal: AbortSignal | undefined,
  validity?: number,
): Promise<CertificateIssuer> {
  const { createFulcioIssuer, createStepCaIssuer, createVaultIssuer } = await import('@signwright/certificates');
  const asked = validity === undefined ? {} : { validity };
  const options = { url, ...(signal === undefined ? {} : { signal }) };
  if (type === 'held') throw new TypeError('a certificate that was issued before is not issued');
  if (type === 'fulcio') return createFulcioIssuer(options);
  if (type === 'step-ca') return createStepCaIssuer({ ...options, ...asked, ca: rootsOf(open) });
  return createVaultIssuer({
    ...options,
    ...asked,
    ...(login === undefined ? {} : { loginMount: login.mount, role: login.role }),
  });
}

/** A step-ca serves TLS by the very root it certifies by, which the policy's trust root has. */
function rootsOf({ trustRoot }: OpenPolicy): string[] {
  const last = (trustRoot?.certificateAuthorities ?? []).flatMap(({ chain }) => chain.slice(-1));
  return last.map(({ der }) => new X509Certificate(der).toString());
}
