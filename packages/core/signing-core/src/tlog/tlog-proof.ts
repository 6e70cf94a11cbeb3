import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { HASH_SIZE } from './merkle.ts';
import { MAX_NOTE } from './signed-note.ts';

/** That something is in a log, to be verified offline (C2SP tlog-proof). Nothing of it is verified yet. */
export type TlogProof = {
  readonly index: number;
  /** The inclusion proof, from the leaf's sibling to the root's child. */
  readonly hashes: readonly Buffer[];
  /** The checkpoint as it was signed: a note. */
  readonly checkpoint: Buffer;
  /** With us, the record itself. */
  readonly extra?: Buffer;
};

/** A proof's bytes at the most: a record in base64, a path and a note. */
export const MAX_PROOF: number = 256 * 1024;

const HEADER = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^63 leaves is this high. */
const LONGEST_PATH = 63;

/** Writes a proof as {@link parseTlogProof} reads it. */
export function writeTlogProof({ index, hashes, checkpoint, extra }: TlogProof): Buffer {
  const lines = [
    HEADER,
    ...(extra === undefined || extra.length === 0 ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint]);
}

/**
 * Reads a proof, strictly: every number and every base64 in its one form, nothing before, between or after.
 *
 * @throws SignwrightError `invalid-input` that says which part is wrong. Its checkpoint is still to be read.
 */
export function parseTlogProof(bytes: Uint8Array, what = 'the proof'): TlogProof {
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${what} ${why}`);
  };
  if (bytes.length > MAX_PROOF) return fail(`has ${bytes.length} bytes; at most ${MAX_PROOF} are read`);
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = from.indexOf('\n\n');
  if (end < 0) return fail('has no empty line before its checkpoint');
  const checkpoint = from.subarray(end + 2);
  if (checkpoint.length === 0 || checkpoint.length > MAX_NOTE) return fail(`has a checkpoint of ${checkpoint.length} bytes`);
  const [header, ...lines] = from.toString('latin1', 0, end).split('\n');
  if (header !== HEADER) return fail(`does not begin with ${HEADER}`);
  const base64 = (text: string, part: string): Buffer => {
    const decoded = Buffer.from(text, 'base64');
    return decoded.toString('base64') === text ? decoded : fail(`has ${part} that is not base64 in its one form`);
  };
  const extra = lines[0]?.startsWith('extra ') ? base64((lines.shift() as string).slice(6), 'extra data') : undefined;
  if (extra?.length === 0) return fail('has an empty line of extra data');
  const [, written] = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? '') ?? [];
  if (written === undefined) return fail('has no index in its one form');
  const index = Number(written);
  if (!Number.isSafeInteger(index)) return fail(`has the index ${quoted(written)}, more than is supported`);
  if (lines.length > LONGEST_PATH) return fail(`has ${lines.length} hashes; no tree is that high`);
  const hashes = lines.map((line, at) => {
    const hash = base64(line, `a hash (${at})`);
    return hash.length === HASH_SIZE ? hash : fail(`has a hash (${at}) of ${hash.length} bytes`);
  });
  return { index, hashes, checkpoint, ...(extra ? { extra } : {}) };
}
