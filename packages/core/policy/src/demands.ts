import {
  canonicalJson,
  type Json,
  type Kind,
  type SbomFormat,
  SEVERITIES,
  type Severity,
  type Sha256,
} from '@signwright/signing-core';
import { instantOf } from './values/instant.ts';

/** An approval that is needed: by `count` people of a role. */
export type ApprovalDemand = {
  readonly role: string;
  readonly count: number;
  readonly kind: 'signed' | 'platform';
  readonly document?: string;
};

/** An attestation that is needed. Durations are in seconds. */
export type AttestationDemand = {
  readonly type: string;
  readonly by: string;
  /** The kinds it is asked for; all where absent. */
  readonly for?: readonly Kind[];
  readonly format?: readonly SbomFormat[];
  readonly failOn?: Severity;
  /** Patterns of who built it, and from which repository. */
  readonly builder?: string;
  readonly source?: string;
  readonly maxAge?: number;
};

export type WindowDemand = { readonly days: string; readonly from: string; readonly to: string; readonly timezone: string };
export type FreezeDemand = { readonly from: string; readonly until: string; readonly reason?: string };
export type GlassDemand = { readonly role: string; readonly count: number; readonly maxAge: number };
export type VendorDemand = { readonly id: string; readonly issuer: string; readonly subject: string; readonly root: Sha256 };

/** A signature a tier asks for. */
export type SignatureDemand = { readonly by: string; readonly for?: readonly Kind[] };

/** All that is demanded beside signatures, in one normal form: lists sorted, abbreviations written out, durations in seconds. */
export type Demands = {
  readonly audit?: 'required' | 'best-effort';
  readonly approvals: readonly ApprovalDemand[];
  readonly approvalsExpire?: number;
  readonly separationOfDuties: readonly ('author' | 'requester')[];
  readonly attestations: readonly AttestationDemand[];
  /** Within any window of each list. */
  readonly windows: readonly (readonly WindowDemand[])[];
  readonly freezes: readonly FreezeDemand[];
  /** By layer, who may waive what that layer demands in an emergency: all of these together; `null`: nobody. */
  readonly breakGlass: readonly { readonly layer: string; readonly all: readonly GlassDemand[] | null }[];
  readonly retain?: number;
  /** Until when the verdict blocks nothing; absent, it does. */
  readonly observeUntil?: string;
  readonly vendors: readonly VendorDemand[];
};

/**
 * Both demands as one: whatever meets it meets each of the two. Windows add up as lists that must each be open; expiry, age and
 * severity take the strictest, retention the longest, the same role the highest count; only what both merely observe is observed.
 */
export function uniteDemands(a: Demands, b: Demands): Demands {
  return {
    ...oneOf('audit', a.audit, b.audit, (x, y) => (x === 'required' ? x : y)),
    approvals: uniteApprovals([...a.approvals, ...b.approvals]),
    ...oneOf('approvalsExpire', a.approvalsExpire, b.approvalsExpire, Math.min),
    separationOfDuties: sorted([...a.separationOfDuties, ...b.separationOfDuties]),
    attestations: uniteAttestations([...a.attestations, ...b.attestations]),
    windows: sorted([...a.windows, ...b.windows]),
    freezes: sorted([...a.freezes, ...b.freezes]),
    breakGlass: uniteGlass([...a.breakGlass, ...b.breakGlass]),
    ...oneOf('retain', a.retain, b.retain, Math.max),
    ...(a.observeUntil === undefined || b.observeUntil === undefined
      ? {}
      : { observeUntil: earlier(a.observeUntil, b.observeUntil) }),
    vendors: sorted([...a.vendors, ...b.vendors]),
  };
}

/** Approvals with each role, kind and document once, at its highest count. */
export function uniteApprovals(approvals: readonly ApprovalDemand[]): ApprovalDemand[] {
  return mergeBy(
    approvals,
    (approval) => [approval.role, approval.kind, approval.document ?? null],
    (x, y) => ({ ...x, count: Math.max(x.count, y.count) }),
  );
}

/** Attestations with each once, under its strictest conditions. */
export function uniteAttestations(attestations: readonly AttestationDemand[]): AttestationDemand[] {
  return mergeBy(
    attestations,
    ({ type, by, builder, source, ...one }) => [
      type,
      by,
      sorted(one.for ?? []),
      sorted(one.format ?? []),
      builder ?? null,
      source ?? null,
    ],
    (x, y) => ({
      ...x,
      ...oneOf('failOn', x.failOn, y.failOn, (p, q) => (SEVERITIES.indexOf(p) < SEVERITIES.indexOf(q) ? p : q)),
      ...oneOf('maxAge', x.maxAge, y.maxAge, Math.min),
    }),
  );
}

/** Within a layer, breaking the glass takes what all of its tiers ask for, and nobody may where one lets nobody. */
function uniteGlass(glass: Demands['breakGlass']): Demands['breakGlass'] {
  return mergeBy(
    glass,
    ({ layer }) => layer,
    (x, y) => ({ layer: x.layer, all: x.all === null || y.all === null ? null : uniteRoles([...x.all, ...y.all]) }),
  );
}

/** The same role takes its highest count, whoever asks for it. */
export function uniteRoles(all: readonly GlassDemand[]): GlassDemand[] {
  return mergeBy(
    all,
    ({ role }) => role,
    (x, y) => ({ role: x.role, count: Math.max(x.count, y.count), maxAge: Math.min(x.maxAge, y.maxAge) }),
  );
}

/** The values without repetition, in the order of their canonical JSON. */
export function sorted<T>(values: readonly T[]): T[] {
  return mergeBy(
    values,
    (value) => value as Json,
    (value) => value,
  );
}

function mergeBy<T>(values: readonly T[], keyOf: (value: T) => Json, merge: (a: T, b: T) => T): T[] {
  const merged = new Map<string, T>();
  for (const value of values) {
    const key = canonicalJson(keyOf(value));
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value));
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value);
}

function oneOf<Name extends string, T>(
  name: Name,
  a: T | undefined,
  b: T | undefined,
  both: (a: T, b: T) => T,
): { [key in Name]?: T } {
  const value = a === undefined ? b : b === undefined ? a : both(a, b);
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: T };
}

function earlier(a: string, b: string): string {
  const [x, y] = [instantOf(a), instantOf(b)];
  return x < y || (x === y && a < b) ? a : b;
}
