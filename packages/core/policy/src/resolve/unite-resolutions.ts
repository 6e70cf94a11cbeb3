import {
  type AuditRequirement,
  canonicalJson,
  type Json,
  KINDS,
  requirementsOf,
  type SignatureRequirement,
} from '@signwright/signing-core';
import { sorted, uniteDemands } from '../demands.ts';
import type { Policy } from '../policy.ts';
import { deriveRequirements } from './derive-requirements.ts';
import { requirementsDigest } from './requirements-digest.ts';
import type { Query, Required, Resolution } from './resolution.ts';

const WORST_FIRST = ['never', 'unlisted', 'environment-not-listed', 'environment-needed', 'required'] as const;

/**
 * Two resolutions of one artifact, by the name in hand and by the name a signed part gives it, as one: any denial wins, and what
 * either demands is demanded. Both are of this policy and one environment.
 */
export function uniteResolutions(policy: Policy, a: Resolution, b: Resolution): Resolution {
  const queries = sorted<Query>([...a.queries, ...b.queries]);
  if (a.status === 'required' && b.status === 'required') return { queries, ...uniteRequired(policy, a, b) };
  const [first, second] = [a, b].sort((x, y) => WORST_FIRST.indexOf(x.status) - WORST_FIRST.indexOf(y.status) || compare(x, y));
  if (first?.status === 'environment-needed' && second?.status === 'environment-needed') {
    return { queries, status: first.status, choices: first.choices.filter((choice) => second.choices.includes(choice)) };
  }
  return { ...(first as Resolution), queries };
}

function uniteRequired(policy: Policy, a: Required, b: Required): Required {
  if (a.requirements === b.requirements && a.demands === b.demands && a.kind === b.kind && a.rules === b.rules) return bare(a);
  if (a.environment.id !== b.environment.id || a.trustRoot !== b.trustRoot) {
    throw new TypeError('resolutions of different environments or policies');
  }
  const environment = { ...a.environment, matters: a.environment.matters || b.environment.matters };
  const demands = uniteDemands(a.demands, b.demands);
  const both = [...a.requirements, ...b.requirements];
  const layers = new Map(both.map(({ id, layer }) => [id, layer]).reverse() as [string, string][]);
  const derived = deriveRequirements(policy, demands, (id) => layers.get(id) ?? '');
  const own = uniteOwn([...requirementsOf(both, 'signature'), ...requirementsOf(both, 'audit')]);
  const requirements = [...own, ...derived].sort((x, y) => (x.id < y.id ? -1 : 1));
  return {
    status: 'required',
    kind: KINDS.find((kind) => kind === a.kind || kind === b.kind) ?? a.kind,
    environment,
    tiers: sorted([...a.tiers, ...b.tiers]),
    requirements,
    demands,
    digest: requirementsDigest(environment, requirements, demands, a.trustRoot),
    ...(a.trustRoot === undefined ? {} : { trustRoot: a.trustRoot }),
    rules: sorted([...a.rules, ...b.rules]),
    enforced: a.enforced || b.enforced,
    unenforced: sorted([...a.unenforced, ...b.unenforced]),
  };
}

type Own = SignatureRequirement | AuditRequirement;

/** What layers demand each for themselves, once. */
function uniteOwn(all: readonly Own[]): Own[] {
  const byId = new Map<string, Own>();
  for (const requirement of all) {
    const before = byId.get(requirement.id);
    if (before !== undefined && canonicalJson(termsOf(before)) !== canonicalJson(termsOf(requirement))) {
      throw new TypeError('resolutions of different policies');
    }
    if (before === undefined || requirement.layer < before.layer) byId.set(requirement.id, requirement);
  }
  return [...byId.values()].sort((x, y) => (x.id < y.id ? -1 : 1));
}

/** What it demands, whichever layer asks for it. */
function termsOf({ layer: _, ...terms }: Own): Json {
  return terms;
}

function bare(required: Required): Required {
  const { queries: _, ...rest } = required as Required & { queries?: unknown };
  return rest;
}

/** The order of two that let nothing through for the same reason. */
function compare(a: Resolution, b: Resolution): number {
  const [x, y] = [a, b].map((one) => (one.status === 'required' ? '' : canonicalJson({ ...one, queries: [] }))) as [
    string,
    string,
  ];
  return x < y ? -1 : x > y ? 1 : 0;
}
