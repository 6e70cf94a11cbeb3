import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { spkiOf } from '../keys.ts';

/** What a key signs: notes by Ed25519 or ECDSA P-256, or a witness's timestamped cosignatures (Ed25519). */
export type NoteKeyType = 'ed25519' | 'ecdsa' | 'cosignature';

/** Who signs notes: a name and a public key (C2SP signed-note, "Verifier keys"). */
export type VerifierKey = {
  readonly name: string;
  /** The key ID, a uint32: what signature lines carry of the key. */
  readonly hash: number;
  readonly type: NoteKeyType;
  readonly publicKey: KeyObject;
  /** The vkey: `name+hash+base64`. */
  readonly text: string;
};

/** A log's key, and when it signs: from then on, and before then; milliseconds since 1970 UTC. */
export type LogKey = VerifierKey & { readonly from?: number; readonly until?: number };

/** Whether a log's key counts at an instant. @param skew how far clocks may be apart, in milliseconds. */
export function logKeyCounts({ from, until }: LogKey, at: number, skew = 0): boolean {
  return (from === undefined || at >= from - skew) && (until === undefined || at < until + skew);
}

/** When a log's key counts, for a message. */
export function logKeySpan({ from, until }: LogKey): string {
  const text = (instant: number): string => new Date(instant).toISOString();
  const parts = [...(from === undefined ? [] : [`from ${text(from)}`]), ...(until === undefined ? [] : [`until ${text(until)}`])];
  return parts.length === 0 ? 'counts always' : `counts ${parts.join(' ')}`;
}

const TYPE_BYTES: { readonly [type in NoteKeyType]: number } = { ed25519: 1, ecdsa: 2, cosignature: 4 };
const OTHER_TYPES = new Map([
  [5, 'RFC 6962 tree head'],
  [6, 'ML-DSA-44 cosignature'],
]);
/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const LONGEST = 1024;
const FORM = 'name+hash+base64, as whoever made the key prints it';

/** Whether a text can stand before a signature in a note (C2SP signed-note): not empty, no Unicode space, no plus. */
export function isSignerName(name: string): boolean {
  return /^[^\p{White_Space}+]+$/u.test(name);
}

/** Whether we let a key have this name: also without control characters, and of at most 255 bytes, as others demand it. */
function isKeyName(name: string): boolean {
  return isSignerName(name) && !/[\p{Cc}\p{Surrogate}]/u.test(name) && Buffer.byteLength(name) <= 255;
}

/**
 * Reads a vkey (C2SP signed-note; type 0x04 is C2SP tlog-cosignature's, type 0x02 is written as transparency-dev/formats does).
 *
 * @param where where it is written, for messages.
 * @param use what it is for, where that is known: a log's key and a witness's are of different types.
 * @throws SignwrightError `configuration` that says what is wrong with it.
 */
export function parseVerifierKey(text: string, where: string, use?: 'log' | 'witness'): VerifierKey {
  const refuse = (why: string, next = `write it as ${FORM}`): never => {
    throw new SignwrightError('configuration', `the verifier key ${quoted(text)} ${why}`, { where, next });
  };
  const [, name, hash, base64] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (text.length > LONGEST || name === undefined || hash === undefined || base64 === undefined || !isKeyName(name)) {
    return refuse('is not a name, eight hex digits and base64 with "+" between');
  }
  const material = Buffer.from(base64, 'base64');
  if (material.toString('base64') !== base64) return refuse('has base64 that is not in its one form');
  const type = (Object.keys(TYPE_BYTES) as NoteKeyType[]).find((one) => TYPE_BYTES[one] === material[0]);
  if (type === undefined) {
    const known = OTHER_TYPES.get(material[0] as number) ?? 'unknown';
    return refuse(`is of type 0x${material.subarray(0, 1).toString('hex')} (${known})`, `use ${SUPPORTED}`);
  }
  const publicKey = readMaterial(type, material.subarray(1)) ?? refuse(`holds no ${type === 'ecdsa' ? 'P-256' : 'Ed25519'} key`);
  const key = assemble(name, publicKey, type);
  if (key.text !== text) return refuse(`is not ${quoted(key.text)}, which its name and key make`, 'copy it whole');
  if (use === 'witness' && type !== 'cosignature') {
    const next = type === 'ed25519' ? `as a witness's it is written ${assemble(name, publicKey, 'cosignature').text}` : SUPPORTED;
    return refuse("is a log's, and a witness's was expected", next);
  }
  if (use === 'log' && type === 'cosignature') return refuse("is a witness's, and a log's was expected", `use ${SUPPORTED}`);
  return key;
}

/**
 * The verifier key of a public key.
 *
 * @throws SignwrightError `configuration` where the key cannot sign notes (RSA, other curves), or the name is none.
 */
export function verifierKeyOf(name: string, publicKey: KeyObject, use: 'log' | 'witness'): VerifierKey {
  if (!isKeyName(name)) {
    throw new SignwrightError('configuration', `${quoted(name)} cannot name a ${use}: it is empty, or has spaces or "+"`, {
      next: 'use a name like logs.example.com/releases',
    });
  }
  const type = noteTypeOf(publicKey);
  if (type === undefined || (use === 'witness' && type !== 'ed25519')) {
    const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
    const kind = [publicKey.asymmetricKeyType?.toUpperCase() ?? 'secret', namedCurve ?? modulusLength].filter(Boolean).join(' ');
    throw new SignwrightError('configuration', `an ${kind} key cannot sign for the ${use} ${quoted(name)}`, {
      next: `use ${SUPPORTED}`,
    });
  }
  return assemble(name, publicKey, use === 'witness' ? 'cosignature' : type);
}

const SUPPORTED = 'an Ed25519 or ECDSA P-256 key for a log, an Ed25519 key for a witness';

/** What type of note signature a key makes; `undefined` where it makes none. */
function noteTypeOf(key: KeyObject): 'ed25519' | 'ecdsa' | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ecdsa' : undefined;
}

function assemble(name: string, publicKey: KeyObject, type: NoteKeyType): VerifierKey {
  const spki = spkiOf(publicKey);
  const material = Buffer.concat([Buffer.of(TYPE_BYTES[type]), type === 'ecdsa' ? spki : spki.subarray(ED25519_SPKI.length)]);
  // ECDSA keys came before the rule: their ID is over the SubjectPublicKeyInfo alone.
  const hashed = type === 'ecdsa' ? spki : Buffer.concat([Buffer.from(`${name}\n`), material]);
  const id = createHash('sha256').update(hashed).digest().subarray(0, 4);
  return {
    name,
    hash: id.readUInt32BE(0),
    type,
    publicKey,
    text: `${name}+${id.toString('hex')}+${material.toString('base64')}`,
  };
}

function readMaterial(type: NoteKeyType, material: Buffer): KeyObject | undefined {
  const spki = type === 'ecdsa' ? material : Buffer.concat([ED25519_SPKI, material]);
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const fits = noteTypeOf(key) === (type === 'ecdsa' ? 'ecdsa' : 'ed25519');
    // OpenSSL overlooks bytes behind the key, and reads points in several forms.
    return fits && spkiOf(key).equals(spki) ? key : undefined;
  } catch {
    return undefined;
  }
}
