import { setTimeout as pause } from 'node:timers/promises';
import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { type EvidenceStore, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { type EvidencePlace, evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { printLines, printNote } from '../print-lines.ts';
import { releasedArtifacts } from '../releases/released-artifacts.ts';
import type { SharedOptions } from '../shared-options.ts';
import { approvalsMissing } from '../waiting/approvals-missing.ts';
import { openProofs } from '../waiting/gather-proofs.ts';

export type WaitOptions = SharedOptions & {
  readonly digest?: string;
  readonly name?: string;
  readonly release?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly every: number;
};

/**
 * `signwright wait`: waits until the log has put what was recorded about these artifacts in order, and keeps each proof beside what it
 * is about; and until people have approved what needs them. A rejection ends it.
 *
 * @returns 0 where nothing is waited for any more, 3 while records are, 4 while approvals are, 1 after a rejection.
 */
export async function wait(paths: string[], options: WaitOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const place = evidencePlace(open, options.evidence);
  const store = await openEvidence(place, open);
  const artifacts = await artifactsOf(paths, options, { open, place, store }, run);
  const proofs = await openProofs(open, store, artifacts, options.environment);

  const started = performance.now();
  for (;;) {
    const records = await proofs?.gather();
    const people = await approvalsMissing(open, store, artifacts, options.environment);
    if (people?.rejected) {
      printLines(people.lines);
      return EXIT.deny;
    }
    const waiting = records?.waiting ?? (people && { lines: people.lines, exit: EXIT.pending });
    if (waiting === undefined) {
      const proven = records?.proven ?? 0;
      printLines([`${proven === 0 ? 'nothing to wait for' : `proven: ${proven}`}; "signwright verify" decides`]);
      return records?.lost ? EXIT.deny : EXIT.allow;
    }
    const left = options.timeout * 1000 - (performance.now() - started);
    if (left <= 0) {
      for (const line of waiting.lines) printNote(line);
      return waiting.exit;
    }
    await pause(Math.min(left, options.every * 1000), undefined, { signal: run.signal }).catch(() => {
      throw new SignwrightError('cancelled', 'stopped while waiting');
    });
  }
}

type Opened = { readonly open: OpenPolicy; readonly place: EvidencePlace; readonly store: EvidenceStore };

/** What is waited for: files, what is elsewhere, or all artifacts of a release. */
async function artifactsOf(
  paths: string[],
  { release, ...options }: WaitOptions,
  { open, place, store }: Opened,
  run: Run,
): Promise<readonly ArtifactInHand[]> {
  if (release !== undefined)
    return (await releasedArtifacts(paths, { release, environment: options.environment }, open, store)).artifacts;
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  return hashArtifacts(named, options, run);
}
