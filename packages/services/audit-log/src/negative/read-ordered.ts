import { SignwrightError } from '@signwright/signing-core';
import { type Mark, markOf } from '../search/features.ts';
import { loadEntries, readEntries } from '../search/log-entry.ts';
import { closeIndex, type IndexOptions, type LogIndex, openIndex } from '../search/open-index.ts';
import { guarded } from '../search/sqlite.ts';
import type { FactCollector, NegativeQuestion } from './collect-facts.ts';

/** Records that are read at once, and held. */
const CHUNK = 200;

/**
 * Takes what the ordered log says: by a local index that is brought up to date first, so that asking again costs little; where there
 * can be none (Node before 22.13, a file that cannot be written), by reading the whole log.
 *
 * @throws SignwrightError `verification` where the log is not the one that was indexed, or does not hold; `unreachable`.
 */
export async function readOrdered(collector: FactCollector, question: NegativeQuestion, options: IndexOptions): Promise<void> {
  const index = await openUnlessUnusable(options);
  if (index === undefined) return readAll(collector, options);
  try {
    await askIndex(collector, question, index);
  } finally {
    closeIndex(index);
  }
}

/** What is wrong with the index alone is no reason not to know: the log itself is all that is needed. */
async function openUnlessUnusable(options: IndexOptions): Promise<LogIndex | undefined> {
  try {
    return await openIndex(options);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    const ofTheIndex = error.code === 'configuration' || (error.code === 'unreachable' && error.where === options.file);
    if (!ofTheIndex) throw error;
    return undefined;
  }
}

async function readAll(collector: FactCollector, { reader, signal }: IndexOptions): Promise<void> {
  for await (const { record } of readEntries(reader, 0, reader.size, signal)) collector.take(record);
}

/** The index says where to look; what is taken is read from the log. */
async function askIndex(collector: FactCollector, { digests, environment }: NegativeQuestion, index: LogIndex): Promise<void> {
  const having = findBoth(index);
  const [rejected, withdrawn] = [markOf('said', 'reject'), markOf('said', 'withdraw')];
  const against = digests.flatMap((digest) => {
    const mark = markOf('digest', digest);
    return [...having(mark, rejected), ...having(mark, withdrawn)];
  });
  await takeAt(collector, index, [...against, ...having(markOf('said', 'break-glass'), markOf('environment', environment))]);
  const review = markOf('said', 'review');
  await takeAt(
    collector,
    index,
    collector.broken().flatMap((waiver) => having(markOf('digest', waiver), review)),
  );
}

/** Finds where records are that have two marks; the first is the rarer one, whose records are walked. */
function findBoth({ database, file }: LogIndex): (rarer: Mark, other: Mark) => number[] {
  const statement = guarded(file, () =>
    database.prepare(
      'SELECT rarer.at AS at FROM mark rarer CROSS JOIN mark other ON other.mark = ? AND other.at = rarer.at WHERE rarer.mark = ?',
    ),
  );
  return (rarer, other) => guarded(file, () => statement.all(other, rarer).map(({ at }) => Number(at)));
}

async function takeAt(collector: FactCollector, { reader }: LogIndex, places: readonly number[]): Promise<void> {
  const all = [...new Set(places)].sort((a, b) => a - b);
  for (let at = 0; at < all.length; at += CHUNK) {
    for (const { record } of (await loadEntries(reader, all.slice(at, at + CHUNK))).values()) collector.take(record);
  }
}
