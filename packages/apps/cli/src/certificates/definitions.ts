import { type CertificateProfile, type CertificatesDefinition, type IssuingAuthority, nearestWord } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** A CA of our own, as the policy has it. */
export type OwnDefinition = IssuingAuthority & { readonly type: 'own' };

/** The certificates of the policy. @throws SignwrightError `policy` where it has none. */
export function certificatesOf({ policy, file }: Pick<OpenPolicy, 'policy' | 'file'>): CertificatesDefinition {
  if (policy.certificates !== undefined) return policy.certificates;
  throw new SignwrightError('policy', 'the policy says nothing of certificates', {
    where: file,
    next: 'add certificates: { authorities: …, profiles: … } to it (docs/certificates.md)',
  });
}

/** @throws SignwrightError `usage` where the policy has no such profile. */
export function profileNamed(open: OpenPolicy, id: string): CertificateProfile {
  const { profiles, where } = certificatesOf(open);
  return profiles.get(id) ?? missing('profile', id, [...profiles.keys()], where);
}

/** @throws SignwrightError `usage` where the policy has no such CA. */
function authorityNamed(open: OpenPolicy, id: string): IssuingAuthority {
  const { authorities, where } = certificatesOf(open);
  return authorities.get(id) ?? missing('authority', id, [...authorities.keys()], where);
}

/** @throws SignwrightError `usage` where the policy has no such CA of its own. */
export function ownAuthorityNamed(open: OpenPolicy, id: string): OwnDefinition {
  const authority = authorityNamed(open, id);
  if (authority.type === 'own') return authority;
  throw new SignwrightError('usage', `the authority ${id} is another's (${authority.url})`, {
    where: authority.where,
    next: 'only a CA by a key of our own (`key`) is worked with here',
  });
}

/** Whether this is what events call a root: no name in a policy has a stroke in it. */
export function isRoot(authority: string): boolean {
  return authority.startsWith('root/');
}

function missing(what: string, id: string, names: readonly string[], where: string): never {
  const near = nearestWord(id, names);
  throw new SignwrightError('usage', `the policy has no ${what} ${JSON.stringify(id)}; it has ${names.join(', ')}`, {
    where,
    ...(near === undefined ? {} : { next: `did you mean ${near}?` }),
  });
}
