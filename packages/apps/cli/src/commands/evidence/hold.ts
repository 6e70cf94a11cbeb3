import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { evidencePlace, openKeptEvidence } from '../../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';
import { type AboutOptions, counted, evidenceInHand, fewOf, type StoreOptions } from './evidence-in-hand.ts';
import { removable } from './prune.ts';

type Output = { readonly output: 'text' | 'json' };
export type HoldOptions = StoreOptions & Output;
export type HoldAddOptions = AboutOptions & Output;

/**
 * `signwright evidence hold add NAME`: a legal hold on all that the store has about these artifacts, with what it refers to. Evidence
 * that is put later is not under it.
 */
export async function holdAdd(name: string, paths: string[], options: HoldAddOptions, run: Run): Promise<number> {
  const { open, place, artifacts, rules } = await evidenceInHand(paths, options, run, true);
  const { gatherEvidence, holdEvidence } = await import('@signwright/evidence');
  const store = await openKeptEvidence(place, lockToHold(open));
  const blobs = removable(store);
  const gathered = await gatherEvidence(store.evidence, [...artifacts.map(({ digest }) => digest), ...rules]);
  const found = new Set(gathered.flatMap(({ subjects }) => subjects));
  const without = artifacts.filter(({ digest }) => !found.has(digest)).map((artifact) => artifact.name);
  if (gathered.length === 0) {
    throw new SignwrightError('usage', `there is nothing to hold: the store lists nothing about ${fewOf(without)}`, {
      where: place.reference,
      next: 'look with "signwright evidence list"',
    });
  }
  const ids = gathered.map(({ id }) => id);
  const enforcement = await holdEvidence(blobs, name, ids);
  if (options.output === 'json') {
    process.stdout.write(safeJson({ version: 1, store: place.reference, hold: name, evidence: ids, enforcement, without }));
    return EXIT.allow;
  }
  const heeded =
    enforcement.enforced === false
      ? `signwright alone heeds it; the store does not enforce it: ${enforcement.why}`
      : 'the store itself refuses to remove them until it is lifted';
  printLines([`${name}: ${counted(ids.length, 'piece')} held in ${place.reference}`, heeded]);
  if (without.length > 0 && !options.quiet) printNote(`nothing is listed about ${fewOf(without)}`);
  return EXIT.allow;
}

/** `signwright evidence hold remove NAME`: lifts it from all it stands on. */
export async function holdRemove(name: string, options: HoldOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const store = await openKeptEvidence(evidencePlace(open, options.evidence), lockToHold(open));
  const { liftHold } = await import('@signwright/evidence');
  const lifted = await liftHold(removable(store), name);
  if (lifted.length === 0) {
    throw new SignwrightError('usage', `no hold ${name} stands in ${store.place.reference}`, {
      next: 'see which do: "signwright evidence hold list"',
    });
  }
  if (options.output === 'json') {
    process.stdout.write(safeJson({ version: 1, store: store.place.reference, hold: name, evidence: lifted }));
  } else printLines([`${name}: lifted from ${counted(lifted.length, 'piece')} in ${store.place.reference}`]);
  return EXIT.allow;
}

/** `signwright evidence hold list`: the holds that stand. */
export async function holdList(options: HoldOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const store = await openKeptEvidence(evidencePlace(open, options.evidence), undefined);
  const { listHolds } = await import('@signwright/evidence');
  const holds = [...(await listHolds(removable(store)))].sort(([a], [b]) => (a < b ? -1 : 1));
  if (options.output === 'json') {
    const all = holds.map(([name, evidence]) => ({ name, evidence }));
    process.stdout.write(safeJson({ version: 1, store: store.place.reference, holds: all }));
  } else {
    printLines(holds.length === 0 ? ['none'] : holds.map(([name, evidence]) => `${name}: ${counted(evidence.length, 'piece')}`));
  }
  return EXIT.allow;
}

/** A bucket with Object Lock holds whatever the policy wants retained. */
function lockToHold({ policy }: OpenPolicy): 'compliance' | 'governance' {
  return policy.evidence?.lock ?? 'governance';
}
