import { KINDS, type Kind, SEVERITIES } from '@signwright/signing-core';
import type { ApprovalDemand, AttestationDemand, Demands, GlassDemand } from '../demands.ts';
import type { TierDemands } from '../resolve-tier.ts';
import { instantOf } from '../values/instant.ts';
import { type Difference, same, span, unknownDifferences } from './change.ts';

const KNOWN = [
  'audit',
  'approvals',
  'approvalsExpire',
  'separationOfDuties',
  'attestations',
  'windows',
  'freezes',
  'breakGlass',
  'retain',
  'observeUntil',
  'vendors',
] as const satisfies readonly (keyof Demands)[];

/** What one tier asks for more or less than another, each with all it extends. Whatever is not understood may be weaker. */
export function compareDemands(before: TierDemands, after: TierDemands): Difference[] {
  const [a, b] = [before.demands, after.demands];
  return [
    ...compareSignatures(before, after),
    ...compareAudit(a, b),
    ...compareApprovals(a.approvals, b.approvals),
    ...compareLimit('approvals-expire', 'how long an approval counts', a.approvalsExpire, b.approvalsExpire, 'less'),
    ...compareSets('separation-of-duties', 'whose approval never counts', a.separationOfDuties, b.separationOfDuties),
    ...compareAttestations(a.attestations, b.attestations),
    ...compareSets('windows', 'release windows', a.windows, b.windows),
    ...compareSets('freezes', 'freezes', a.freezes, b.freezes),
    ...compareGlass(glassOf(a), glassOf(b)),
    ...compareLimit('retain', 'how long evidence is kept', a.retain, b.retain, 'more'),
    ...compareObserving(a.observeUntil, b.observeUntil),
    ...compareSets('vendor', 'vendors', a.vendors, b.vendors),
    ...unknownDifferences(a, b, KNOWN),
  ];
}

/** The signers asked for one kind. */
export function signersFor({ signatures }: TierDemands, kind: Kind): string[] {
  return signatures.filter((one) => one.for === undefined || one.for.includes(kind)).map(({ by }) => by);
}

function compareSignatures(before: TierDemands, after: TierDemands): Difference[] {
  const signers = [...new Set([...before.signatures, ...after.signatures].map(({ by }) => by))];
  return signers.flatMap((by): Difference[] => {
    const kinds = (tier: TierDemands): Kind[] => KINDS.filter((kind) => signersFor(tier, kind).includes(by));
    const [had, has] = [kinds(before), kinds(after)];
    const [lost, gained] = [had.filter((kind) => !has.includes(kind)), has.filter((kind) => !had.includes(kind))];
    const ofKinds = (some: readonly Kind[]): string => (some.length === KINDS.length ? '' : ` for ${some.join(', ')}`);
    return [
      ...(lost.length === 0 ? [] : [weaker('signatures', `the signature of ${by} is no longer asked for${ofKinds(lost)}`)]),
      ...(gained.length === 0 ? [] : [stricter('signatures', `the signature of ${by} is asked for${ofKinds(gained)}`)]),
    ];
  });
}

const AUDIT = [undefined, 'best-effort', 'required'] as const;

function compareAudit({ audit: before }: Demands, { audit: after }: Demands): Difference[] {
  const [a, b] = [AUDIT.indexOf(before), AUDIT.indexOf(after)];
  if (a === b) return [];
  const text = `audit: ${after ?? 'nothing is recorded'} instead of ${before ?? 'nothing'}`;
  return [b < a ? weaker('audit', text) : stricter('audit', text)];
}

function compareApprovals(before: readonly ApprovalDemand[], after: readonly ApprovalDemand[]): Difference[] {
  const alike = (a: ApprovalDemand) => (b: ApprovalDemand) =>
    a.role === b.role && a.kind === b.kind && a.document === b.document && same(restOf(a), restOf(b));
  return [
    ...before.flatMap((one): Difference[] => {
      const now = after.find(alike(one));
      if (now === undefined)
        return [weaker('approvals', `the approval by ${approvalText(one)} is no longer asked for as it was`)];
      if (now.count === one.count) return [];
      const text = `${now.count} instead of ${one.count} of the role ${one.role} approve`;
      return [now.count < one.count ? weaker('approvals', text) : stricter('approvals', text)];
    }),
    ...after
      .filter((one) => !before.some(alike(one)))
      .map((one) => stricter('approvals', `an approval by ${approvalText(one)} is asked for`)),
  ];
}

/** What of an approval nobody here knows. */
function restOf({ role: _, count: __, kind: ___, document: ____, ...rest }: ApprovalDemand): object {
  return rest;
}

function approvalText({ role, count, kind, document }: ApprovalDemand): string {
  const whom = count === 1 ? `the role ${role}` : `${count} of the role ${role}`;
  return `${whom}${kind === 'platform' ? ' on the platform' : ''}${document === undefined ? '' : ` of the document ${document}`}`;
}

function compareAttestations(before: readonly AttestationDemand[], after: readonly AttestationDemand[]): Difference[] {
  return [
    ...before
      .filter((one) => !after.some((now) => attests(now, one)))
      .map((one) => weaker('attestations', `the attestation ${one.type} by ${one.by} is no longer asked for as it was`)),
    ...after
      .filter((now) => !before.some((one) => attests(one, now)))
      .map((now) =>
        stricter('attestations', `the attestation ${now.type} by ${now.by} is asked for, or under stricter conditions`),
      ),
  ];
}

/** Whether what meets the first meets the second too. */
function attests(strong: AttestationDemand, weak: AttestationDemand): boolean {
  const { for: kinds, failOn, maxAge, ...rest } = strong;
  const { for: weakKinds, failOn: weakFailOn, maxAge: weakAge, ...weakRest } = weak;
  return (
    same(rest, weakRest) &&
    (kinds === undefined || (weakKinds ?? KINDS).every((kind) => kinds.includes(kind))) &&
    (weakFailOn === undefined || (failOn !== undefined && SEVERITIES.indexOf(failOn) <= SEVERITIES.indexOf(weakFailOn))) &&
    (weakAge === undefined || (maxAge !== undefined && maxAge <= weakAge))
  );
}

function glassOf({ breakGlass }: Demands): readonly GlassDemand[] | null {
  const all = breakGlass.map((one) => one.all);
  return all.includes(null) ? null : all.flatMap((one) => one ?? []);
}

function compareGlass(before: readonly GlassDemand[] | null, after: readonly GlassDemand[] | null): Difference[] {
  if (same(before, after)) return [];
  if (before === null) return [weaker('break-glass', `${glassText(after)} may break the glass; nobody could`)];
  if (after === null) return [stricter('break-glass', `nobody may break the glass; ${glassText(before)} could`)];
  const takesAsMuch = before.every((one) =>
    after.some(({ role, count, maxAge, ...rest }) => {
      const { role: was, count: few, maxAge: long, ...others } = one;
      return role === was && count >= few && maxAge <= long && same(rest, others);
    }),
  );
  const text = `${glassText(after)} may break the glass instead of ${glassText(before)}`;
  return [takesAsMuch ? stricter('break-glass', text) : weaker('break-glass', text)];
}

function glassText(all: readonly GlassDemand[] | null): string {
  return (all ?? []).map(({ role, count, maxAge }) => `${count} of the role ${role} for ${span(maxAge)}`).join(' and ');
}

function compareObserving(before: string | undefined, after: string | undefined): Difference[] {
  if (before === after) return [];
  if (after === undefined) return [stricter('mode', `it blocks now; it only observed until ${before}`)];
  if (before === undefined) return [weaker('mode', `it only observes until ${after}, and blocks nothing; it did`)];
  const text = `it only observes until ${after} instead of ${before}`;
  return [instantOf(after) > instantOf(before) ? weaker('mode', text) : stricter('mode', text)];
}

/** A number that is stricter the less, or the more, it is; absent, there is no limit. */
function compareLimit(
  key: string,
  what: string,
  before: number | undefined,
  after: number | undefined,
  strict: 'less' | 'more',
): Difference[] {
  if (before === after) return [];
  const text = `${what}: ${after === undefined ? 'not limited' : span(after)} instead of ${before === undefined ? 'not limited' : span(before)}`;
  if (after === undefined) return [weaker(key, text)];
  if (before === undefined) return [stricter(key, text)];
  return [(strict === 'less' ? after > before : after < before) ? weaker(key, text) : stricter(key, text)];
}

/** A set that demands the more the more is in it; what changed inside one of it may be weaker. */
function compareSets(key: string, what: string, before: readonly unknown[], after: readonly unknown[]): Difference[] {
  const lost = before.filter((one) => !after.some((other) => same(one, other)));
  const gained = after.filter((one) => !before.some((other) => same(one, other)));
  return [
    ...(lost.length === 0 ? [] : [weaker(key, `${what}: ${lost.map(shortText).join(', ')} no longer holds`)]),
    ...(gained.length === 0 ? [] : [stricter(key, `${what}: ${gained.map(shortText).join(', ')} holds too`)]),
  ];
}

function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function weaker(key: string, text: string): Difference {
  return { effect: 'weaker', key, text };
}

function stricter(key: string, text: string): Difference {
  return { effect: 'stricter', key, text };
}
