import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { spkiOf } from '../keys.ts';
import { readRecord } from '../records/read-record.ts';
import type { ReadRecord } from '../records/record.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { verifyCosignatures } from './cosignature.ts';
import { leafHash } from './merkle.ts';
import { parseTlogProof } from './tlog-proof.ts';
import type { LogKey, VerifierKey } from './verifier-key.ts';
import { verifyInclusion } from './verify-merkle.ts';

/** Whom a proof must convince: any of the logs' keys, and at least `count` of the witnesses. */
export type ProofTrust = {
  readonly keys: readonly LogKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly count: number;
};

/**
 * A record that is in the log. `not-witnessed`: it is, by the log's own word, and too few witnesses have cosigned that; more may yet,
 * under a later checkpoint.
 */
export type RecordProof = {
  readonly status: 'proven' | 'not-witnessed';
  readonly record: ReadRecord;
  readonly bytes: Buffer;
  readonly index: number;
  readonly checkpoint: Checkpoint;
  /** The keys of the log that signed the checkpoint; whether they counted is for whoever knows when what is recorded was made. */
  readonly signedBy: readonly LogKey[];
  readonly witnesses: readonly { readonly name: string; readonly at: Date }[];
};

/**
 * Verifies, offline, that a record is in a log (C2SP tlog-proof with the record as its extra data): checkpoint signed by the log →
 * inclusion of the record → cosignatures. A witness counts once, by its key, whatever its names; the log's own key counts for none.
 *
 * @throws SignwrightError `verification` where something does not hold, `invalid-input` where it is no such proof.
 */
export function verifyRecordProof(bytes: Uint8Array, { keys, witnesses, count }: ProofTrust, where = 'the proof'): RecordProof {
  const { index, hashes, checkpoint: note, extra } = parseTlogProof(bytes);
  if (!extra) throw new SignwrightError('invalid-input', 'the proof carries no record (a line "extra …")', { where });
  const { origin, size, root, note: opened, signedBy } = openCheckpoint(note, keys, where);
  if (!verifyInclusion({ leaf: leafHash(extra), index, size, root, proof: hashes })) {
    const message = `the proof does not lead from the record at ${index} to the root of the ${size} records of ${quoted(origin)}`;
    throw new SignwrightError('verification', message, { where, next: 'the record or the proof was changed' });
  }
  const seen = new Set(keys.map(({ publicKey }) => spkiOf(publicKey).toString('hex')));
  const cosigned = verifyCosignatures(opened, witnesses).filter(({ witness: { publicKey } }) => {
    const key = spkiOf(publicKey).toString('hex');
    return !seen.has(key) && seen.add(key);
  });
  return {
    status: cosigned.length >= count ? 'proven' : 'not-witnessed',
    record: readRecord(extra),
    bytes: extra,
    index,
    checkpoint: { origin, size, root },
    signedBy,
    witnesses: cosigned.map(({ witness, at }) => ({ name: witness.name, at })),
  };
}
