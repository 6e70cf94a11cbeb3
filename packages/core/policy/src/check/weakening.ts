import { SEVERITIES } from '@signwright/signing-core';
import { type Demands, uniteAttestations } from '../demands.ts';
import type { Tier } from '../generated/policy-file.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { attestationOf, glassOf, resolveTier, type TierDemands } from '../resolve-tier.ts';
import { secondsOf } from '../values/duration.ts';
import { entriesOf, type Subject } from './subject.ts';

/** A tier that extends another only adds: where it says a thing again, it says it no weaker. */
export function* nothingWeakens({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    if (tier.extends === undefined || tier.extends === id) continue;
    const parent = resolveTier(scope, tier.extends, '');
    if (parent.chain.includes(id)) continue;
    for (const { path, message } of weakenings(tier, parent)) {
      yield (path.length === 1 ? problemAt : problemAtKey)(
        source,
        ['tiers', id, ...path],
        `weaker than the tier "${tier.extends}": ${message}`,
      );
    }
  }
}

type Weakening = { readonly path: Path; readonly message: string };

function* weakenings(tier: Tier, parent: TierDemands): Generator<Weakening> {
  const { demands } = parent;
  if (tier.audit === 'best-effort' && demands.audit === 'required') yield { path: ['audit'], message: 'audit is required there' };
  if (tier.mode === 'observe' && demands.observeUntil === undefined && parent.chain.length > 0) {
    yield { path: ['mode'], message: 'that one is enforced' };
  }
  const expire = tier['approvals-expire'];
  if (expire !== undefined && secondsOf(expire) > (demands.approvalsExpire ?? Number.POSITIVE_INFINITY)) {
    yield { path: ['approvals-expire'], message: `approvals expire sooner there (${demands.approvalsExpire} s)` };
  }
  if (tier.retain !== undefined && secondsOf(tier.retain) < (demands.retain ?? 0)) {
    yield { path: ['retain'], message: 'evidence is kept longer there' };
  }
  yield* weakerSignatures(tier, parent);
  yield* weakerApprovals(tier, demands);
  yield* weakerAttestations(tier, demands);
  yield* weakerGlass(tier, demands);
}

function* weakerSignatures(tier: Tier, parent: TierDemands): Generator<Weakening> {
  for (const [index, entry] of (tier.signatures ?? []).entries()) {
    if (typeof entry === 'string' || entry.for === undefined) continue;
    const before = parent.signatures.find(({ by }) => by === entry.by);
    if (before === undefined) continue;
    const kinds = entry.for;
    if (before.for === undefined || before.for.some((kind) => !kinds.includes(kind))) {
      yield { path: ['signatures', index, 'for'], message: `${entry.by} signs ${before.for?.join(', ') ?? 'every kind'} there` };
    }
  }
}

function* weakerApprovals(tier: Tier, demands: Demands): Generator<Weakening> {
  for (const [index, entry] of (tier.approvals ?? []).entries()) {
    const own = typeof entry === 'string' ? { role: entry } : entry;
    const kind = own.kind ?? 'signed';
    const same = demands.approvals.filter(({ role, document }) => role === own.role && document === own.document);
    const before = same.find((approval) => approval.kind === kind);
    if (before !== undefined && (own.count ?? 1) < before.count) {
      yield { path: ['approvals', index], message: `${before.count} of the role "${own.role}" approve there` };
    }
    if (kind === 'platform' && before === undefined && same.some((approval) => approval.kind === 'signed')) {
      yield { path: ['approvals', index, 'kind'], message: `the role "${own.role}" signs its approval there` };
    }
  }
}

function* weakerAttestations(tier: Tier, demands: Demands): Generator<Weakening> {
  for (const [index, written] of (tier.attestations ?? []).entries()) {
    const own = attestationOf(written);
    for (const before of demands.attestations) {
      if (uniteAttestations([own, before]).length > 1) continue;
      const path = ['attestations', index] as const;
      if (
        before.failOn !== undefined &&
        own.failOn !== undefined &&
        SEVERITIES.indexOf(own.failOn) > SEVERITIES.indexOf(before.failOn)
      ) {
        yield { path: [...path, 'fail-on'], message: `it fails on ${before.failOn} there already` };
      }
      if (before.maxAge !== undefined && own.maxAge !== undefined && own.maxAge > before.maxAge) {
        yield { path: [...path, 'max-age'], message: `it may be ${before.maxAge} s old at the most there` };
      }
    }
  }
}

function* weakerGlass(tier: Tier, demands: Demands): Generator<Weakening> {
  const own = tier['break-glass'] === undefined ? undefined : glassOf(tier['break-glass']);
  const before = demands.breakGlass.find(({ all }) => all !== null)?.all?.[0];
  if (own === undefined || before === undefined) return;
  if (own.role !== before.role)
    yield { path: ['break-glass', 'role'], message: `only the role "${before.role}" breaks the glass there` };
  if (own.count < before.count)
    yield { path: ['break-glass', 'count'], message: `${before.count} people break the glass together there` };
  if (own.maxAge > before.maxAge) yield { path: ['break-glass', 'max-age'], message: `it counts for ${before.maxAge} s there` };
}
