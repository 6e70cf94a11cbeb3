import { type Kind, SignwrightError } from '@signwright/signing-core';
import { nearestWord } from '../parse/nearest-word.ts';
import { problemAt } from '../parse/source.ts';
import type { Layer, Policy, Rule } from '../policy.ts';
import { PolicyError } from '../problem.ts';
import { demandOf } from './demand-of.ts';
import { inferKind } from './infer-kind.ts';
import { firstMatch, missHint } from './match-rule.ts';
import type { Query, Resolution, ResolvedEnvironment } from './resolution.ts';

/** A rule that matched in one layer, the tier it leads to in the environment, and the kind that layer takes the artifact for. */
export type Matched = { readonly layer: Layer; readonly rule: Rule; readonly tier: string | undefined; readonly kind: Kind };

/**
 * What the policy demands of one artifact in one environment: in each layer the first rule that matches, and what the tiers of
 * all of them demand, united. The policy everything builds on must list the artifact; what builds on it can only add.
 *
 * @throws SignwrightError `usage` for an environment that is not listed; PolicyError where a local file says `sign: never` of
 * what its base lets be signed.
 */
export function resolveArtifact(policy: Policy, query: Query): Resolution {
  const queries = [query];
  const asked = environmentOf(policy, query.environment);
  const matched = policy.layers.flatMap((layer) => {
    const rule = firstMatch(layer, query);
    return rule === undefined ? [] : [{ layer, rule }];
  });
  const base = matched.find(({ layer }) => layer === policy.layers[0]);
  if (base === undefined) return { queries, status: 'unlisted', hint: missHint(policy, query) };
  if ('sign' in base.rule.target) return { queries, status: 'never', rule: base.rule.reference };
  refuseLocalNever(matched, query);

  const matters = matched.some(({ rule }) => 'tier' in rule.target && typeof rule.target.tier !== 'string');
  const environment = { ...asked, matters };
  const placed = matched.map((one) => ({ ...one, ...tierIn(one.rule, environment.id), kind: kindOf(query, one.rule) }));
  const unplaced = placed.find(({ listed }) => !listed);
  if (unplaced !== undefined) {
    if (query.environment === undefined) return { queries, status: 'environment-needed', choices: choicesOf(policy, matched) };
    return { queries, status: 'environment-not-listed', rule: unplaced.rule.reference, allowed: environmentsOf(unplaced.rule) };
  }

  const required = demandOf(policy, placed, environment);
  if (required !== undefined) return { queries, ...required };
  const hint = `the rule at ${base.rule.reference.where} leads to a tier that asks nobody to sign a ${kindOf(query, base.rule)}`;
  return { queries, status: 'unlisted', hint };
}

/** @throws SignwrightError `usage` for an environment that is not listed. */
export function environmentOf(policy: Policy, asked: string | undefined): Omit<ResolvedEnvironment, 'matters'> {
  const id = asked ?? 'default';
  if (id !== 'default' && !policy.environments.includes(id)) {
    const known = ['default', ...policy.environments.filter((name) => name !== 'default')];
    const near = nearestWord(id, known);
    const next = near === undefined ? 'name one of these' : `did you mean "${near}"?`;
    throw new SignwrightError('usage', `the policy lists no environment ${JSON.stringify(id)}; there are ${known.join(', ')}`, {
      next,
    });
  }
  const written = policy.layers.at(-1)?.scope.environments.get(id)?.value;
  return { id, allowDevelopment: written?.['allow-development'] ?? false };
}

function refuseLocalNever(matched: readonly { layer: Layer; rule: Rule }[], query: Query): void {
  const local = matched.find(({ rule }) => 'sign' in rule.target);
  if (local === undefined) return;
  const base = matched[0]?.rule.reference;
  const message = `"never" would forbid ${JSON.stringify(query.name)}, which ${base?.layer} has signed by its rule at ${base?.where}: narrow the pattern`;
  throw new PolicyError([problemAt(local.layer.source, ['artifacts', local.rule.index, 'sign'], message)]);
}

function tierIn(rule: Rule, environment: string): { tier: string | undefined; listed: boolean } {
  if (!('tier' in rule.target)) return { tier: undefined, listed: true };
  const { tier } = rule.target;
  if (typeof tier === 'string') return { tier, listed: true };
  return Object.hasOwn(tier, environment) ? { tier: tier[environment], listed: true } : { tier: undefined, listed: false };
}

function environmentsOf(rule: Rule): string[] {
  return 'tier' in rule.target && typeof rule.target.tier !== 'string' ? Object.keys(rule.target.tier) : [];
}

/** The environments in which every rule that matched names a tier. */
function choicesOf(policy: Policy, matched: readonly { rule: Rule }[]): string[] {
  return ['default', ...policy.environments]
    .filter((name, index, all) => all.indexOf(name) === index)
    .filter((name) => matched.every(({ rule }) => tierIn(rule, name).listed));
}

/** Each layer settles the kind for what it demands itself: a local file's word for it must not let go of what the base demands. */
function kindOf(query: Query, rule: Rule): Kind {
  return query.kind ?? rule.reference.kind ?? inferKind(query.name);
}
