import type { Criteria } from './features.ts';
import { findTexts } from './find-texts.ts';
import type { Database } from './sqlite.ts';

/** An entry that may be what is looked for, and its result. */
export type Candidate = { readonly at: number; readonly result: number | null };

/** What columns of an entry are asked. */
export type EntryFilter = { readonly outcome?: number; readonly since?: number; readonly until?: number };

/** A set of entries: rows of a table that have `at`, and the condition that picks them. */
type Source = { readonly from: string; readonly where: string; readonly values: readonly number[]; readonly count: number };

/** Rows counted before a source is taken to be large. */
const LARGE = 10_000;

/**
 * Finds entries by what the index knows of them, the newest first. Every entry that a query means is among them; others may be.
 * Patterns are held against the texts once, when this is called; then each call of the result gives the next ones before an index.
 */
export function findCandidates(
  database: Database,
  criteria: Criteria,
  filter: EntryFilter,
): { before(at: number, limit: number): Candidate[]; done(): void } {
  const texts = criteria.texts.map((one, number): Source => {
    const table = `temp.found_${number}`;
    return { from: table, where: '', values: [], count: Math.min(LARGE, findTexts(database, one, table)) };
  });
  const sources = [...criteria.marks.map((mark) => markSource(database, mark)), ...texts].sort((a, b) => a.count - b.count);
  const [driver, ...others] = sources;
  const conditions = [
    ...(filter.outcome === undefined ? [] : ['e.outcome = ?']),
    ...(filter.since === undefined ? [] : ['ifnull(e.last >= ?, 1)']),
    ...(filter.until === undefined ? [] : ['ifnull(e.first < ?, 1)']),
    ...others.map(({ from, where }) => `EXISTS (SELECT 1 FROM ${from} s WHERE ${where} s.at = e.at)`),
  ];
  const values = [filter.outcome, filter.since, filter.until].filter((one) => one !== undefined);
  // The rarest source is walked, in the order the others are asked: without statistics SQLite could not know which.
  const from = driver === undefined ? 'entry e' : `${driver.from} s CROSS JOIN entry e ON e.at = s.at`;
  const at = driver === undefined ? 'e.at' : 's.at';
  const statement = database.prepare(
    `SELECT e.at AS at, e.result AS result FROM ${from} WHERE ${driver?.where ?? ''} ${at} < ?
     ${conditions.map((one) => `AND ${one}`).join(' ')} ORDER BY ${at} DESC LIMIT ?`,
  );
  const bound = [...values, ...others.flatMap((one) => one.values)];
  return {
    before: (index, limit) => statement.all(...(driver?.values ?? []), index, ...bound, limit) as Candidate[],
    done() {
      for (const { from: table } of texts) database.exec(`DROP TABLE ${table}`);
    },
  };
}

function markSource(database: Database, mark: number): Source {
  const counted = database
    .prepare(`SELECT count(*) AS count FROM (SELECT 1 FROM mark WHERE mark = ? LIMIT ${LARGE})`)
    .get(mark) as { count: number };
  return { from: 'mark', where: 's.mark = ? AND', values: [mark], count: counted.count };
}
