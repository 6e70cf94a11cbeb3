import { bytesOf, type Sha256 } from '@signwright/signing-core';
import { featuresOf, type Mark, markOf, type TextKind, wordKindOf } from './features.ts';
import { OUTCOME_CODES, readState, writeState } from './index-tables.ts';
import { type Placing, place, placingOf, type Waiting } from './join-results.ts';
import type { LogEntry } from './log-entry.ts';
import { digestsOf, spanOf } from './query.ts';
import type { Database } from './sqlite.ts';

/** What the index needs of a record; the record itself can be let go. */
export type IndexedRecord = {
  readonly placing: Placing;
  readonly span: { readonly first: number; readonly last: number } | undefined;
  readonly marks: readonly Mark[];
  readonly texts: readonly (readonly [TextKind, string])[];
  /** What its digests add to the intents that it answers. */
  readonly digests: readonly Mark[];
};

export function toIndex(entry: LogEntry): IndexedRecord {
  const digests = entry.record.event === 'result' ? digestsOf(entry).map((digest) => markOf('digest', digest)) : [];
  return { placing: placingOf(entry), span: spanOf(entry), ...featuresOf(entry), digests };
}

/** Adds records to an index. */
export type IndexWriter = {
  /** Adds records that follow one another, all or none. Those that another process has added meanwhile are left out. */
  add(records: readonly IndexedRecord[]): void;
};

export function createIndexWriter(database: Database): IndexWriter {
  const insertEntry = database.prepare('INSERT INTO entry (at, outcome, first, last) VALUES (?, ?, ?, ?)');
  const insertMark = database.prepare('INSERT OR IGNORE INTO mark (mark, at) VALUES (?, ?)');
  const insertText = database.prepare('INSERT OR IGNORE INTO text (kind, word, at) VALUES (?, ?, ?)');
  const settle = database.prepare(
    'UPDATE entry SET outcome = ?, result = ?, first = min(first, ?), last = max(last, ?) WHERE at = ?',
  );
  const wordOf = createWords(database);
  const waiting = waitingInIndex(database);

  function addAll(records: readonly IndexedRecord[]): void {
    const marks: [Mark, number][] = [];
    const texts: [TextKind, number, number][] = [];
    for (const record of records) {
      const { index } = record.placing;
      const { own, outcome, answered } = place(record.placing, waiting);
      const code = OUTCOME_CODES[outcome ?? ''] ?? 0;
      for (const intent of answered) {
        settle.run(code, index, record.span?.first ?? 0, record.span?.last ?? 0, intent);
        for (const mark of record.digests) marks.push([mark, intent]);
      }
      if (!own) continue;
      insertEntry.run(index, code, record.span?.first ?? null, record.span?.last ?? null);
      for (const mark of record.marks) marks.push([mark, index]);
      for (const [kind, text] of record.texts) texts.push([kind, wordOf(kind, text), index]);
    }
    // In the tables' own order, so that neighbours are written together.
    for (const [mark, at] of marks.sort((a, b) => a[0] - b[0] || a[1] - b[1])) insertMark.run(mark, at);
    for (const [kind, word, at] of texts.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]))
      insertText.run(kind, word, at);
  }

  return {
    add(records) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const { origin, size } = readState(database);
        const news = records.filter(({ placing }) => placing.index >= size);
        const last = news.at(-1)?.placing;
        if (last !== undefined && news[0]?.placing.index === size) {
          addAll(news);
          writeState(database, { origin, size: last.index + 1, last: last.id });
        }
        database.exec('COMMIT');
      } catch (error) {
        wordOf.forget();
        database.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

/** Words whose numbers are remembered: so many of the newest, and at least half of them. */
const REMEMBERED = 10_000;

/** The number of a text, which is given one where it has none. */
function createWords(database: Database): ((kind: TextKind, text: string) => number) & { forget(): void } {
  const find = database.prepare('SELECT id FROM word WHERE mark = ? AND kind = ? AND text = ?');
  const insert = database.prepare('INSERT INTO word (mark, kind, text) VALUES (?, ?, ?)');
  let known = new Map<string, number>();
  let older = new Map<string, number>();
  const lookUp = (mark: Mark, kind: number, text: string): number =>
    (find.get(mark, kind, text) as { id: number } | undefined)?.id ?? Number(insert.run(mark, kind, text).lastInsertRowid);
  const wordOf = (textKind: TextKind, text: string): number => {
    const kind = wordKindOf(textKind);
    const name = `${kind}${text}`;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const id = older.get(name) ?? lookUp(markOf('text', text), kind, text);
    if (known.size >= REMEMBERED) {
      older = known;
      known = new Map();
    }
    known.set(name, id);
    return id;
  };
  const forget = (): void => {
    known = new Map();
    older = new Map();
  };
  return Object.assign(wordOf, { forget });
}

function waitingInIndex(database: Database): Waiting {
  const see = database.prepare('INSERT OR IGNORE INTO seen (id, at) VALUES (?, ?)');
  const insert = database.prepare('INSERT INTO waiting (at, key) VALUES (?, ?)');
  const find = database.prepare(
    'SELECT waiting.at, waiting.key FROM seen JOIN waiting ON waiting.at = seen.at WHERE seen.id = ?',
  );
  const remove = database.prepare('DELETE FROM waiting WHERE at = ?');
  return {
    repeated: (id, index) => see.run(shortId(id), index).changes === 0,
    wait: (_, index, key) => void insert.run(index, bytesOf(key)),
    answer(id: Sha256, key: Sha256) {
      const intent = find.get(shortId(id)) as { at: number; key: Uint8Array } | undefined;
      if (intent === undefined || Buffer.compare(intent.key, bytesOf(key)) !== 0) return undefined;
      remove.run(intent.at);
      return intent.at;
    },
  };
}

/** Nobody finds two records with the same 128 bits. */
function shortId(id: Sha256): Uint8Array {
  return bytesOf(id).subarray(0, 16);
}
