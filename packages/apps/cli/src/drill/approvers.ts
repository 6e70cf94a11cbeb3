import {
  type ApprovalRequirement,
  isMember,
  type PersonRule,
  type Requirement,
  requirementsOf,
  seatPeople,
} from '@signwright/signing-core';

/** A seat to be taken: one of the approvals that are asked for. */
export type Seat = { readonly requirement: ApprovalRequirement; readonly person?: PersonRule };

/**
 * Who gives each approval that is asked for, so that all are given where that is possible at all: of several roles by different people.
 *
 * @param at milliseconds. @param without people who are gone.
 */
export function seatApprovers(
  requirements: readonly Requirement[],
  at: number,
  without: ReadonlySet<string> = new Set(),
): Seat[] {
  const asked = requirementsOf(requirements, 'approval').flatMap((one) => Array.from({ length: one.count }, () => one));
  const able = asked.map(
    (one) =>
      new Set(
        ableFor(one, at)
          .filter(({ id }) => !without.has(id))
          .map(({ id }) => id),
      ),
  );
  const people = new Map(asked.flatMap((one) => ableFor(one, at).map((person) => [person.id, person] as const)));
  const seated = seatPeople(able, people.keys());
  return asked.map((requirement, index) => {
    const person = people.get(seated[index] ?? '');
    return { requirement, ...(person === undefined ? {} : { person }) };
  });
}

/** The people of the role who can give it: by a key that counts, or an account. */
function ableFor({ role, kind }: ApprovalRequirement, at: number): PersonRule[] {
  return role.members
    .map(({ person }) => person)
    .filter((person) => isMember(role, person.id, at))
    .filter((person) =>
      kind === 'platform' ? person.accounts.length > 0 || keyThatCounts(person, at) >= 0 : keyThatCounts(person, at) >= 0,
    );
}

/** The first of a person's keys that counts at a time; -1 where none does. */
export function keyThatCounts({ keys }: PersonRule, at: number): number {
  return keys.findIndex(
    ({ from, until, compromisedSince }) => (from ?? 0) <= at && at < Math.min(until ?? Infinity, compromisedSince ?? Infinity),
  );
}

/** The people without whom the approvals cannot be given. */
export function indispensable(requirements: readonly Requirement[], at: number): PersonRule[] {
  const people = new Map(
    seatApprovers(requirements, at).flatMap(({ person }) => (person === undefined ? [] : [[person.id, person] as const])),
  );
  const inOrder = [...people.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return inOrder.filter(({ id }) => seatApprovers(requirements, at, new Set([id])).some(({ person }) => person === undefined));
}
