import {
  type AttestationDemand,
  type Demands,
  type GlassDemand,
  type SignatureDemand,
  sorted,
  uniteApprovals,
  uniteAttestations,
  uniteDemands,
} from './demands.ts';
import type { Attestation, Tier } from './generated/policy-file.ts';
import type { Scope } from './scope.ts';
import { secondsOf } from './values/duration.ts';

/** What a tier demands with all it extends. */
export type TierDemands = {
  readonly signatures: readonly SignatureDemand[];
  readonly demands: Demands;
  /** The tier and those it extends, itself first. */
  readonly chain: readonly string[];
};

/** Tiers that may extend one another in a row. */
export const MAX_CHAIN = 10;

const resolved = new WeakMap<Scope, Map<string, TierDemands>>();

/**
 * What a tier demands with all it extends. Undefined tiers, circles and chains over {@link MAX_CHAIN} end it: they are reported
 * elsewhere, and a policy that has one is never loaded.
 *
 * @param layer who may be freed of it by breaking the glass.
 */
export function resolveTier(scope: Scope, id: string, layer: string): TierDemands {
  const known = resolved.get(scope) ?? new Map<string, TierDemands>();
  resolved.set(scope, known);
  const key = JSON.stringify([layer, id]);
  const answer = known.get(key) ?? resolveChain(scope, id, layer, []);
  known.set(key, answer);
  return answer;
}

function resolveChain(scope: Scope, id: string, layer: string, seen: readonly string[]): TierDemands {
  const tier = scope.tiers.get(id)?.value;
  if (tier === undefined || seen.includes(id) || seen.length >= MAX_CHAIN) {
    return { signatures: [], demands: demandsOf({}, layer), chain: [] };
  }
  const own = { signatures: signaturesOf(tier), demands: demandsOf(tier, layer), chain: [id] };
  if (tier.extends === undefined) return own;
  const parent = resolveChain(scope, tier.extends, layer, [...seen, id]);
  const united = uniteDemands(parent.demands, own.demands);
  return {
    signatures: uniteSignatures([...parent.signatures, ...own.signatures]),
    demands: { ...united, breakGlass: tier['break-glass'] === undefined ? parent.demands.breakGlass : own.demands.breakGlass },
    chain: [id, ...parent.chain],
  };
}

/** The signatures a tier itself lists, abbreviations written out. */
export function signaturesOf(tier: Tier): SignatureDemand[] {
  const listed = (tier.signatures ?? []).map((entry) => (typeof entry === 'string' ? { by: entry } : entry));
  return uniteSignatures(listed);
}

/** Signatures with each signer once, asked for the kinds any of them asks it for. */
function uniteSignatures(signatures: readonly SignatureDemand[]): SignatureDemand[] {
  const bySigner = new Map<string, SignatureDemand>();
  for (const one of signatures) {
    const before = bySigner.get(one.by);
    const kinds =
      before === undefined
        ? one.for
        : before.for === undefined || one.for === undefined
          ? undefined
          : [...before.for, ...one.for];
    bySigner.set(one.by, { by: one.by, ...(kinds === undefined ? {} : { for: sorted(kinds) }) });
  }
  return sorted([...bySigner.values()]);
}

/** What a tier itself demands beside signatures, in normal form. */
export function demandsOf(tier: Tier, layer: string): Demands {
  const approvals = (tier.approvals ?? []).map((entry) => (typeof entry === 'string' ? { role: entry } : entry));
  const glass = tier['break-glass'];
  const { audit } = tier;
  const expire = tier['approvals-expire'];
  return {
    ...(audit === undefined ? {} : { audit }),
    approvals: uniteApprovals(
      approvals.map((approval) => ({ ...approval, count: approval.count ?? 1, kind: approval.kind ?? 'signed' })),
    ),
    ...(expire === undefined ? {} : { approvalsExpire: secondsOf(expire) }),
    separationOfDuties: sorted(tier['separation-of-duties'] ?? []),
    attestations: uniteAttestations((tier.attestations ?? []).map(attestationOf)),
    windows: tier.windows === undefined ? [] : [sorted(tier.windows)],
    freezes: sorted(tier.freezes ?? []),
    breakGlass: [{ layer, all: glass === undefined ? null : [glassOf(glass)] }],
    ...(tier.retain === undefined ? {} : { retain: secondsOf(tier.retain) }),
    ...(tier.mode === 'observe' && tier.until !== undefined ? { observeUntil: tier.until } : {}),
    vendors: [],
  };
}

/** Who may break the glass, durations in seconds. */
export function glassOf(glass: NonNullable<Tier['break-glass']>): GlassDemand {
  return { role: glass.role, count: glass.count ?? 1, maxAge: secondsOf(glass['max-age']) };
}

/** An attestation as a tier writes it, in normal form. */
export function attestationOf(written: Attestation): AttestationDemand {
  return {
    type: written.type,
    by: written.by,
    ...(written.for === undefined ? {} : { for: sorted(written.for) }),
    ...(written.format === undefined ? {} : { format: sorted(written.format) }),
    ...(written['fail-on'] === undefined ? {} : { failOn: written['fail-on'] }),
    ...(written.builder === undefined ? {} : { builder: written.builder }),
    ...(written.source === undefined ? {} : { source: written.source }),
    ...(written['max-age'] === undefined ? {} : { maxAge: secondsOf(written['max-age']) }),
  };
}
