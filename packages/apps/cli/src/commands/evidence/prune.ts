import type { KeptBecause } from '@signwright/evidence';
import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { parseInstant } from '../../context/instant.ts';
import { evidencePlace, type OpenEvidence, openKeptEvidence } from '../../context/open-evidence.ts';
import { openPolicy } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';
import { counted, type StoreOptions } from './evidence-in-hand.ts';

export type PruneOptions = StoreOptions & {
  readonly before?: string;
  readonly unretainedBefore?: string;
  readonly dryRun?: true;
  readonly output: 'text' | 'json';
};

const BECAUSE: { readonly [why in KeptBecause]: string } = {
  retained: 'to be kept for longer',
  held: 'under a legal hold',
  recent: 'put within the last day',
  unretained: 'nobody said how long (--unretained-before TIME removes what was last put before)',
  'unknown-age': 'nobody said how long, nor is it known how old it is',
  busy: 'being removed by another run, or one that was stopped within ten minutes',
  locked: 'the store itself refuses',
};

/** `signwright evidence prune`: removes what was to be kept and has had its time; never what is retained or held. */
export async function evidencePrune(options: PruneOptions): Promise<number> {
  const { before, unretainedBefore, dryRun = false } = options;
  const open = await openPolicy(options, new Date());
  const place = evidencePlace(open, options.evidence);
  const blobs = removable(await openKeptEvidence(place, open.policy.evidence?.lock));
  const { pruneEvidence } = await import('@signwright/evidence');
  const { removed, kept } = await pruneEvidence(blobs, {
    ...(before === undefined ? {} : { before: new Date(parseInstant(before, '--before')) }),
    ...(unretainedBefore === undefined
      ? {}
      : { unretainedBefore: new Date(parseInstant(unretainedBefore, '--unretained-before')) }),
    dryRun,
  });
  if (options.output === 'json') {
    process.stdout.write(safeJson({ version: 1, store: place.reference, dryRun, removed, kept }));
  } else {
    const reasons = (Object.keys(BECAUSE) as KeptBecause[]).filter((why) => kept[why] > 0);
    printLines([
      ...removed.map((id) => `${dryRun ? 'would remove' : 'removed'} ${id}`),
      `${place.reference}: ${counted(removed.length, 'piece')} ${dryRun ? 'would be removed' : 'removed'}`,
      ...reasons.map((why) => `kept ${kept[why]}: ${BECAUSE[why]}`),
    ]);
  }
  return EXIT.allow;
}

/** The blobs of a store that holds and removes. */
export function removable({ blobs, place }: OpenEvidence): NonNullable<OpenEvidence['blobs']> {
  if (blobs !== undefined) return blobs;
  throw new SignwrightError('configuration', `${place.reference} can neither hold evidence nor remove it`, {
    next: 'keep evidence that is to be removed one day in a directory or a bucket (s3://bucket/prefix)',
  });
}
