import { type Kind, type Requirement, requirementsOf } from '@signwright/signing-core';
import { type Demands, uniteAttestations, uniteDemands } from '../demands.ts';
import { UNENFORCED_IN_TIER, type Unenforced } from '../enforcement.ts';
import { whereOf } from '../parse/source.ts';
import type { Layer, Policy } from '../policy.ts';
import { demandsOf, resolveTier } from '../resolve-tier.ts';
import { deriveRequirements } from './derive-requirements.ts';
import { requirementsDigest } from './requirements-digest.ts';
import type { Required, ResolvedEnvironment } from './resolution.ts';
import type { Matched } from './resolve-artifact.ts';

const made = new WeakMap<Policy, Map<string, Required | undefined>>();

/**
 * What the rules that matched demand, united; nothing where the base asks nobody to sign this kind. The same answer serves all
 * artifacts that the same rules match, for many files share few rules.
 */
export function demandOf(policy: Policy, matched: readonly Matched[], environment: ResolvedEnvironment): Required | undefined {
  const known = made.get(policy) ?? new Map<string, Required | undefined>();
  made.set(policy, known);
  const key = JSON.stringify([environment.id, matched.map(({ rule, kind }) => [rule.reference.where, kind])]);
  if (!known.has(key)) known.set(key, unite(policy, matched, environment));
  return known.get(key);
}

function unite(policy: Policy, matched: readonly Matched[], environment: ResolvedEnvironment): Required | undefined {
  const each = matched.map((one) => demandedBy(policy, one));
  const [base, ...others] = each;
  const [first] = matched;
  if (
    base === undefined ||
    first === undefined ||
    (requirementsOf(base.requirements, 'signature').length === 0 && base.demands.vendors.length === 0)
  )
    return undefined;
  const demands = others.reduce((sum, { demands }) => uniteDemands(sum, demands), uniteDemands(base.demands, base.demands));
  const requirements = new Map<string, Requirement>();
  for (const requirement of each.flatMap((one) => one.requirements)) {
    if (!requirements.has(requirement.id)) requirements.set(requirement.id, requirement);
  }
  for (const requirement of deriveRequirements(policy, demands, layerOf(policy, matched, each)))
    requirements.set(requirement.id, requirement);
  const sorted = [...requirements.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const trustRoot = policy.trust?.root?.boundDigest;
  return {
    status: 'required',
    kind: first.kind,
    environment,
    tiers: [...new Set(matched.flatMap(({ tier }) => tier ?? []))],
    requirements: sorted,
    demands,
    digest: requirementsDigest(environment, sorted, demands, trustRoot),
    ...(trustRoot === undefined ? {} : { trustRoot }),
    rules: matched.map(({ rule }) => rule.reference),
    enforced: demands.observeUntil === undefined,
    unenforced: each.flatMap(({ unenforced }) => unenforced),
  };
}

/** The first layer that asks for what the demands of all layers come to. */
function layerOf(policy: Policy, matched: readonly Matched[], each: readonly Demanded[]): (id: string) => string {
  const asked = new Map<string, string>();
  matched.forEach(({ layer }, at) => {
    for (const { id } of deriveRequirements(policy, each[at]?.demands ?? NOTHING, () => ''))
      if (!asked.has(id)) asked.set(id, layer.name);
  });
  return (id) => asked.get(id) ?? matched[0]?.layer.name ?? '';
}

type Demanded = {
  readonly requirements: readonly Requirement[];
  readonly demands: Demands;
  readonly unenforced: readonly Unenforced[];
};

function demandedBy(policy: Policy, { layer, rule, tier, kind }: Matched): Demanded {
  if ('vendor' in rule.target) return demandedOfVendor(policy, rule.target.vendor);
  const { signatures, demands, chain } = resolveTier(layer.scope, tier ?? '', layer.name);
  const wanted = { ...demands, attestations: attestationsFor(demands, kind) };
  // Who may break the glass matters only where there is something to break.
  const asked = asksForWaivable(wanted) ? wanted : { ...wanted, breakGlass: [] };
  const requirements = signatures
    .filter((signature) => signature.for === undefined || signature.for.includes(kind))
    .map(({ by }): Requirement => {
      const signer = policy.signers.get(by);
      if (signer === undefined) throw new TypeError(`a policy with an undefined signer ${by}`);
      return { id: `signature:${by}`, layer: layer.name, waivable: false, type: 'signature', signer: signer.rule };
    });
  if (demands.audit === 'required') requirements.push(auditIn(policy, layer));
  const unenforced = UNENFORCED_IN_TIER.filter((one) => one.in(asked)).map(({ key, what }) => {
    const id = chain.find((name) => Object.hasOwn(layer.scope.tiers.get(name)?.value ?? {}, key)) ?? chain[0] ?? '';
    const source = layer.scope.tiers.get(id)?.source ?? layer.source;
    return { key: `tiers.${id}.${key}`, where: whereOf(source, ['tiers', id, key]), what };
  });
  return { requirements, demands: asked, unenforced };
}

const NOTHING = demandsOf({}, '');

function asksForWaivable({ approvals, attestations, windows, freezes }: Demands): boolean {
  return [approvals, attestations, windows, freezes].some((list) => list.length > 0);
}

/** The record every signature then needs. */
function auditIn({ audit }: Policy, layer: Layer): Requirement {
  if (audit === undefined) throw new TypeError('a policy with a tier that asks for records in no log');
  return { id: 'audit', layer: layer.name, waivable: false, type: 'audit', log: audit.rule };
}

/** The attestations asked for a kind; what they are for is then settled. */
function attestationsFor(demands: Demands, kind: Kind): Demands['attestations'] {
  const asked = demands.attestations.filter((one) => one.for === undefined || one.for.includes(kind));
  return uniteAttestations(asked.map(({ for: _, ...rest }) => rest));
}

/** A vendor's signature, and nothing that could be waived. */
function demandedOfVendor(policy: Policy, id: string): Demanded {
  const vendor = policy.vendors.get(id);
  if (vendor === undefined) throw new TypeError(`a policy with an undefined identity ${id}`);
  const { issuer, subject } = vendor.rule;
  const demands = { ...NOTHING, breakGlass: [], vendors: [{ id, issuer, subject, root: vendor.rootDigest }] };
  return { requirements: [], demands, unenforced: [] };
}
