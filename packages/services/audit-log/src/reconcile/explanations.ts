import { canonicalJson, type IntentRecord, type ResultRecord, type Sha256, sha256 } from '@signwright/signing-core';
import { place, placingOf, waitingInMemory } from '../search/join-results.ts';
import { type LogReader, readEntries } from '../search/log-entry.ts';

/** What may account for uses of a key: so many, some time within a window. */
export type Explanation = {
  /**
   * `signed`: a result says so, and there must be that many. `failed`, `orphan`: there may be. `unmatched`: a result that answers no
   * intent. `other`: what the caller knows of, such as segments of the log that the key sealed.
   */
  readonly kind: 'signed' | 'failed' | 'orphan' | 'unmatched' | 'other';
  /** Milliseconds since 1970, both within. */
  readonly from: number;
  readonly until: number;
  readonly uses: number;
  /** The record in the log, and its own time. */
  readonly index?: number;
  readonly at: number;
};

type OpenIntent = { readonly index: number; readonly at: number; readonly uses: number; readonly attempt: Sha256 };

/**
 * What the log recorded of a key, in its order. A signature was made between its intent and its result; what an intent without a
 * result led to, within the longest run.
 */
export async function explanationsOf(
  reader: LogReader,
  key: string,
  { longestRunMs, signal }: { readonly longestRunMs: number; readonly signal?: AbortSignal },
): Promise<Explanation[]> {
  const waiting = waitingInMemory();
  const open = new Map<number, OpenIntent>();
  const found: Explanation[] = [];
  for await (const entry of readEntries(reader, 0, reader.size, signal)) {
    const { record, index } = entry;
    if ((record.event !== 'intent' && record.event !== 'result') || record.signer.key !== key) continue;
    const { own, answered } = place(placingOf(entry), waiting);
    if (record.event === 'intent') {
      if (own) open.set(index, openIntent(index, record));
      continue;
    }
    const intents = answered.map((one) => open.get(one) as OpenIntent);
    for (const { index: one } of intents) open.delete(one);
    if (intents.length > 0) found.push(answeredBy(index, record, intents, longestRunMs));
    else if (own) found.push(unmatched(index, record, longestRunMs));
  }
  return [...found, ...orphans(open.values(), longestRunMs)];
}

/** Slices of one attempt lead to one signature. */
function openIntent(index: number, record: IntentRecord): OpenIntent {
  const { request, attempt, bytes, signer, time } = record;
  return {
    index,
    at: Date.parse(time),
    uses: bytes === undefined ? record.artifacts.length : 1,
    attempt: sha256(canonicalJson([request, attempt, signer.id, bytes ?? index])),
  };
}

function answeredBy(index: number, record: ResultRecord, intents: readonly OpenIntent[], longestRunMs: number): Explanation {
  const until = Date.parse(record.time);
  const from = Math.min(...intents.map(({ at }) => at));
  const window = { from: Math.max(Math.min(from, until), until - longestRunMs), until: Math.max(from, until), at: until };
  if (record.outcome === 'failed') return { kind: 'failed', ...window, uses: usesOf(intents), index };
  return { kind: 'signed', ...window, uses: 'files' in record ? record.files : 1, index };
}

function unmatched(index: number, record: ResultRecord, longestRunMs: number): Explanation {
  const until = Date.parse(record.time);
  const uses = 'files' in record ? record.files : 1;
  return { kind: 'unmatched', from: until - longestRunMs, until, uses, index, at: until };
}

function orphans(open: Iterable<OpenIntent>, longestRunMs: number): Explanation[] {
  const attempts = new Map<Sha256, OpenIntent[]>();
  for (const intent of open) attempts.set(intent.attempt, [...(attempts.get(intent.attempt) ?? []), intent]);
  return [...attempts.values()].map((slices) => {
    const [{ index, at }] = slices as [OpenIntent];
    return { kind: 'orphan', from: at, until: at + longestRunMs, uses: usesOf(slices), index, at };
  });
}

/** Slices that lead to one signature count once; those of files count each of theirs. */
function usesOf(intents: readonly OpenIntent[]): number {
  const attempts = new Map(intents.map(({ attempt, uses }) => [attempt, uses]));
  return [...attempts.values()].reduce((sum, uses) => sum + uses, 0);
}
