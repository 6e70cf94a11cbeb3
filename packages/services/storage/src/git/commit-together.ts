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
 * Each try has the deadline; no more are made once it has gone by in all, less what the work itself took.
 *
 * @param since when the last of the work came in: what is returned without having been pushed is from a head no older.
 * @returns how each ended: seen from a commit that was the newest one at some time during the call.
 */
export async function commitTogether(
  { branch, snapshot }: OpenBranch,
  works: readonly Work[],
  { since, deadline, where }: { since: number; deadline: number; where: string },
): Promise<readonly Worked[]> {
  let patience = deadline;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS && patience > 0; attempt++) {
    const { head } = branch;
    const write = randomBytes(16).toString('hex');
    const stage = createStage(snapshot(), write, where);
    const ended: Worked[] = [];
    for (const work of works) ended.push(await stage.run(work));

    const began = performance.now();
    const until = began + deadline;
    if (stage.changes().size > 0) {
      if (await branch.publish(stage.changes(), write, until)) return ended;
      await wait(Math.random() * Math.min(MAX_PAUSE, 20 * attempt));
    } else {
      if (branch.asOf >= since) return ended;
      await branch.refresh(until);
      if (branch.head === head) return ended;
    }
    patience -= performance.now() - began;
  }
  throw new SignwrightError('conflict', `others were first each time within ${deadline / 1000} s`, { where, next: 'run again' });
}
