import { type Criteria, markOf, type TextKind, wordKindOf } from './features.ts';
import { pattern } from './query.ts';
import type { Database } from './sqlite.ts';

/** Words that are given to SQLite at once. */
const BATCH = 5_000;

/**
 * Collects the entries that have a text which fits, in a table of their own, which SQLite keeps on disk where they are many.
 *
 * @returns how many there are; all that the query means are among them.
 */
export function findTexts(database: Database, wanted: Criteria['texts'][number], table: string): number {
  database.exec(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (at INTEGER PRIMARY KEY)`);
  const { kinds, pattern: text } = wanted;
  const kind = wordKindOf(kinds[0] as TextKind);
  const insert = (from: string): string =>
    `INSERT OR IGNORE INTO ${table} SELECT t.at FROM ${from} CROSS JOIN text t ON t.kind IN (${kinds.join(', ')}) AND t.word =`;
  if (!text.includes('*')) {
    const statement = database.prepare(`${insert('word w')} w.id WHERE w.mark = ? AND w.kind = ? AND w.text = ?`);
    return Number(statement.run(markOf('text', text), kind, text).changes);
  }
  const test = nativeTest(text);
  if (test !== undefined) {
    const statement = database.prepare(`${insert('word w')} w.id WHERE w.kind = ? AND (length(w.text) > ${LONG} OR ${test.sql})`);
    return Number(statement.run(kind, ...test.values).changes);
  }
  // A function of ours called from within SQLite would do it in one statement, and hold every text until its end.
  const fits = pattern(text);
  const words = database.prepare('SELECT id, text FROM word WHERE kind = ? AND instr(text, ?) > 0');
  const add = database.prepare(`${insert('json_each(?) w')} w.value`);
  let found = 0;
  let batch: number[] = [];
  const flush = (): void => {
    found += Number(add.run(JSON.stringify(batch)).changes);
    batch = [];
  };
  for (const row of words.iterate(kind, needleOf(text))) {
    const { id, text: word } = row as { id: number; text: string };
    if (fits(word) && batch.push(id) === BATCH) flush();
  }
  flush();
  return found;
}

/** Texts that are left to the query itself: matching takes SQLite length to the power of stars. */
const LONG = 1024;
const MOST_STARS = 2;

/**
 * A test by SQLite's GLOB, whose star crosses slashes: good where the stars of a pattern cannot, for the text has as many slashes as
 * the pattern, or where the only one is the `**` at its end. `undefined` for other patterns.
 */
function nativeTest(text: string): { sql: string; values: (string | number)[] } | undefined {
  const stars = text.split('*').length - 1;
  const isPrefix = (text === '**' || text.endsWith('/**')) && stars === 2;
  if (!isPrefix && (text.includes('**') || stars > MOST_STARS)) return undefined;
  const glob = text.replace(/[[?]/g, '[$&]').replace('**', '*');
  if (isPrefix) return { sql: 'w.text GLOB ?', values: [glob] };
  const slashes = text.split('/').length - 1;
  return { sql: "(w.text GLOB ? AND length(w.text) - length(replace(w.text, '/', '')) = ?)", values: [glob, slashes] };
}

/** A part of a pattern that every text it fits has in it: the longest run without stars and slashes. */
function needleOf(text: string): string {
  return text.split(/[*/]/).reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}
