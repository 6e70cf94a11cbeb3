import type { PersonRule, RoleRule } from '@signwright/signing-core';
import type { Authority, PolicyFile, Profile } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { CertificateProfile, CertificatesDefinition, IssuingAuthority } from '../policy.ts';
import type { Scope } from '../scope.ts';
import { secondsOf } from '../values/duration.ts';
import { isUrl } from '../values/is-url.ts';
import { join } from './referred-files.ts';
import { authorityOf, inDirectory, isPath, workloadRule } from './signers.ts';

/** Where the inventory is kept if nobody names a store. */
const INVENTORY = '.signwright/certificates';
const CRL_LIFETIME = '7d';
const AUDIENCE = 'signwright';

/** The certificates a layer defines: who issues them, and their profiles. */
export function certificatesOf(
  { certificates }: PolicyFile,
  source: Source,
  scope: Scope,
  roles: ReadonlyMap<string, RoleRule>,
  directory: string,
): CertificatesDefinition | undefined {
  if (certificates === undefined) return undefined;
  const { inventory = INVENTORY } = certificates;
  const authorities = new Map(
    Object.entries(certificates.authorities).map(([id, written]) => [id, issuingAuthority(id, written, source, directory)]),
  );
  const profiles = Object.entries(certificates.profiles).map(([id, written]) => {
    const authority = authorities.get(written.authority);
    if (authority === undefined) throw new TypeError(`a policy with an undefined authority ${written.authority}`);
    return [id, profileOf(id, written, authority, source, scope, roles)] as const;
  });
  return {
    where: whereOf(source, ['certificates']),
    inventory: isUrl(inventory) ? inventory : inDirectory(directory, inventory),
    persistent: certificates.persistent ?? false,
    authorities,
    profiles: new Map(profiles),
    alerts: (certificates.alerts ?? []).map(secondsOf).sort((a, b) => b - a),
  };
}

function issuingAuthority(id: string, written: Authority, source: Source, directory: string): IssuingAuthority {
  const { key, crl, 'crl-lifetime': lifetime = CRL_LIFETIME, ...remote } = written;
  const where = whereOf(source, ['certificates', 'authorities', id]);
  if (key === undefined) return { id, where, ...authorityOf(remote, directory) };
  return {
    id,
    where,
    type: 'own',
    key: isPath(key) && !key.startsWith('/') ? join(directory, key) : key,
    ...(crl === undefined ? {} : { crl }),
    crlLifetime: secondsOf(lifetime),
    audience: written.audience ?? AUDIENCE,
  };
}

function profileOf(
  id: string,
  written: Profile,
  authority: IssuingAuthority,
  source: Source,
  scope: Scope,
  roles: ReadonlyMap<string, RoleRule>,
): CertificateProfile {
  return {
    id,
    where: whereOf(source, ['certificates', 'profiles', id]),
    purpose: written.purpose,
    authority,
    validity: secondsOf(written.validity),
    keys: written.keys ?? ['ecdsa-p256'],
    ...(written.environments === undefined ? {} : { environments: written.environments }),
    owner: written.owner,
    workloads: (written.workloads ?? []).flatMap((name) => workloadRule(name, scope.workloads.get(name)?.value)),
    roles: (written.roles ?? []).flatMap((name) => roles.get(name) ?? []),
    proof: written.proof ?? [],
  };
}

/** The people who may ask for certificates of a profile, whatever the day. */
export function peopleOfProfile({ roles }: CertificateProfile): PersonRule[] {
  return [...new Set(roles.flatMap(({ members }) => members.map(({ person }) => person)))];
}
