import {
  type BlobStore,
  type Checkpoint,
  type LogKey,
  SignwrightError,
  TILE_WIDTH,
  type VerifierKey,
} from '@signwright/signing-core';
import { type Opened, originOf } from '../context.ts';
import { HEAD } from '../layout.ts';
import type { Head } from '../order/head.ts';
import { newestHead } from '../order/load-head.ts';
import { auditTree } from './audit-tree.ts';
import { auditWaiting } from './audit-waiting.ts';
import { auditedSegments } from './audited-segments.ts';
import { auditedTiles } from './audited-tiles.ts';
import { dueCheckpoints, type EarlierCheckpoint } from './due-checkpoints.ts';
import { collectFindings, type Finding, type Findings } from './finding.ts';
import { auditRefused, pairRecords, type RecordCounts } from './pair-records.ts';

/** What an audit goes by. */
export type LogAuditOptions = {
  readonly blobs: BlobStore;
  readonly keys: readonly LogKey[];
  /** When it is audited: a key that counts then must have signed its newest checkpoint. Without it, any key will do. */
  readonly now?: Date;
  /** Opens a segment, as whoever orders them does. */
  readonly open: (bytes: Uint8Array) => Promise<Opened>;
  /** Witnesses whose checkpoints the log must agree with. */
  readonly witnesses?: readonly VerifierKey[];
  /** Checkpoints that were kept elsewhere: what the log said then, it must still say. */
  readonly earlier?: readonly EarlierCheckpoint[];
};

/** What an audit of a log found. */
export type LogAudit = {
  /** Whether nothing of it was changed; notices may be left. */
  readonly sound: boolean;
  /** What was audited; `undefined` where the head does not hold, and nothing could be. */
  readonly checkpoint: Checkpoint | undefined;
  readonly segments: number;
  readonly records: RecordCounts;
  /** A thousand of each severity at the most; `more` says how many are left out. */
  readonly findings: readonly Finding[];
  readonly more: { readonly damage: number; readonly notice: number };
};

const NONE: RecordCounts = { intents: 0, results: 0, refusals: 0, approvals: 0, others: 0 };

/**
 * Audits a whole log: every segment is opened again and compared with the records it was ordered as, every tile is made again from
 * them, and the checkpoint and all that was published and seen of it must agree. So any byte of the log that was flipped, removed or
 * moved is found, and named. Reads everything once, in bounded memory.
 *
 * @throws SignwrightError `unreachable` where the store cannot be read to its end.
 */
export async function verifyLog({ blobs, keys, now, open, witnesses = [], earlier = [] }: LogAuditOptions): Promise<LogAudit> {
  const findings = collectFindings();
  const origin = originOf(keys);
  const due = await dueCheckpoints({ blobs, keys, witnesses, earlier }, findings);
  const head = await headOf(blobs, keys, now, findings);
  if (!head) return result(findings, undefined, 0, NONE);
  if (!head.checkpoint && due.some(({ size }) => size > 0))
    findings.damage('rollback', HEAD, 'it is missing, and the log has begun');

  const refused = new Map<number, `sha256:${string}` | undefined>();
  const segments = auditedSegments(blobs, head, open, findings, refused);
  const pairing = pairRecords(blobs, findings);
  for await (const { index, records } of auditTree(blobs, head, auditedTiles(blobs, head, segments, findings), due, findings)) {
    await pairing.take({ records, first: index * TILE_WIDTH });
  }
  // Refused segments may come behind the last record.
  while (!(await segments.next()).done);
  const waiting = await auditWaiting(blobs, head.next, open, findings);
  const records = pairing.end();
  auditRefused(refused, [...pairing.notes, ...waiting], findings);
  return result(findings, { origin, size: head.size, root: head.root }, head.next, records);
}

async function headOf(
  blobs: BlobStore,
  keys: readonly LogKey[],
  now: Date | undefined,
  findings: Findings,
): Promise<Head | undefined> {
  try {
    return (await newestHead(blobs, keys, undefined, now && { now })).head;
  } catch (error) {
    if (!(error instanceof SignwrightError) || !['verification', 'invalid-input'].includes(error.code)) throw error;
    findings.damage('head', HEAD, error.message);
    return undefined;
  }
}

function result(findings: Findings, checkpoint: Checkpoint | undefined, segments: number, records: RecordCounts): LogAudit {
  const more = findings.more();
  const sound = more.damage === 0 && findings.found.every(({ severity }) => severity === 'notice');
  return { sound, checkpoint, segments, records, findings: findings.found, more };
}
