import { safeJson } from '@signwright/report';
import type { EvidenceBatches, EvidenceStore, Sha256 } from '@signwright/signing-core';
import { type LockMode, namedPlace, type OpenEvidence, openExistingEvidence, openUnder } from '../../context/open-evidence.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';
import { type AboutOptions, counted, type EvidenceInHand, evidenceInHand, fewOf } from './evidence-in-hand.ts';
import { retentionLine } from './list.ts';
import { retentionByPiece } from './retention-by-piece.ts';

type CopyOptions = AboutOptions & { readonly environment?: string; readonly output: 'text' | 'json' };
export type PushOptions = CopyOptions & { readonly to: string };
export type PullOptions = CopyOptions & { readonly from: string };

/** `signwright evidence push --to STORE`: what verdicts on these artifacts rest on, from the policy's store to another. */
export async function evidencePush(paths: string[], options: PushOptions, run: Run): Promise<number> {
  const hand = await evidenceInHand(paths, options, run);
  const to = namedPlace(options.to, '--to');
  // A copy elsewhere keeps nobody from having one, but a bucket that is to lock must be able to.
  const lock = to.kind === 's3' ? lockOf(hand) : undefined;
  const from = await openExistingEvidence(hand.place);
  return copy(hand, { from, reference: hand.place.reference }, await openUnder(to, lock), options);
}

/** `signwright evidence pull --from STORE`: the same, from another store to the policy's. */
export async function evidencePull(paths: string[], options: PullOptions, run: Run): Promise<number> {
  const hand = await evidenceInHand(paths, options, run);
  const place = namedPlace(options.from, '--from');
  const from = await openExistingEvidence(place);
  return copy(hand, { from, reference: place.reference }, await openUnder(hand.place, lockOf(hand)), options);
}

function lockOf({ open }: EvidenceInHand): LockMode | undefined {
  return open.policy.evidence?.lock;
}

async function copy(
  { open, artifacts, rules }: EvidenceInHand,
  { from, reference }: { readonly from: EvidenceStore; readonly reference: string },
  to: OpenEvidence,
  options: CopyOptions,
): Promise<number> {
  const { copyEvidence } = await import('@signwright/evidence');
  const digests = [...new Set(artifacts.map(({ digest }) => digest))];
  const listed = await from.list(digests);
  const without = artifacts.filter(({ digest }) => !listed.has(digest)).map(({ name }) => name);
  const { store, seen } = watched(to.evidence);
  let copied = 0;
  let again = 0;
  const { bytes, present } = await copyEvidence({
    from,
    to: store,
    digests: [...digests, ...rules],
    retainUntil: await retentionByPiece(open.policy, artifacts, options.environment, from),
    onCopied(ids) {
      const there = ids.filter((id) => seen.has(id)).length;
      again += there;
      copied += ids.length - there;
    },
  });
  const retention = await to.enforcement();
  const result = { from: reference, to: to.place.reference, copied, present: present + again, sent: bytes, retention, without };
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, ...result }));
  else {
    printLines([
      `${reference} → ${result.to}: ${counted(copied, 'piece')} copied, ${result.present} there already, ${bytes} bytes sent`,
      retentionLine(retention),
    ]);
    if (without.length > 0 && !options.quiet) printNote(`nothing is listed about ${fewOf(without)}`);
  }
  return EXIT.allow;
}

/** A store that notes what it said it has, so that what is put again is told from what is new. */
function watched(store: EvidenceStore & EvidenceBatches): {
  readonly store: EvidenceStore & EvidenceBatches;
  readonly seen: ReadonlySet<Sha256>;
} {
  const seen = new Set<Sha256>();
  const list = async (subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>> => {
    const listed = await store.list(subjects);
    for (const ids of listed.values()) for (const id of ids) seen.add(id);
    return listed;
  };
  return { store: { ...store, list }, seen };
}
