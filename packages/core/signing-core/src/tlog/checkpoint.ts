import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { HASH_SIZE } from './merkle.ts';
import { describeAll, isBy, type Note, parseNote, verifyNote } from './signed-note.ts';
import type { LogKey } from './verifier-key.ts';

/** What a log says of itself at one time (C2SP tlog-checkpoint): its name, how many records it has, and their root. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer };

/** A checkpoint that its log signed, with the note it came in and the keys of the log that signed it. */
export type OpenedCheckpoint = Checkpoint & { readonly note: Note; readonly signedBy: readonly LogKey[] };

/** The text of a checkpoint, ready to be signed as a note. */
export function writeCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  parseCheckpoint(text);
  return text;
}

/**
 * Reads the text of a checkpoint's note. Extension lines are allowed by the specification, and nothing reads them.
 *
 * @throws SignwrightError `invalid-input` that begins with `what`.
 */
export function parseCheckpoint(text: string, what = 'the checkpoint'): Checkpoint {
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${what} ${why}`);
  };
  const [origin, written, base64, ...extensions] = text.split('\n');
  if (origin === undefined || written === undefined || base64 === undefined || extensions.pop() !== '') {
    return fail('has not the lines origin, size and root');
  }
  if (origin === '' || extensions.includes('')) return fail('has an empty line');
  const size = Number(written);
  if (!/^(0|[1-9][0-9]*)$/.test(written)) return fail(`has the size ${quoted(written)}, which is no number in its one form`);
  if (!Number.isSafeInteger(size)) return fail(`has the size ${quoted(written)}, more than is supported`);
  const root = Buffer.from(base64, 'base64');
  if (root.length !== HASH_SIZE || root.toString('base64') !== base64) return fail('has a root that is not 32 bytes in base64');
  return { origin, size, root };
}

/**
 * Opens a checkpoint: a note signed by a key whose name is the checkpoint's origin.
 *
 * @param logKeys the log's keys, of one or more logs; several of one name while a key is being changed.
 * @param where where the note was read, for messages.
 * @throws SignwrightError `verification` where it is another log's or signed by another key, with who signed and who was
 * expected; `invalid-input` where it is no checkpoint.
 */
export function openCheckpoint(noteBytes: Uint8Array, logKeys: readonly LogKey[], where: string): OpenedCheckpoint {
  const note = parseNote(noteBytes, `the checkpoint (${where})`);
  const checkpoint = parseCheckpoint(note.text, `the checkpoint (${where})`);
  const keys = logKeys.filter((key) => key.name === checkpoint.origin);
  const found = describeAll(note.signatures);
  const expected = describeAll(logKeys) || 'no log';
  if (keys.length === 0) {
    const message = `the checkpoint is of the log ${quoted(checkpoint.origin)}, signed by ${found}; expected was ${expected}`;
    throw new SignwrightError('verification', message, { where, next: 'this is another log, or its name was changed' });
  }
  const signedBy = keys.filter((key) => note.signatures.some((one) => isBy(one, key)));
  if (signedBy.length === 0) {
    throw new SignwrightError('verification', `the checkpoint is signed by ${found}; expected was ${expected}`, {
      where,
      next: "if the log's key was changed on purpose, give its new verifier key",
    });
  }
  verifyNote(note, keys, `the checkpoint (${where})`);
  return { ...checkpoint, note, signedBy };
}
