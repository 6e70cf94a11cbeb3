import { hexOf, type IntentRecord, type ResultRecord, type Sha256, sha256 } from '@signwright/signing-core';
import type { LogEntry } from './log-entry.ts';

/** What came of a request: `orphan` is an intent without a result, so that a signature may exist. */
export const OUTCOMES = ['signed', 'failed', 'refused', 'orphan'] as const;
export type LogOutcome = (typeof OUTCOMES)[number];

/** A record that stands for itself in a list: an intent with its result, a refusal, or whatever else a log holds. */
export type JoinedEntry = LogEntry & {
  /** Absent for what people said, and for records that are not about a request. */
  readonly outcome?: LogOutcome;
  readonly result?: ResultEntry;
};
export type ResultEntry = LogEntry & { readonly record: ResultRecord };

/** What is remembered of a log while it is read in order. */
export type Waiting = {
  /** Whether a record with this id was read before; from now on it was. */
  repeated(id: Sha256, index: number): boolean;
  wait(id: Sha256, index: number, key: Sha256): void;
  /** The index of the intent that waits under this id and key; it then waits no more. */
  answer(id: Sha256, key: Sha256): number | undefined;
};

/** A record, as far as it matters to where it belongs. */
export type Placing = {
  readonly index: number;
  readonly id: Sha256;
  /** What an intent and its result have in common; absent for other records. */
  readonly key?: Sha256;
  /** The intents that a result names. */
  readonly intents?: readonly Sha256[];
  /** What came of it, where no other record says so. */
  readonly outcome?: LogOutcome;
};

/** Where a record belongs. */
export type Placed = {
  /** Whether it stands for itself. A result that answers all it names does not. */
  readonly own: boolean;
  readonly outcome?: LogOutcome;
  /** The intents it answers, by index. */
  readonly answered: readonly number[];
};

/**
 * Joins results with their intents, record by record in the log's order. A result answers an intent that it names, that was
 * recorded before it, that no other result has answered, and that is of the same request, signer and certified requester: nobody
 * settles the intent of another job. A result that answers none of what it names, or not all of it, stands for itself too. A record
 * whose very bytes were recorded before (an append that was repeated) counts once.
 */
export function place(placing: Placing, waiting: Waiting): Placed {
  const { index, id, key, intents, outcome } = placing;
  if (waiting.repeated(id, index)) return { own: false, answered: [] };
  if (intents === undefined) {
    if (key !== undefined) waiting.wait(id, index, key);
    return { own: true, answered: [], ...(outcome === undefined ? {} : { outcome }) };
  }
  const found = intents.map((intent) => waiting.answer(intent, key as Sha256));
  const answered = found.filter((one) => one !== undefined);
  return { own: answered.length < found.length, answered, ...(outcome === undefined ? {} : { outcome }) };
}

/** What {@link place} needs of a record. */
export function placingOf({ index, id, record }: LogEntry): Placing {
  switch (record.event) {
    case 'intent':
      return { index, id, key: joinKey(record), outcome: 'orphan' };
    case 'result':
      return { index, id, key: joinKey(record), intents: [...new Set(record.intents)], outcome: record.outcome };
    case 'refusal':
      return { index, id, outcome: record.outcome };
    default:
      return { index, id };
  }
}

/** What an intent and its result have in common. */
export function joinKey({ request, signer, requester }: IntentRecord | ResultRecord): Sha256 {
  const claims = requester.certified === undefined ? null : Object.entries(requester.certified);
  return sha256(JSON.stringify([request, signer.id, signer.key, claims]));
}

/** Remembers in memory, about 100 bytes a record. */
export function waitingInMemory(): Waiting & { readonly open: () => readonly number[] } {
  const seen = new Set<string>();
  const open = new Map<string, { index: number; key: Sha256 }>();
  return {
    repeated(id) {
      const before = seen.size;
      return seen.add(compact(id)).size === before;
    },
    wait: (id, index, key) => void open.set(compact(id), { index, key }),
    answer(id, key) {
      const intent = open.get(compact(id));
      if (intent?.key !== key) return undefined;
      open.delete(compact(id));
      return intent.index;
    },
    open: () => [...open.values()].map(({ index }) => index),
  };
}

/** Ids are kept by the million: 32 characters instead of 71. */
function compact(id: Sha256): string {
  return Buffer.from(hexOf(id), 'hex').toString('latin1');
}

/** Joins records that are all at hand, in the log's order. */
export function joinEntries(entries: Iterable<LogEntry>): JoinedEntry[] {
  const waiting = waitingInMemory();
  const joined = new Map<number, JoinedEntry>();
  for (const entry of entries) {
    const { own, outcome, answered } = place(placingOf(entry), waiting);
    for (const index of answered) joined.set(index, withResult(joined.get(index) as JoinedEntry, entry as ResultEntry));
    if (own) joined.set(entry.index, { ...entry, ...(outcome === undefined ? {} : { outcome }) });
  }
  return [...joined.values()];
}

export function withResult(intent: LogEntry, result: ResultEntry): JoinedEntry {
  return { ...intent, outcome: result.record.outcome, result };
}
