import { type PersonRule, type Requirement, requirementsOf } from '@signwright/signing-core';
import { indispensable, seatApprovers } from '../approvers.ts';
import { motionIn, otherBytes } from '../motion.ts';
import { Observations, type Rehearsal, type Scenario, timed } from '../scenario.ts';
import type { Workspace } from '../workspace.ts';

/** Somebody who approves is gone. */
export const lostApprover: Scenario = {
  id: 'lost-approver',
  title: 'an approver is gone: what they approved counts, nothing new does, and the others can go on',
  async run(rehearsal) {
    const seen = new Observations();
    const motion = await rehearsal.released('lost-approver');
    const { requirements } = await motion.required();
    const now = rehearsal.shadow.clock.now().getTime();
    const needed = indispensable(requirements, now);
    for (const { id } of needed) seen.lacks(`without ${id} nobody is left for ${missingWithout(requirements, now, id)}`);
    const seats = seatApprovers(requirements, now).filter(({ person }) => person !== undefined);
    const spare = seats.filter(({ person }) => !needed.some(({ id }) => id === person?.id));
    const seat = spare.find(({ requirement }) => requirement.kind === 'signed') ?? spare[0] ?? seats[0];
    if (seat?.person === undefined) return seen.result();

    const { person } = seat;
    await leave(motion.workspace, person, rehearsal);
    seen.allowed(`what ${person.id} approved while in the role still counts`, await motion.verify());
    const next = motionIn(rehearsal.shadow, motion.workspace, otherBytes(rehearsal.subject), rehearsal.signal);
    await next.sign();
    const request = await next.request();
    if (seat.requirement.kind === 'signed')
      seen.refused(`${person.id} approves nothing new`, await next.approve(request, seat), [1]);
    if (needed.length > 0) return seen.result();
    const [judged, ms] = await timed(() => next.finish());
    seen.allowed(`without ${person.id} the others can release`, judged, ms);
    return seen.result();
  },
};

/** Ends a person's membership in every role from now on. */
async function leave(workspace: Workspace, { id }: PersonRule, { shadow }: Rehearsal): Promise<void> {
  const until = shadow.clock.now().toISOString();
  await workspace.write(({ roles }) => {
    for (const members of Object.values(roles ?? {}))
      for (const [at, member] of members.entries()) {
        if (member === id) members[at] = { person: id, until };
        else if (typeof member === 'object' && member.person === id) member.until = until;
      }
  });
}

function missingWithout(requirements: readonly Requirement[], now: number, id: string): string {
  const empty = seatApprovers(requirements, now, new Set([id])).filter(({ person }) => person === undefined);
  const roles = [...new Set(empty.map(({ requirement }) => requirement.role.id))];
  const asked = requirementsOf(requirements, 'approval').filter(({ role }) => roles.includes(role.id));
  return asked.map(({ role, count }) => `${count} of the role ${role.id}`).join(' and ');
}
