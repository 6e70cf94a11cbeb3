import { signsBase } from './base-signers.ts';
import type { Environment, Identity, Member, Person, PolicyFile, Signer, Tier, Workload } from './generated/policy-file.ts';
import type { Source } from './parse/source.ts';

/** The sections of a policy that define names. */
type Defined = {
  environments: Environment;
  people: Person;
  roles: readonly Member[];
  workloads: Workload;
  identities: Identity;
  signers: Signer;
  tiers: Tier;
};
export type Section = keyof Defined;

/** What one layer calls by a name, and where it says so. */
export type Definition<T> = { readonly value: T; readonly source: Source };

/** The names a layer can use: its own and those of the policies it builds on. */
export type Scope = { readonly [section in Section]: ReadonlyMap<string, Definition<Defined[section]>> };

/**
 * The names a file can use, where it builds on a policy with names of its own. A name of the base's is never redefined. Whom it names
 * as the one who signs its base is no vendor.
 */
export function scopeOf(content: PolicyFile, source: Source, base: Scope | undefined): Scope {
  const section = <S extends Section>(name: S): ReadonlyMap<string, Definition<Defined[S]>> => {
    const own = Object.entries((content[name] ?? {}) as { [id: string]: Defined[S] }).filter(
      ([id]) => name !== 'identities' || !signsBase(content.extends, id),
    );
    return new Map([...own.map(([id, value]) => [id, { value, source }] as const), ...(base?.[name] ?? [])]);
  };
  return {
    environments: section('environments'),
    people: section('people'),
    roles: section('roles'),
    workloads: section('workloads'),
    identities: section('identities'),
    signers: section('signers'),
    tiers: section('tiers'),
  };
}

/** What a section's names are called in messages. */
export const SECTION_WORDS: { readonly [section in Section]: string } = {
  environments: 'environment',
  people: 'person',
  roles: 'role',
  workloads: 'workload',
  identities: 'identity',
  signers: 'signer',
  tiers: 'tier',
};
