import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { MAX_CHAIN, resolveTier } from '../resolve-tier.ts';
import { entriesOf, type Subject } from './subject.ts';

/** No tier extends itself, by whatever detour. */
export function* extensionsEnd({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id] of entriesOf(content.tiers)) {
    const chain = [id];
    let next = scope.tiers.get(id)?.value.extends;
    while (next !== undefined && !chain.includes(next)) {
      chain.push(next);
      next = scope.tiers.get(next)?.value.extends;
    }
    if (next === id) yield problemAt(source, ['tiers', id, 'extends'], `a circle: ${[...chain, id].join(' extends ')}`);
    else if (chain.length > MAX_CHAIN) {
      yield problemAt(
        source,
        ['tiers', id, 'extends'],
        `at most ${MAX_CHAIN} tiers may extend one another; here it is ${chain.length}`,
      );
    }
  }
}

/** A tier that asks nobody to sign would let nothing through. */
export function* tiersAskForSignatures({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id] of entriesOf(content.tiers)) {
    if (resolveTier(scope, id, '').signatures.length > 0) continue;
    yield problemAtKey(source, ['tiers', id], 'the tier asks for no signature: list at least one signer under "signatures"');
  }
}

/** Rejections and withdrawals are read from the log, so a tier with approvals says whether it needs one. */
export function* approvalsNeedAudit({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id] of entriesOf(content.tiers)) {
    const { demands } = resolveTier(scope, id, '');
    if (demands.approvals.length === 0 || demands.audit !== undefined) continue;
    const message =
      'the tier has approvals, so it must say "audit: required", or "audit: best-effort": without the log a withdrawn approval goes unseen';
    yield problemAtKey(source, ['tiers', id], message);
  }
}

/** A key proves no job, so where duties are separated some signature must be by certificate. */
export function* dutiesNeedCertificates({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id] of entriesOf(content.tiers)) {
    const { demands, signatures } = resolveTier(scope, id, '');
    if (demands.separationOfDuties.length === 0) continue;
    if (signatures.some(({ by, for: kinds }) => kinds === undefined && scope.signers.get(by)?.value.certificate !== undefined))
      continue;
    const message =
      'the tier separates duties, but asks for no signature by certificate (of every kind): a key does not prove whose job signed, so the author is unknown';
    yield problemAtKey(source, ['tiers', id], message);
  }
}
