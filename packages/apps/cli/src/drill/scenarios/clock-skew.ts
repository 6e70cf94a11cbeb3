import { requirementsOf } from '@signwright/signing-core';
import { Observations, type Rehearsal, type Scenario } from '../scenario.ts';

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;

/** Machines whose clocks are wrong. */
export const clockSkew: Scenario = {
  id: 'clock-skew',
  title: 'a machine’s clock is ahead or behind: timestamps decide',
  async run(rehearsal) {
    const seen = new Observations();
    for (const [what, skew] of [
      ['ahead', DAY + 2 * HOUR],
      ['behind', -DAY - 2 * HOUR],
    ] as const) {
      const motion = await rehearsal.fresh('clock-skew');
      const [ran] = await motion.sign({ skew });
      if (ran === undefined) continue;
      seen.refused(`a machine whose clock is a day ${what} signs nothing`, ran, [1, 2, 3]);
      const kept = await motion.workspace.evidence();
      seen.holds('nothing half-signed is left', `${kept.length} files of evidence`, kept.length === 0);
    }
    await approvedByFastClock(rehearsal, seen);
    const judge = await rehearsal.released('clock-skew-judge');
    seen.refused(
      'a judge whose clock is a day behind lets nothing go that is of a later time',
      await judge.verify({ skew: -DAY - 2 * HOUR }),
      [1, 3, 4],
    );
    seen.allowed('by a right clock, it may go', await judge.verify());
    return seen.result();
  },
};

/** An approver's clock that is ahead must not make their approval count for longer. */
async function approvedByFastClock({ fresh }: Rehearsal, seen: Observations): Promise<void> {
  const motion = await fresh('clock-skew-approver');
  const { requirements } = await motion.required();
  const expire = Math.min(...requirementsOf(requirements, 'approval').flatMap((one) => one.expire ?? []));
  if (!Number.isFinite(expire)) return;
  await motion.sign();
  await motion.attest();
  await motion.collect();
  try {
    await motion.approveAll(await motion.request(), { how: { skew: 10 * DAY } });
  } catch (error) {
    seen.holds(
      'an approval by a clock that is ahead does not count for longer',
      `it was refused: ${(error as Error).message}`.slice(0, 400),
      true,
    );
    return;
  }
  await motion.settle();
  const later = await motion.verify({ skew: expire * 1000 + HOUR });
  seen.refused(
    'an approval by a clock that is ahead does not count for longer',
    later,
    [1, 3, 4],
    ['approvals-missing', 'rejections-unknown'],
  );
}
