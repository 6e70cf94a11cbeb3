import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { Signer } from '../ports/signer.ts';
import { signMessage } from '../sign.ts';
import { verifyMessage } from '../verify-signature.ts';
import { isSignerName, type VerifierKey, verifierKeyOf } from './verifier-key.ts';

/** A note (C2SP signed-note): text, and who signed it. The text ends with a line break and is worth what its signatures are. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** One signature line. `signature` is what follows the key ID. */
export type NoteSignature = { readonly name: string; readonly hash: number; readonly signature: Buffer };

/** A note's bytes, and its signatures, at the most. */
export const MAX_NOTE: number = 64 * 1024;
const MOST_SIGNATURES = 100;
const MOST_SHOWN = 5;

/**
 * Reads a signed note, strictly: UTF-8, no control characters but line breaks, at least one signature, each in its one encoding.
 *
 * @throws SignwrightError `invalid-input` that begins with `what`.
 */
export function parseNote(bytes: Uint8Array, what = 'the note'): Note {
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${what} ${why}`);
  };
  if (bytes.length > MAX_NOTE) return fail(`has ${bytes.length} bytes; at most ${MAX_NOTE} are read`);
  const whole = decode(bytes) ?? fail('is not UTF-8');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) return fail('has a control character');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n')) return fail('is not text, an empty line and signature lines');
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) return fail(`has ${lines.length} signatures; at most ${MOST_SIGNATURES} are read`);
  const signatures = lines.map((line) => parseSignatureLine(line) ?? fail(`has the line ${quoted(line)}, which is no signature`));
  return { text: whole.slice(0, blank + 1), signatures };
}

/** Writes a note as {@link parseNote} reads it. */
export function writeNote({ text, signatures }: Note): Buffer {
  return Buffer.from(`${text}\n${signatures.map((one) => `${signatureLine(one)}\n`).join('')}`);
}

/** A signature as a line of a note, without its line break: `— name base64(key ID ‖ signature)`. */
export function signatureLine({ name, hash, signature }: NoteSignature): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(hash);
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}`;
}

/** The note with one more signature, given as its line; an older one by the same key is dropped. */
export function addSignature({ text, signatures }: Note, line: string): Note {
  const added = parseSignatureLine(line);
  if (!added) throw new SignwrightError('invalid-input', `${quoted(line)} is no signature line of a note`);
  return { text, signatures: [...signatures.filter((one) => !isBy(one, added)), added] };
}

/**
 * Signs a text as a note: by Ed25519 or, with an ECDSA P-256 key, as transparency-dev/formats does.
 *
 * @param name the signer's name; a log's is its origin.
 * @throws SignwrightError `configuration` where the key cannot sign notes; what the signer throws.
 */
export async function signNote(text: string, name: string, signer: Signer): Promise<Note> {
  if (!text.endsWith('\n')) throw new TypeError('the text of a note ends with a line break');
  const key = verifierKeyOf(name, await signer.publicKey(), 'log');
  return { text, signatures: [{ name, hash: key.hash, signature: await signMessage(signer, Buffer.from(text)) }] };
}

/**
 * Verifies a note: who of `keys` signed it. Signatures by others are ignored, as the specification demands.
 *
 * @returns the keys whose signature holds; at least one.
 * @throws SignwrightError `verification` where a signature by one of `keys` does not hold, or none of them signed.
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[], what = 'the note'): VerifierKey[] {
  const message = Buffer.from(note.text);
  const signed = keys.filter((key) => {
    const by = key.type === 'cosignature' ? [] : note.signatures.filter((signature) => isBy(signature, key));
    if (by.every(({ signature }) => verifyMessage(key.publicKey, signature, message))) return by.length > 0;
    throw new SignwrightError('verification', `${what}: the signature by ${describe(key)} does not hold`, {
      next: 'the text or the signature was changed',
    });
  });
  if (signed.length > 0) return signed;
  const expected = describeAll(keys) || 'nobody';
  throw new SignwrightError('verification', `${what} is signed by ${describeAll(note.signatures)}; expected was ${expected}`);
}

/** Whether a signature says it is by a key: name and key ID together are what tells keys apart. */
export function isBy(signature: { name: string; hash: number }, key: { name: string; hash: number }): boolean {
  return signature.name === key.name && signature.hash === key.hash;
}

/** A key for messages: its name and its ID in hex. */
export function describe({ name, hash }: { name: string; hash: number }): string {
  return `${quoted(name)} (key ${hash.toString(16).padStart(8, '0')})`;
}

/** The first of several keys for messages: a note may name a hundred. */
export function describeAll(keys: readonly { name: string; hash: number }[]): string {
  const more = keys.length > MOST_SHOWN ? ` and ${keys.length - MOST_SHOWN} more` : '';
  return `${keys.slice(0, MOST_SHOWN).map(describe).join(', ')}${more}`;
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name, base64] = /^— ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  if (name === undefined || base64 === undefined || !isSignerName(name)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < 5 || bytes.toString('base64') !== base64) return undefined;
  return { name, hash: bytes.readUInt32BE(0), signature: bytes.subarray(4) };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
