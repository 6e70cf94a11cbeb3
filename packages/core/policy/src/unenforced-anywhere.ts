import { UNENFORCED_IN_TIER, type Unenforced } from './enforcement.ts';
import { whereOf } from './parse/source.ts';
import type { Layer, Policy } from './policy.ts';
import { demandsOf } from './resolve-tier.ts';
import { unenforcedInRun } from './unenforced-in-run.ts';

/**
 * Every key of a policy that is not enforced yet, once, where it is written: what {@link unenforcedInRun} names, and that of all
 * tiers and rules, whether or not an artifact meets them. For whoever checks a policy; a run is refused by what it needs alone.
 */
export function unenforcedAnywhere(policy: Policy): Unenforced[] {
  return [...unenforcedInRun(policy), ...policy.layers.flatMap((layer) => inTiers(layer))];
}

function inTiers({ content, source, name }: Layer): Unenforced[] {
  return Object.entries(content.tiers ?? {}).flatMap(([id, tier]) => {
    const demands = demandsOf(tier, name);
    return UNENFORCED_IN_TIER.filter((one) => one.in(demands)).map(({ key, what }) => ({
      key: `tiers.${id}.${key}`,
      where: whereOf(source, ['tiers', id, key]),
      what,
    }));
  });
}
