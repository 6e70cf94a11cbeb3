import { normaliseEmail, parseSshPublicKey, SignwrightError } from '@signwright/signing-core';
import type { Person } from '../generated/policy-file.ts';
import { problemAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { entriesOf, type Subject } from './subject.ts';

/** SSH keys are public keys, whole, of a type that is accepted and strong enough. */
export function* sshKeysAreKeys({ content, source }: Subject): Generator<Problem> {
  // A hostile file names the same key a hundred thousand times.
  const wrong = new Map<string, string | undefined>();
  for (const [id, person] of entriesOf(content.people)) {
    for (const { path, text } of sshKeysOf(id, person)) {
      if (!wrong.has(text)) wrong.set(text, whatIsWrong(text));
      const message = wrong.get(text);
      if (message !== undefined) yield problemAt(source, path, message);
    }
  }
}

/** One key, account, address or certificate identity is one person's: else one could approve as two, or for another. */
export function* keysBelongToOnePerson({ content, source, scope }: Subject): Generator<Problem> {
  const own = new Set(Object.keys(content.people ?? {}));
  const owners = new Map<string, string>();
  const people = [...scope.people].sort(([a], [b]) => Number(own.has(a)) - Number(own.has(b)));
  for (const [id, { value }] of people) {
    for (const { path, what, mark } of marksOf(id, value)) {
      const owner = owners.get(mark);
      if (owner === undefined) owners.set(mark, id);
      else if (own.has(id) && owner !== id)
        yield problemAt(source, path, `the same ${what} is "${owner}"'s: each belongs to one person`);
      else if (own.has(id) && what === 'SSH key') yield problemAt(source, path, 'the same SSH key is listed twice');
    }
  }
}

function* marksOf(id: string, person: Person): Generator<{ path: Path; what: string; mark: string }> {
  for (const { path, text } of sshKeysOf(id, person)) {
    yield { path, what: 'SSH key', mark: `ssh ${withoutComment(text)}` };
  }
  for (const platform of ['gitlab', 'github', 'jenkins', 'azure-devops'] as const) {
    if (person[platform] !== undefined) {
      yield {
        path: ['people', id, platform],
        what: `${platform} account`,
        mark: `${platform} ${person[platform]}`.toLowerCase(),
      };
    }
  }
  for (const [index, email] of (person.emails ?? []).entries()) {
    yield { path: ['people', id, 'emails', index], what: 'e-mail address', mark: `email ${normaliseEmail(email)}` };
  }
  if (person.certificate !== undefined) {
    const { issuer, subject } = person.certificate;
    yield { path: ['people', id, 'certificate'], what: 'certificate identity', mark: `certificate ${issuer} ${subject}` };
  }
}

function sshKeysOf(id: string, person: Person): { path: Path; text: string }[] {
  return (person.ssh ?? []).map((key, index) =>
    typeof key === 'string'
      ? { path: ['people', id, 'ssh', index], text: key }
      : { path: ['people', id, 'ssh', index, 'key'], text: key.key },
  );
}

/** A key's one form (a whole key has no other base64), without reading it again. */
function withoutComment(text: string): string {
  return text
    .trim()
    .split(/[ \t]+/, 2)
    .join(' ');
}

function whatIsWrong(text: string): string | undefined {
  try {
    parseSshPublicKey(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return `${error.message}${error.next === undefined ? '' : ` (${error.next})`}`;
  }
}
