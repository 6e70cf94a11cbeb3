import { type Requirement, SEVERITIES, type Severity } from '@signwright/signing-core';
import type { Demands, Resolution } from '../src/index.ts';

/** Whether whatever the first lets through, the second lets through too: an oracle of its own, beside the code that unites. */
export function implies(strong: Resolution, weak: Resolution): boolean {
  if (strong.status !== 'required') return true;
  if (weak.status !== 'required') return false;
  return (
    weak.requirements.every((one) => strong.requirements.some((by) => covers(by, one))) &&
    demandsImply(strong.demands, weak.demands) &&
    (strong.enforced || !weak.enforced) &&
    (strong.trustRoot === weak.trustRoot || weak.trustRoot === undefined) &&
    (!strong.environment.allowDevelopment || weak.environment.allowDevelopment) &&
    (strong.environment.matters || !weak.environment.matters) &&
    weak.unenforced.every(({ key }) => strong.unenforced.some((one) => one.key === key))
  );
}

/** Whether one requirement demands at least what another does, whichever layer asks for it. */
function covers(strong: Requirement, weak: Requirement): boolean {
  if (strong.id !== weak.id || (strong.waivable && !weak.waivable)) return false;
  const pair = <T extends Requirement['type']>(type: T): [Requirement & { type: T }, Requirement & { type: T }] | undefined =>
    strong.type === type && weak.type === type
      ? [strong as Requirement & { type: T }, weak as Requirement & { type: T }]
      : undefined;
  const [approval, duties, attestation] = [pair('approval'), pair('duties'), pair('attestation')];
  const [window, freeze] = [pair('window'), pair('freeze')];
  if (approval !== undefined) {
    const [by, one] = approval;
    return (
      same(by.role, one.role) &&
      by.count >= one.count &&
      by.kind === one.kind &&
      atMost(by.expire, one.expire) &&
      (one.notBefore === undefined || (by.notBefore ?? 0) >= one.notBefore) &&
      containsAll(one.collectors, by.collectors)
    );
  }
  if (duties !== undefined) {
    const [by, one] = duties;
    return containsAll(by.apart, one.apart) && containsAll(one.collectors, by.collectors);
  }
  if (attestation !== undefined) {
    const [by, one] = attestation;
    const [{ failOn: strict, ...conditions }, { failOn, ...others }] = [by.conditions, one.conditions];
    return (
      by.attests === one.attests &&
      same(by.signer, one.signer) &&
      same(conditions, others) &&
      failsAtLeast(strict, failOn) &&
      atMost(by.maxAge, one.maxAge)
    );
  }
  if (window !== undefined) return containsAll(window[0].all, window[1].all);
  if (freeze !== undefined) return containsAll(freeze[0].freezes, freeze[1].freezes);
  return same({ ...strong, layer: '' }, { ...weak, layer: '' });
}

function demandsImply(strong: Demands, weak: Demands): boolean {
  return [
    weak.audit === undefined || strong.audit === 'required' || strong.audit === weak.audit,
    weak.approvals.every((one) =>
      strong.approvals.some(
        (by) => by.role === one.role && by.kind === one.kind && by.document === one.document && by.count >= one.count,
      ),
    ),
    atMost(strong.approvalsExpire, weak.approvalsExpire),
    containsAll(strong.separationOfDuties, weak.separationOfDuties),
    weak.attestations.every((one) =>
      strong.attestations.some(
        (by) =>
          by.type === one.type &&
          by.by === one.by &&
          same(by.format ?? null, one.format ?? null) &&
          by.builder === one.builder &&
          by.source === one.source &&
          atMost(by.maxAge, one.maxAge) &&
          failsAtLeast(by.failOn, one.failOn),
      ),
    ),
    containsAll(strong.windows, weak.windows),
    containsAll(strong.freezes, weak.freezes),
    containsAll(strong.vendors, weak.vendors),
    weak.retain === undefined || (strong.retain ?? 0) >= weak.retain,
    strong.observeUntil === undefined || (weak.observeUntil !== undefined && strong.observeUntil <= weak.observeUntil),
    weak.breakGlass.every(({ layer, all }) => {
      const by = strong.breakGlass.find((one) => one.layer === layer);
      if (by === undefined) return false;
      if (by.all === null) return true;
      const needed = by.all;
      return all?.every((one) =>
        needed.some(({ role, count, maxAge }) => role === one.role && count >= one.count && maxAge <= one.maxAge),
      );
    }),
  ].every(Boolean);
}

function atMost(strong: number | undefined, weak: number | undefined): boolean {
  return weak === undefined || (strong !== undefined && strong <= weak);
}

function failsAtLeast(strong: Severity | undefined, weak: Severity | undefined): boolean {
  return weak === undefined || (strong !== undefined && SEVERITIES.indexOf(strong) <= SEVERITIES.indexOf(weak));
}

function containsAll(strong: readonly unknown[], weak: readonly unknown[]): boolean {
  return weak.every((one) => strong.some((by) => same(by, one)));
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
