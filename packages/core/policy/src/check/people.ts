import type { Person } from '../generated/policy-file.ts';
import { problemAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { entriesOf, type Subject } from './subject.ts';

const SSH_TYPES = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
];

/** SSH keys are public keys, whole, and of a type we know. */
export function* sshKeysAreKeys({ content, source }: Subject): Generator<Problem> {
  for (const [id, person] of entriesOf(content.people)) {
    for (const { path, text } of sshKeysOf(id, person)) {
      const [type = '', blob = ''] = text.split(' ');
      if (/PRIVATE KEY/.test(text)) yield problemAt(source, path, 'this is a private key: a policy has public keys only');
      else if (!SSH_TYPES.includes(type))
        yield problemAt(source, path, `found a key of type "${type}"; allowed are ${SSH_TYPES.join(', ')}`);
      else if (typeInside(blob) !== type)
        yield problemAt(source, path, `not a whole public key of type ${type}: paste the line of the .pub file`);
    }
  }
}

/** One key, account or certificate identity is one person's: else one could approve as two. */
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
    yield { path, what: 'SSH key', mark: `ssh ${text.split(' ').slice(0, 2).join(' ').replace(/=+$/, '')}` };
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

/** The key type written inside an SSH public key blob (RFC 4253, 6.6), where the blob is whole base64 with more behind it. */
function typeInside(blob: string): string | undefined {
  if (!/^[A-Za-z0-9+/]{16,}={0,2}$/.test(blob)) return undefined;
  const bytes = Buffer.from(blob, 'base64');
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return at === bytes.length && fields.length > 1 ? fields[0]?.toString('latin1') : undefined;
}
