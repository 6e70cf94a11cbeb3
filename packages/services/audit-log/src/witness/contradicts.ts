import { consistencyProof, type OpenedCheckpoint, verifyConsistency, writeNote } from '@signwright/signing-core';
import type { OpenLogReader } from '../open-log-reader.ts';

/** Two checkpoints of one log that cannot both be of its history, as notes. */
export type Contradiction = {
  readonly status: 'rollback' | 'split-view';
  readonly message: string;
  readonly seen: Uint8Array;
  readonly found: Uint8Array;
};

/** What a checkpoint that was seen proves against the log as it is now; nothing where the log only grew since. */
export async function contradicts(
  seen: OpenedCheckpoint,
  newest: OpenedCheckpoint,
  reader: OpenLogReader,
): Promise<Contradiction | undefined> {
  if (newest.size < seen.size) return contradiction(seen, newest, reader);
  const proof = await consistencyProof(seen.size, newest.size, reader.hashes);
  const holds = verifyConsistency({ from: seen.size, fromRoot: seen.root, to: newest.size, toRoot: newest.root, proof });
  return holds ? undefined : contradiction(seen, newest, reader);
}

/** Tells a log that has become shorter from one that has another past. */
export function contradiction(
  seen: OpenedCheckpoint,
  newest: OpenedCheckpoint | undefined,
  reader: OpenLogReader,
): Contradiction {
  const evidence = { seen: writeNote(seen.note), found: newest ? writeNote(newest.note) : new Uint8Array() };
  if (reader.size < seen.size) {
    return { status: 'rollback', message: `the log has ${reader.size} records, and it had ${seen.size}`, ...evidence };
  }
  const message = `its ${reader.size} records do not begin with the ${seen.size} that were seen: the log shows two histories`;
  return { status: 'split-view', message, ...evidence };
}
