import type { FoundCertificate, ImportedCertificate, Journal } from '@signwright/certificates';
import { SignwrightError } from '@signwright/signing-core';
import { listProblems } from './list-problems.ts';

/** What came of certificates that were found or imported, by how many. */
export type Appended = {
  /** That the inventory did not have. */
  readonly added: number;
  /** That it had, and of which it knows more now: whose they are, or that they are elsewhere too. */
  readonly completed: number;
  /** Of which nothing was new. */
  readonly known: number;
};

/**
 * Takes certificates into the inventory. Done again, it adds nothing, and after a crash what is missing.
 *
 * @param imported where those of a list stand, by which it is said that one contradicts what is known.
 * @throws SignwrightError `invalid-input` where one says something else of a digest than the inventory does; nothing was taken then.
 */
export async function appendAllKnown(
  journal: Journal,
  found: readonly FoundCertificate[],
  imported: readonly ImportedCertificate[] = [],
): Promise<Appended> {
  const { appendAll, contradiction, newlyKnown } = await import('@signwright/certificates');
  const at = new Date().toISOString();
  let first: Appended | undefined;
  await appendAll(journal, (inventory) => {
    const problems = imported.flatMap(({ where, facts }) => {
      const field = contradiction(inventory, facts);
      return field === undefined ? [] : [`${where} says another ${field} of ${facts.digest} than the inventory has`];
    });
    if (problems.length > 0) throw new SignwrightError('invalid-input', listProblems(problems), { next: NOTHING_TAKEN });
    const events = newlyKnown(inventory, found, at);
    const digests = new Set(events.flatMap((event) => (event.type === 'known' ? [event.facts.digest] : [])));
    const completed = [...digests].filter((digest) => inventory.byDigest(digest) !== undefined).length;
    const all = new Set(found.map(({ facts }) => facts.digest)).size;
    first ??= { added: digests.size - completed, completed, known: all - digests.size };
    return events;
  });
  return first ?? { added: 0, completed: 0, known: 0 };
}

/** What is to be done about a list of which nothing was taken. */
export const NOTHING_TAKEN = 'nothing was taken into the inventory; put them right, then run again';
