import type { CertificatesDefinition } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** The certificates of the policy. @throws SignwrightError `policy` where it has none. */
export function certificatesOf({ policy, file }: Pick<OpenPolicy, 'policy' | 'file'>): CertificatesDefinition {
  if (policy.certificates !== undefined) return policy.certificates;
  throw new SignwrightError('policy', 'the policy says nothing of certificates', {
    where: file,
    next: 'add certificates: { authorities: …, profiles: … } to it (docs/certificates.md)',
  });
}
