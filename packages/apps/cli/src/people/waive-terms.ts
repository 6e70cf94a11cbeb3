import type { Required } from '@signwright/policy';
import { isMember, type PersonRule, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/**
 * For how many seconds what is demanded may be waived: one requirement, or all that can be where the glass is broken.
 *
 * @throws SignwrightError `denied` where nobody may.
 */
export function longestWaiver(
  { policy, file }: OpenPolicy,
  { requirements, demands }: Required,
  requirement: string | undefined,
): number {
  if (requirement === undefined) {
    const layers = demands.breakGlass.map(({ all }) => all);
    const rules = layers.includes(null) ? [] : layers.flatMap((all) => all ?? []);
    if (rules.length > 0) return Math.min(...rules.map(({ maxAge }) => maxAge));
    throw new SignwrightError('denied', 'the policy lets nobody break the glass here', {
      where: file,
      next: 'a tier allows it with break-glass',
    });
  }
  const waivable = requirements.filter((one) => one.waivable).map(({ id }) => id);
  if (!waivable.includes(requirement)) {
    const known = requirements.some(({ id }) => id === requirement);
    const why = known ? 'can never be waived' : 'is not demanded of it';
    const next =
      waivable.length === 0 ? 'nothing that is demanded of it can be waived' : `what can be waived is ${waivable.join(', ')}`;
    throw new SignwrightError('denied', `${requirement} ${why}`, { where: file, next });
  }
  if (policy.waivers !== undefined) return policy.waivers.maxAge;
  throw new SignwrightError('denied', 'the policy lets nobody waive anything', {
    where: file,
    next: 'it may say who does, with waivers',
  });
}

/** Refuses whose waiver could never count. @throws SignwrightError `denied`. */
export function refuseStranger(
  { policy }: OpenPolicy,
  demanded: readonly Required[],
  { id }: PersonRule,
  requirement: string | undefined,
): void {
  const glass = demanded.flatMap(({ demands }) => demands.breakGlass.flatMap(({ all }) => all ?? []));
  const roles = requirement === undefined ? glass.map(({ role }) => policy.roles.get(role)) : [policy.waivers?.role];
  if (roles.some((role) => role && isMember(role, id, Date.now()))) return;
  const names = [...new Set(roles.flatMap((role) => role?.id ?? []))].join(', ');
  throw new SignwrightError('denied', `${id} is not of the role ${names}, so it would not count`, { next: 'nothing was signed' });
}

const UNITS = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** Seconds as the policy and options have them: `14d`. */
export function inUnits(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
