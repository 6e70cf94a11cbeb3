import { type Mismatch, whyNoKeyAt } from './match-author.ts';
import type { PlatformAccount } from './ports/approval-source.ts';
import type { PersonRule, RoleRule } from './requirement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { Author } from './verify-bundle.ts';

/** The person among these whose key or certificate it is, whether or not it counted when it signed. */
export function personOf(author: Author, people: Iterable<PersonRule>): PersonRule | undefined {
  const mark = markOf(author);
  return mark === undefined ? undefined : directoryOf(Array.isArray(people) ? people : [...people]).get(mark);
}

/** The person among these whose account it is; a platform's ids are the same in whatever case. */
export function personWith({ platform, id }: PlatformAccount, people: readonly PersonRule[]): PersonRule | undefined {
  return directoryOf(people).get(`account ${platform} ${id.toLowerCase()}`);
}

function markOf(author: Author): string | undefined {
  switch (author.type) {
    case 'ssh':
      return `ssh ${author.fingerprint}`;
    case 'certificate':
      return `certificate ${JSON.stringify([author.issuer, author.san])}`;
    case 'key':
      return undefined;
  }
}

const directories = new WeakMap<readonly PersonRule[], ReadonlyMap<string, PersonRule>>();

/** People by what they are recognised by; a list is looked through once, for thousands of words are held against it. */
function directoryOf(people: readonly PersonRule[]): ReadonlyMap<string, PersonRule> {
  const known = directories.get(people);
  if (known) return known;
  const directory = new Map<string, PersonRule>();
  for (const person of people) {
    const { keys, certificate, accounts } = person;
    const marks = [
      ...keys.map(({ fingerprint }) => `ssh ${fingerprint}`),
      ...(certificate ? [`certificate ${JSON.stringify([certificate.issuer, certificate.subject])}`] : []),
      ...accounts.map(({ platform, id }) => `account ${platform} ${id.toLowerCase()}`),
    ];
    for (const mark of marks) if (!directory.has(mark)) directory.set(mark, person);
  }
  directories.set(people, directory);
  return directory;
}

/** Why a person's own signature did not count when it was made: the key's time was over, not begun, or it was compromised. */
export function whyNotTheirs(author: Author, { at }: TrustedTime, { keys }: PersonRule): Mismatch | undefined {
  if (author.type !== 'ssh') return undefined;
  return whyNoKeyAt(
    keys.filter(({ fingerprint }) => fingerprint === author.fingerprint),
    at,
  );
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

const listed = new WeakMap<RoleRule, { readonly after: readonly RoleRule[]; readonly people: readonly PersonRule[] }>();

/** All the people of these roles, each once; the same list where the same roles are asked about again. */
export function peopleOf(roles: readonly RoleRule[]): readonly PersonRule[] {
  const [first, ...after] = roles;
  const known = first && listed.get(first);
  if (known && known.after.length === after.length && known.after.every((role, at) => role === after[at])) return known.people;
  const people = [...new Map(roles.flatMap(({ members }) => members.map(({ person }) => [person.id, person] as const))).values()];
  if (first) listed.set(first, { after, people });
  return people;
}
