import {
  type FoundRecords,
  type Kind,
  type Refusal,
  type ReleaseName,
  releaseText,
  requirementsOf,
  SignwrightError,
  type Verified,
  type VerifiedStatement,
  whyNotBy,
} from '@signwright/signing-core';
import type { Policy, SignerDefinition } from '../policy.ts';
import type { Required } from '../resolve/resolution.ts';
import { environmentOf, resolveArtifact } from '../resolve/resolve-artifact.ts';
import { uniteResolutions } from '../resolve/unite-resolutions.ts';

/** A release in one environment, and when it is looked at. In each environment it is closed by itself. */
export type AskedRelease = {
  readonly release: ReleaseName;
  /** Absent, it is `default`. */
  readonly environment?: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Evidence timestamped later does not count. */
  readonly latest?: number;
  readonly anchored: boolean;
};

/** What is known of a release: all that is listed under it, by whomever. */
export type ReleaseEvidence = {
  readonly parts: readonly Verified[];
  readonly statements: readonly VerifiedStatement[];
  readonly refused: readonly Refusal[];
  readonly records: FoundRecords;
  /** Why some of it could not be read. */
  readonly unreachable?: string;
};

/** Who closes releases. @throws SignwrightError `configuration` where the policy lets nobody. */
export function closerOf({ releases, layers }: Policy): SignerDefinition {
  if (releases !== undefined) return releases.by;
  throw new SignwrightError('configuration', 'the policy says nobody who may close a release, so none can be contributed to', {
    where: layers.at(-1)?.source.file ?? '',
    next: 'add "releases: { by: SIGNER }" to it; what one pipeline signs in one run needs no release',
  });
}

/** Why evidence is not of the release that is asked for; undefined where it is. */
export function whyNotOf(
  stated: { readonly release?: ReleaseName; readonly environment: string },
  { release, environment = 'default' }: AskedRelease,
): Omit<Refusal, 'evidence'> | undefined {
  if (stated.release === undefined || releaseText(stated.release) !== releaseText(release)) {
    const other = stated.release === undefined ? 'no release' : releaseText(stated.release);
    return { code: 'other-release', message: `it was signed for ${other}, not for ${releaseText(release)}` };
  }
  if (stated.environment === environment) return undefined;
  const message = `it was signed for the environment ${stated.environment}, not for ${environment}`;
  return { code: 'other-environment', message };
}

/** The parts of a release by signers of the policy, and why the others that are listed under it are none of its. */
export function partsOf(
  policy: Policy,
  parts: readonly Verified[],
  asked: AskedRelease,
): { readonly parts: readonly Verified[]; readonly leftOut: readonly Refusal[] } {
  const leftOut = new Map<Verified, Refusal>();
  for (const one of parts) {
    const why = whyNotOf(one.part, asked) ?? whyNotSigned(policy, one, asked);
    if (why !== undefined) leftOut.set(one, { evidence: one.evidence, ...why });
  }
  return { parts: parts.filter((one) => !leftOut.has(one)), leftOut: [...leftOut.values()] };
}

function whyNotSigned(policy: Policy, one: Verified, asked: AskedRelease): Omit<Refusal, 'evidence'> | undefined {
  const signer = policy.signers.get(one.part.signer);
  if (signer === undefined) return { code: 'identity-mismatch', message: `the policy has no signer ${one.part.signer}` };
  return whyNotBy(one, signer.rule, footingOf(policy, asked));
}

/** Where and when evidence must count. */
export function footingOf(policy: Policy, { at, latest, environment }: AskedRelease): Parameters<typeof whyNotBy>[2] {
  return { at, ...(latest === undefined ? {} : { latest }), environment: environmentOf(policy, environment) };
}

/** What is demanded there of an artifact of a release, by its name and by what its parts call it; absent where it may not go there. */
export function demandedOf(
  policy: Policy,
  { name, kind }: { readonly name: string; readonly kind: Kind },
  { environment }: Pick<AskedRelease, 'environment'>,
): Required | undefined {
  const where = environment === undefined ? {} : { environment };
  const [byName, byKind] = [resolveArtifact(policy, { name, ...where }), resolveArtifact(policy, { name, kind, ...where })];
  const united = uniteResolutions(policy, byName, byKind);
  return united.status === 'required' ? united : undefined;
}

/** Whether a signature over it counts only with its record. */
export function isAudited(required: Required | undefined): boolean {
  return required !== undefined && requirementsOf(required.requirements, 'audit').length > 0;
}
