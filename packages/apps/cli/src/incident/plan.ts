import type { InventoryEntry } from '@signwright/certificates';
import { type IncidentEdit, type JsonObject, type Sha256, sha256 } from '@signwright/signing-core';
import type { PublishedCrl } from '../certificates/publish-crl.ts';
import { unifiedDiff } from '../policy-edit/unified-diff.ts';
import type { Affected } from './affected.ts';
import type { ToRevoke } from './certificates-to-revoke.ts';
import type { CutOffPlan, PlannedEdit } from './plan-cut-off.ts';
import type { ToSay } from './record-incident.ts';
import type { Reissue, Reissued } from './reissue.ts';
import type { Scope } from './scope.ts';

/** All that is to be done, found out before anything is. */
export type IncidentPlan = {
  readonly scope: Scope;
  readonly why: string;
  readonly affected: Affected;
  readonly certificates: ToRevoke;
  readonly cutOff: CutOffPlan;
  readonly reissue: readonly Reissue[];
  /** The policy, as the user named it. */
  readonly file: string;
};

/** What came of it. */
export type IncidentReport = {
  readonly plan: IncidentPlan;
  readonly dryRun?: true;
  readonly person?: string;
  readonly revoked?: {
    /** All that count as revoked now, those of before too. */
    readonly certificates: readonly InventoryEntry[];
    readonly order?: Sha256;
    /** Those that were made here, and are to be published. */
    readonly crls: readonly PublishedCrl[];
    readonly pending: readonly { readonly authority: string; readonly why: string }[];
    /** How many are of others' CAs, and to be revoked there too. */
    readonly elsewhere: number;
  };
  readonly recorded?: { readonly evidence: Sha256; readonly person: string /** By a run before. */; readonly before: boolean };
  readonly reissued?: readonly Reissued[];
  /** What was not done, and why. */
  readonly failures: readonly string[];
};

/** What the record of an incident says of what was done. */
export function toSay({ scope, why, cutOff }: IncidentPlan, revoked: readonly InventoryEntry[]): ToSay {
  return {
    ...scope.compromise,
    why,
    revoked: revoked.map(namedCertificate),
    edits: cutOff.edits.flatMap((edit) => edit.at.map(({ what, before }) => editOf(edit, what, before))),
  };
}

function namedCertificate({ serial, authority, digest }: InventoryEntry) {
  return { serial, ...(authority === undefined ? {} : { authority }), ...(digest === undefined ? {} : { digest }) };
}

function editOf({ file, path, before, after }: PlannedEdit, at: string, wasSo: boolean): IncidentEdit {
  if (wasSo) return { file, at, after: sha256(after) };
  return path === undefined ? { file, at } : { file, at, before: sha256(before), after: sha256(after) };
}

/** The difference an edit makes, as `patch` and `git apply` read it. */
export function patchOf({ file, before, after }: PlannedEdit): string {
  return unifiedDiff(file, before, after);
}

/** All of it, for machines. */
export function reportJson({ plan, dryRun, person, revoked, recorded, reissued, failures }: IncidentReport): JsonObject {
  const { scope, why, affected, certificates, cutOff, reissue } = plan;
  const { signatures, artifacts, verdicts, limits } = affected;
  const { wanted, before, unknown } = certificates;
  return {
    version: 1,
    ...(dryRun ? { dryRun } : {}),
    ...scope.compromise,
    why,
    ...(person === undefined ? {} : { person }),
    affected: {
      artifacts: artifacts.map((one) => ({ ...one })),
      signatures: signatures.map((one) => ({ ...one, artifacts: one.artifacts.map((artifact) => ({ ...artifact })) })),
      verdicts: verdicts.map((one) => ({ ...one })),
      limits: [...limits],
    },
    certificates: {
      revoke: wanted.map(namedCertificate),
      before: before.map(namedCertificate),
      ...(unknown === undefined ? {} : { unknown }),
      ...(revoked?.order === undefined ? {} : { order: revoked.order }),
      ...(revoked === undefined || revoked.crls.length === 0 ? {} : { crls: revoked.crls.map((one) => ({ ...one })) }),
    },
    cutOff: {
      edits: cutOff.edits.map((edit) => ({
        file: edit.file,
        written: edit.path !== undefined,
        at: edit.at.map((one) => ({ ...one })),
        patch: patchOf(edit),
      })),
      ...(cutOff.digest === undefined ? {} : { policy: cutOff.digest }),
    },
    ...(recorded === undefined ? {} : { record: { ...recorded } }),
    reissue: reissue.map(({ commands, ...one }) => ({ ...one, commands: [...commands] })),
    ...(reissued === undefined || reissued.length === 0 ? {} : { reissued: reissued.map((one) => ({ ...one })) }),
    failures: [...failures],
  };
}
