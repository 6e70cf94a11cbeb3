import type { Tier } from './generated/policy-file.ts';
import { whereOf } from './parse/source.ts';
import type { Layer, Policy, RuleRef } from './policy.ts';
import { deriveRequirements } from './resolve/derive-requirements.ts';
import { type Match, matchRule } from './resolve/match-rule.ts';
import type { Query, Resolution } from './resolve/resolution.ts';
import { demandsOf, signaturesOf } from './resolve-tier.ts';

/** How one layer came to its answer for one query. */
export type LayerExplanation = {
  readonly layer: string;
  readonly file: string;
  /** The rules looked at, in order; the last is the one that matched, where one did. */
  readonly considered: readonly { readonly rule: RuleRef; readonly match: Match }[];
  readonly rule?: RuleRef;
  /** The tier the rule leads to, and those it extends, itself first; empty where it leads to none. */
  readonly tiers: readonly { readonly id: string; readonly where: string }[];
};

/** A requirement, and the tiers that ask for it; where there is none, the rule does itself. */
export type RequirementOrigin = {
  readonly requirement: string;
  readonly from: readonly { readonly layer: string; readonly tier?: string; readonly where: string }[];
};

/** Why a policy demands what it demands of one artifact. */
export type Explanation = {
  readonly queries: readonly { readonly query: Query; readonly layers: readonly LayerExplanation[] }[];
  readonly requirements: readonly RequirementOrigin[];
};

/** Retraces how a resolution of this policy came about: data for a program to show. */
export function explain(policy: Policy, resolution: Resolution): Explanation {
  const queries = resolution.queries.map((query) => ({
    query,
    layers: policy.layers.map((layer) => explainLayer(layer, query)),
  }));
  const ids = resolution.status === 'required' ? resolution.requirements.map(({ id }) => id) : [];
  const origins = originsOf(policy, queries);
  return {
    queries,
    requirements: ids.map((requirement) => ({ requirement, from: [...(origins.get(requirement)?.values() ?? [])] })),
  };
}

function explainLayer(layer: Layer, query: Query): LayerExplanation {
  const matches = layer.rules.map((rule) => ({ rule, match: matchRule(rule, query) }));
  const at = matches.findIndex(({ match }) => match === 'matches');
  const found = matches[at]?.rule;
  const target = found?.target;
  const tier = target === undefined || !('tier' in target) ? undefined : target.tier;
  const id = typeof tier === 'string' ? tier : tier?.[query.environment ?? 'default'];
  return {
    layer: layer.name,
    file: layer.source.file,
    considered: matches.slice(0, at < 0 ? matches.length : at + 1).map(({ rule, match }) => ({ rule: rule.reference, match })),
    ...(found === undefined ? {} : { rule: found.reference }),
    tiers: id === undefined ? [] : chainOf(layer, id),
  };
}

function chainOf(layer: Layer, id: string): { id: string; where: string }[] {
  const chain: { id: string; where: string }[] = [];
  for (let next: string | undefined = id; next !== undefined; ) {
    const tier = layer.scope.tiers.get(next);
    if (tier === undefined) break;
    chain.push({ id: next, where: whereOf(tier.source, ['tiers', next]) });
    next = tier.value.extends;
  }
  return chain;
}

/** The ids of what a tier itself demands, whatever it extends. */
function idsOf(policy: Policy, tier: Tier): string[] {
  return [
    ...(tier.audit === 'required' ? ['audit'] : []),
    ...signaturesOf(tier).map(({ by }) => `signature:${by}`),
    ...deriveRequirements(policy, demandsOf(tier, ''), () => '').map(({ id }) => id),
  ];
}

type Origin = RequirementOrigin['from'][number];

/** Which tiers demand what, by requirement; a tier that several names lead to once. */
function originsOf(policy: Policy, queries: Explanation['queries']): ReadonlyMap<string, ReadonlyMap<string, Origin>> {
  const origins = new Map<string, Map<string, Origin>>();
  const add = (id: string, { layer }: LayerExplanation, where: string, tier?: string): void => {
    const from = origins.get(id) ?? new Map<string, Origin>();
    origins.set(id, from.set(where, { layer, ...(tier === undefined ? {} : { tier }), where }));
  };
  for (const explained of queries.flatMap(({ layers }) => layers)) {
    const layer = policy.layers.find(({ name }) => name === explained.layer);
    const target = layer?.rules.find(({ reference }) => reference === explained.rule)?.target;
    if (target !== undefined && 'vendor' in target) add(`vendor:${target.vendor}`, explained, explained.rule?.where ?? '');
    for (const { id: tier, where } of explained.tiers) {
      const written = layer?.scope.tiers.get(tier)?.value;
      for (const id of written === undefined ? [] : idsOf(policy, written)) {
        add(id, explained, where, tier);
      }
    }
  }
  return origins;
}
