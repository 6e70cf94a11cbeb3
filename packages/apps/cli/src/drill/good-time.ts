import { isOpen, nextOpening, type Requirement, requirementsOf } from '@signwright/signing-core';

const MINUTE = 60_000;
/** A drill must not run into the end of a window. */
const ROOM = 20 * MINUTE;
const TRIES = 500;

/**
 * The first time from `now` on, milliseconds, at which the windows are open and nothing is frozen, with room for a drill; nothing where
 * the policy has none.
 */
export function goodTime(requirements: readonly Requirement[], now: number): number | undefined {
  const windows = requirementsOf(requirements, 'window').flatMap(({ all }) => all);
  const freezes = requirementsOf(requirements, 'freeze').flatMap((one) => one.freezes);
  const frozen = (at: number) => freezes.find(({ from, until }) => at + ROOM >= from && at < until);
  const open = (at: number): boolean => windows.every((list) => isOpen(list, at));
  let at = now;
  for (let tries = 0; tries < TRIES; tries++) {
    const freeze = frozen(at);
    if (freeze !== undefined) at = freeze.until;
    else if (!open(at)) {
      const next = nextOpening(windows, at);
      if (next === undefined) return undefined;
      at = next;
    } else if (!open(at + ROOM) && at === now) at += ROOM;
    else return at;
  }
  return undefined;
}
