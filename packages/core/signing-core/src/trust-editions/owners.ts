import { canonicalDigest, type Sha256 } from '../formats/digest.ts';
import { hasControlCharacter } from '../formats/glob.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';
import { algorithmsOf, keyIdOf, readPublicKey } from '../keys.ts';
import type { Who } from '../match-who.ts';
import type { Author } from '../verify-bundle.ts';
import { MAX_SIGNATURES } from './file-names.ts';

/** Who must sign the editions of a trust root, and how many of them. */
export type TrustRootOwners = {
  /** SHA-256 over RFC 8785 of the file. */
  readonly digest: Sha256;
  /** Each once; an identity is one exactly, by no pattern. */
  readonly owners: readonly Who[];
  readonly threshold: number;
};

const MAX_BYTES = 1024 * 1024;

/**
 * Reads `{"version":1,"owners":[{"issuer":URL,"subject":NAME} or {"publicKey":PEM}],"threshold":1}` strictly.
 *
 * @throws SignwrightError `invalid-input` that names the field: an owner listed twice, a threshold nobody can reach; `configuration`
 * for a key that is none or too weak.
 */
export function parseOwners(bytes: Uint8Array, where: string): TrustRootOwners {
  const what = `the owners of the trust root ${where}`;
  const read = fieldReader(what);
  const json = parseStrictJson(bytes, { what, maxBytes: MAX_BYTES });
  const fields = read.object(json, '', ['version', 'owners', 'threshold']);
  if (fields['version'] !== 1) read.fail('version', 'must be 1');
  const owners = read.list(fields['owners'], 'owners').map((owner, at) => readOwner(read, owner, `owners[${at}]`));
  const { threshold } = fields;
  if (owners.length === 0 || owners.length > MAX_SIGNATURES) read.fail('owners', `must list 1 to ${MAX_SIGNATURES}`);
  const ids = owners.map(idOf);
  const twice = ids.findIndex((id, at) => ids.indexOf(id) < at);
  if (twice >= 0) read.fail(`owners[${twice}]`, 'is listed twice');
  if (typeof threshold !== 'number' || !Number.isInteger(threshold) || threshold < 1 || threshold > owners.length)
    return read.fail('threshold', `must be a whole number from 1 to ${owners.length}, the number of owners`);
  return { digest: canonicalDigest(json), owners, threshold };
}

function readOwner(read: FieldReader, value: Json, path: string): Who {
  if ('publicKey' in read.record(value, path)) {
    const at = `${path}.publicKey`;
    const key = readPublicKey(read.text(read.object(value, path, ['publicKey'])['publicKey'], at), at);
    algorithmsOf(key);
    return { publicKey: key.export({ type: 'spki', format: 'pem' }).toString() };
  }
  const fields = read.object(value, path, ['issuer', 'subject']);
  return {
    issuer: exactText(read, fields['issuer'], `${path}.issuer`),
    subject: exactText(read, fields['subject'], `${path}.subject`),
  };
}

/** A pattern would make several owners of one entry, each counted as one. */
function exactText(read: FieldReader, value: Json | undefined, path: string): string {
  const text = read.text(value, path);
  if (text === '' || text.includes('*') || hasControlCharacter(text)) read.fail(path, 'must be exact, without patterns');
  return text;
}

/** The owner who signed; each is known by one key, or by one name of one issuer. */
export function ownerOf(author: Author, owners: readonly Who[]): Who | undefined {
  const id = ownerId(author);
  return owners.find((owner) => idOf(owner) === id);
}

/** What tells whoever signed from everybody else. */
export function ownerId(author: Author): string {
  switch (author.type) {
    case 'key':
      return `key ${author.keyId}`;
    case 'ssh':
      return `SSH key ${author.fingerprint}`;
    case 'certificate':
      return JSON.stringify([author.issuer, author.san]);
  }
}

function idOf(owner: Who): string {
  return 'publicKey' in owner
    ? `key ${keyIdOf(readPublicKey(owner.publicKey, 'publicKey'))}`
    : JSON.stringify([owner.issuer, owner.subject]);
}
