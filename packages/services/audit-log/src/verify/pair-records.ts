import { type BlobStore, hexOf, inParallel, type ReadRecord, readRecord, type Sha256, sha256 } from '@signwright/signing-core';
import { segmentKey } from '../layout.ts';
import { joinKey } from '../search/join-results.ts';
import { attemptOf } from '../segments/attempts.ts';
import type { AuditedTile } from './audited-tiles.ts';
import type { Findings } from './finding.ts';

/** How many records of each kind there are. */
export type RecordCounts = { intents: number; results: number; refusals: number; approvals: number; others: number };

/** What became of refused segments: taken from what the log itself recorded. */
export type RefusalNote = { readonly segment: number; readonly digest: Sha256; readonly reason: string };

/** Follows the links between records, in order. */
export type Pairing = {
  take(tile: Pick<AuditedTile, 'records'> & { first: number }): Promise<void>;
  end(): RecordCounts;
  readonly notes: readonly RefusalNote[];
};

const LANES = 8;
/** Attempts that are remembered: intents of several signers begin one attempt together. */
const RECENT = 4096;
const NO_SEGMENT = sha256('');

export function pairRecords(blobs: BlobStore, findings: Findings): Pairing {
  const counts: RecordCounts = { intents: 0, results: 0, refusals: 0, approvals: 0, others: 0 };
  const open = new Map<string, { readonly index: number; readonly key: Sha256 }>();
  const recent = new Map<string, Sha256>();
  /** Intents whose attempt leads to another intent, which may come later. */
  const elsewhere = new Map<string, { key: string; place: string }>();
  const notes: RefusalNote[] = [];

  function take({ id, record }: ReadRecord, index: number): void {
    if (record.event === 'intent') {
      counts.intents++;
      open.set(compact(id), { index, key: joinKey(record) });
    } else if (record.event === 'result') {
      counts.results++;
      for (const intent of record.intents) {
        const asked = open.get(compact(intent));
        if (asked?.key === joinKey(record)) {
          open.delete(compact(intent));
          continue;
        }
        const why = asked
          ? 'which is of another request, signer or requester'
          : 'which is not before it, or was answered already';
        findings.notice('result-without-intent', `record ${index}`, `it answers ${intent}, ${why}`);
      }
    } else if (record.event === 'refusal') {
      counts.refusals++;
    } else if (record.event === 'approval') {
      counts.approvals++;
    } else {
      counts.others++;
      if (record.event === 'segment-refused') notes.push(record);
    }
  }

  async function checkAttempt(key: string, id: Sha256, place: string): Promise<void> {
    const blob = await blobs.get(key);
    const named = blob && Buffer.from(blob.bytes).toString('latin1');
    if (named === undefined) findings.notice('attempt', key, `it is missing: a retry was not linked to the intent in ${place}`);
    else if (named !== id && recent.get(key) !== named) elsewhere.set(`${key} ${named}`, { key, place });
    if (named === id) {
      recent.set(key, id);
      elsewhere.delete(`${key} ${id}`);
    }
  }

  return {
    notes,
    async take({ records, first }) {
      const attempts = records.flatMap((bytes, i) => {
        if (!bytes) return [];
        const read = readRecord(bytes);
        take(read, first + i);
        return attemptOf(read).map(({ key, id }) => ({ key, id, place: `record ${first + i}` }));
      });
      await inParallel(attempts, LANES, ({ key, id, place }) => checkAttempt(key, id, place));
      for (const key of recent.keys()) {
        if (recent.size <= RECENT) break;
        recent.delete(key);
      }
    },
    end() {
      for (const { key, place } of elsewhere.values()) {
        findings.damage('attempt', key, `it leads to no intent of this attempt in the log; ${place} is one`);
      }
      for (const [id, { index }] of open) {
        const intent = `sha256:${Buffer.from(id, 'latin1').toString('hex')}`;
        findings.notice(
          'orphan-intent',
          `record ${index}`,
          `nobody recorded what came of the intent ${intent}: a signature may exist`,
        );
      }
      return counts;
    },
  };
}

/** Holds the segments that were not taken against what the log recorded of them. */
export function auditRefused(
  refused: ReadonlyMap<number, Sha256 | undefined>,
  notes: readonly RefusalNote[],
  findings: Findings,
): void {
  const noted = new Map(notes.map((note) => [`${note.segment} ${note.digest}`, note]));
  for (const [segment, digest] of refused) {
    if (noted.has(`${segment} ${digest}`)) continue;
    const why = digest === undefined ? 'it is missing' : 'no record of the log says that these bytes were refused';
    findings.damage('segment', segmentKey(segment), `the log took nothing of it, and ${why}`);
  }
  for (const { segment, digest, reason } of noted.values()) {
    if (digest === NO_SEGMENT || refused.has(segment)) findings.notice('refused-segment', segmentKey(segment), reason);
    else findings.damage('order', segmentKey(segment), 'the log recorded that it was refused, and took its records');
  }
}

/** Ids are kept by the million: 32 characters instead of 71. */
function compact(id: Sha256): string {
  return Buffer.from(hexOf(id), 'hex').toString('latin1');
}
