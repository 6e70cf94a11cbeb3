import { UNENFORCED_IN_RULE, UNENFORCED_IN_TIER, type Unenforced } from './enforcement.ts';
import { whereOf } from './parse/source.ts';
import type { Layer, Policy } from './policy.ts';
import { demandsOf } from './resolve-tier.ts';
import { unenforcedInRun } from './unenforced-in-run.ts';

/**
 * Every key of a policy that is not enforced yet, once, where it is written: what {@link unenforcedInRun} names, and that of all
 * tiers and rules, whether or not an artifact meets them. For whoever checks a policy; a run is refused by what it needs alone.
 */
export function unenforcedAnywhere(policy: Policy): Unenforced[] {
  return [...unenforcedInRun(policy), ...policy.layers.flatMap((layer) => [...inTiers(layer), ...inRules(layer)])];
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

function inRules({ content, source }: Layer): Unenforced[] {
  const keys = Object.keys(UNENFORCED_IN_RULE) as (keyof typeof UNENFORCED_IN_RULE)[];
  return (content.artifacts ?? []).flatMap((rule, index) =>
    keys.flatMap((key) => {
      if (rule[key] === undefined) return [];
      const where = whereOf(source, ['artifacts', index, key]);
      return [{ key: `artifacts[${index}].${key}`, where, what: UNENFORCED_IN_RULE[key] }];
    }),
  );
}
