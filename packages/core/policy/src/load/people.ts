import {
  normaliseEmail,
  type PersonRule,
  type PlatformAccount,
  parseSshPublicKey,
  type RoleRule,
  type SshKeyRule,
} from '@signwright/signing-core';
import type { Member, Person, SshKey } from '../generated/policy-file.ts';
import type { Scope } from '../scope.ts';
import { optionalInstant } from '../values/instant.ts';

const PLATFORMS = ['gitlab', 'github', 'jenkins', 'azure-devops'] as const;

/** The people a policy knows, by what their approvals are recognised by. */
export function peopleOf(scope: Scope): Map<string, PersonRule> {
  return new Map([...scope.people].map(([id, { value }]) => [id, personRule(id, value)]));
}

/** The roles, with their members. */
export function rolesOf(scope: Scope, people: ReadonlyMap<string, PersonRule>): Map<string, RoleRule> {
  return new Map([...scope.roles].map(([id, { value }]) => [id, { id, members: value.map((one) => memberRule(one, people)) }]));
}

/** The id of a role's member, whichever way it is written. */
export function memberId(member: Member): string {
  return typeof member === 'string' ? member : member.person;
}

function memberRule(written: Member, people: ReadonlyMap<string, PersonRule>): RoleRule['members'][number] {
  const person = people.get(memberId(written));
  if (person === undefined) throw new TypeError(`a policy with an undefined person ${memberId(written)}`);
  if (typeof written === 'string') return { person };
  return { person, ...optionalInstant('from', written.from), ...optionalInstant('until', written.until) };
}

function personRule(id: string, person: Person): PersonRule {
  return {
    id,
    keys: (person.ssh ?? []).map(keyRule),
    ...(person.certificate === undefined ? {} : { certificate: person.certificate }),
    accounts: PLATFORMS.flatMap((platform): PlatformAccount[] => {
      const account = person[platform];
      return account === undefined ? [] : [{ platform, id: String(account) }];
    }),
    emails: (person.emails ?? []).map(normaliseEmail),
  };
}

function keyRule(written: SshKey): SshKeyRule {
  const { key, from, until, 'compromised-since': compromised } = typeof written === 'string' ? { key: written } : written;
  const { fingerprint, line } = parseSshPublicKey(key);
  return {
    fingerprint,
    publicKey: line,
    ...optionalInstant('from', from),
    ...optionalInstant('until', until),
    ...optionalInstant('compromisedSince', compromised),
  };
}
