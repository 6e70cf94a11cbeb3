import { type Sha256, SignwrightError } from '@signwright/signing-core';
import { type Candidate, findCandidates } from './candidates.ts';
import { criteriaOf, markOf } from './features.ts';
import { OUTCOME_CODES } from './index-tables.ts';
import { type JoinedEntry, joinKey, type ResultEntry, withResult } from './join-results.ts';
import { type LogEntry, loadEntries, stopped } from './log-entry.ts';
import { type LogIndex, rewritten } from './open-index.ts';
import { compileQuery, type LogQuery } from './query.ts';
import { guarded } from './sqlite.ts';

export type Page = {
  /** Entries at the most; 100 unless told, 1,000 at the most. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
};

export type Found = {
  /** The newest first, by the log's order. */
  readonly entries: readonly JoinedEntry[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
};

const MOST = 1_000;
/** Records that are read at once, and held. */
const CHUNK = 200;

/**
 * Finds requests, each with what came of it, and whatever else a log holds. The index says where to look; what is found is read
 * from the log, and is what the query means, whatever the index says.
 *
 * @throws SignwrightError `usage` for a query or a cursor that cannot be meant; `verification` where the log is not the one that was
 * indexed.
 */
export async function search(index: LogIndex, query: LogQuery, { limit = 100, cursor, signal }: Page = {}): Promise<Found> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST) {
    throw new SignwrightError('usage', `a page of ${limit} entries`, { next: `ask for 1 to ${MOST}` });
  }
  const isMeant = compileQuery(query);
  let before = readCursor(cursor) ?? index.size;
  const entries: JoinedEntry[] = [];
  const candidates = guarded(index.file, () => findCandidates(index.database, criteriaOf(query), filterOf(query)));
  try {
    for (;;) {
      if (signal?.aborted) throw stopped();
      const chunk = Math.min(CHUNK, limit + 1 - entries.length);
      const found = guarded(index.file, () => candidates.before(before, chunk));
      for (const entry of await load(index, found)) if (isMeant(entry)) entries.push(entry);
      if (entries.length > limit) return { entries: entries.slice(0, limit), next: String(entries[limit - 1]?.index) };
      if (found.length < chunk) return { entries };
      before = found.at(-1)?.at ?? 0;
    }
  } finally {
    guarded(index.file, () => candidates.done());
  }
}

/** All records of one request, in order. */
export async function recordsOf(index: LogIndex, request: Sha256): Promise<LogEntry[]> {
  const mark = markOf('request', request);
  const rows = guarded(index.file, () =>
    index.database
      .prepare('SELECT e.at AS at, e.result AS result FROM mark m JOIN entry e ON e.at = m.at WHERE m.mark = ? LIMIT ?')
      .all(mark, MOST),
  ) as Candidate[];
  const loaded = await loadEntries(
    index.reader,
    rows.flatMap(({ at, result }) => (result === null ? [at] : [at, result])),
  );
  return [...loaded.values()]
    .filter(({ record }) => 'request' in record && record.request === request)
    .sort((a, b) => a.index - b.index);
}

async function load(index: LogIndex, candidates: readonly Candidate[]): Promise<JoinedEntry[]> {
  const loaded = await loadEntries(
    index.reader,
    candidates.flatMap(({ at, result }) => (result === null ? [at] : [at, result])),
  );
  return candidates.map(({ at, result }) => {
    const entry = loaded.get(at) as LogEntry;
    if (result !== null) return withResult(entry, answerOf(index, entry, loaded.get(result) as LogEntry));
    return { ...entry, ...outcomeOf(entry) };
  });
}

function outcomeOf({ record }: LogEntry): Pick<JoinedEntry, 'outcome'> {
  if (record.event === 'intent') return { outcome: 'orphan' };
  return 'outcome' in record ? { outcome: record.outcome } : {};
}

/** The result of an intent, as the index says; the log must agree. */
function answerOf(index: LogIndex, { index: at, id, record }: LogEntry, result: LogEntry): ResultEntry {
  const answers =
    record.event === 'intent' &&
    result.record.event === 'result' &&
    result.record.intents.includes(id) &&
    joinKey(record) === joinKey(result.record);
  if (!answers) throw rewritten(index.file, `record ${at} or ${result.index} of the log is another than was indexed`);
  return result as ResultEntry;
}

function filterOf({ outcome, since, until }: LogQuery): { outcome?: number; since?: number; until?: number } {
  return {
    ...(outcome === undefined ? {} : { outcome: OUTCOME_CODES[outcome] ?? 0 }),
    ...(since === undefined ? {} : { since: since.getTime() }),
    ...(until === undefined ? {} : { until: until.getTime() }),
  };
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new SignwrightError('usage', 'not a cursor of a search', { next: 'pass the one the page before ended with' });
}
