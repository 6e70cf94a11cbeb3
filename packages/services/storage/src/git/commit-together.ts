import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import type { OpenBranch } from './open-branch.ts';
import { createStage, type Worked } from './stage.ts';

export type Work = (blobs: BlobStore) => Promise<unknown>;

const MAX_ATTEMPTS = 200;
const MAX_PAUSE = 1000;

/**
 * Runs pieces of work one after the other, on the newest commit known, and pushes all they write as one commit; where someone else
 * was first, again on the new head. Pushing first and fetching only then saves a round trip to whoever is alone.
 *
 * @param fresh whether the head was asked for after the work came in.
 * @returns how each ended: seen from a commit that was the newest one at some time during the call.
 */
export async function commitTogether(
  { branch, snapshot }: OpenBranch,
  works: readonly Work[],
  { fresh, deadline, where }: { fresh: boolean; deadline: number; where: string },
): Promise<readonly Worked[]> {
  let sure = fresh;
  let until = performance.now() + deadline;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { head } = branch;
    const write = randomBytes(16).toString('hex');
    const stage = createStage(snapshot(), write, where);
    const began = performance.now();
    const ended: Worked[] = [];
    for (const work of works) ended.push(await stage.run(work));
    until += performance.now() - began;

    if (stage.changes().size > 0) {
      if (await branch.publish(stage.changes(), write, until)) return ended;
      await wait(Math.random() * Math.min(MAX_PAUSE, 20 * attempt));
    } else {
      if (sure) return ended;
      await branch.refresh(until);
      if (branch.head === head) return ended;
    }
    sure = true;
  }
  throw new SignwrightError('conflict', `others were first ${MAX_ATTEMPTS} times`, { where, next: 'run again' });
}
