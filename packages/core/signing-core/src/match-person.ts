import { type Mismatch, whyNoKeyAt } from './match-author.ts';
import type { PlatformAccount } from './ports/approval-source.ts';
import type { PersonRule, RoleRule } from './requirement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { Author } from './verify-bundle.ts';

/** The person among these whose key or certificate it is, whether or not it counted when it signed. */
export function personOf(author: Author, people: Iterable<PersonRule>): PersonRule | undefined {
  for (const person of people) if (isOf(author, person)) return person;
  return undefined;
}

function isOf(author: Author, { keys, certificate }: PersonRule): boolean {
  switch (author.type) {
    case 'ssh':
      return keys.some(({ fingerprint }) => fingerprint === author.fingerprint);
    case 'certificate':
      return certificate !== undefined && certificate.issuer === author.issuer && certificate.subject === author.san;
    case 'key':
      return false;
  }
}

/** Why a person's own signature did not count when it was made: the key's time was over, not begun, or it was compromised. */
export function whyNotTheirs(author: Author, { at }: TrustedTime, { keys }: PersonRule): Mismatch | undefined {
  if (author.type !== 'ssh') return undefined;
  return whyNoKeyAt(
    keys.filter(({ fingerprint }) => fingerprint === author.fingerprint),
    at,
  );
}

/** Whether an account is a person's; a platform's ids are the same in whatever case. */
export function hasAccount({ accounts }: PersonRule, { platform, id }: PlatformAccount): boolean {
  return accounts.some((one) => one.platform === platform && one.id.toLowerCase() === id.toLowerCase());
}

/** Whether a person was of a role at that instant. */
export function isMember(role: RoleRule, person: string, at: number): boolean {
  return role.members.some(
    (member) =>
      member.person.id === person &&
      (member.from === undefined || at >= member.from) &&
      (member.until === undefined || at < member.until),
  );
}

/** All the people of these roles, each once. */
export function peopleOf(roles: readonly RoleRule[]): PersonRule[] {
  return [...new Map(roles.flatMap(({ members }) => members.map(({ person }) => [person.id, person] as const))).values()];
}
