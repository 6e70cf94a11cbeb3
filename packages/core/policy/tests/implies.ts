import { type Requirement, SEVERITIES } from '@signwright/signing-core';
import type { Demands, Resolution } from '../src/index.ts';

/** What a requirement demands, whichever layer asks for it. */
function termsOf({ layer: _, ...terms }: Requirement): object {
  return terms;
}

/** Whether whatever the first lets through, the second lets through too: an oracle of its own, beside the code that unites. */
export function implies(strong: Resolution, weak: Resolution): boolean {
  if (strong.status !== 'required') return true;
  if (weak.status !== 'required') return false;
  const signers = new Map(strong.requirements.map((one) => [one.id, JSON.stringify(termsOf(one))]));
  return (
    weak.requirements.every((one) => signers.get(one.id) === JSON.stringify(termsOf(one))) &&
    demandsImply(strong.demands, weak.demands) &&
    (strong.enforced || !weak.enforced) &&
    (strong.trustRoot === weak.trustRoot || weak.trustRoot === undefined) &&
    (!strong.environment.allowDevelopment || weak.environment.allowDevelopment) &&
    (strong.environment.matters || !weak.environment.matters) &&
    weak.unenforced.every(({ key }) => strong.unenforced.some((one) => one.key === key))
  );
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
    weak.separationOfDuties.every((one) => strong.separationOfDuties.includes(one)),
    weak.attestations.every((one) =>
      strong.attestations.some(
        (by) =>
          by.type === one.type &&
          by.by === one.by &&
          JSON.stringify(by.format) === JSON.stringify(one.format) &&
          by.builder === one.builder &&
          by.source === one.source &&
          atMost(by.maxAge, one.maxAge) &&
          atMost(by.failOn && SEVERITIES.indexOf(by.failOn), one.failOn && SEVERITIES.indexOf(one.failOn)),
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

function containsAll(strong: readonly unknown[], weak: readonly unknown[]): boolean {
  const texts = strong.map((one) => JSON.stringify(one));
  return weak.every((one) => texts.includes(JSON.stringify(one)));
}
