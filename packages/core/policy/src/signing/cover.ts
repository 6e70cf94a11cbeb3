import {
  decide,
  type PartArtifact,
  type ReleasePart,
  requirementsOf,
  type Sha256,
  SignwrightError,
  type Verdict,
  type Verified,
} from '@signwright/signing-core';
import type { Policy } from '../policy.ts';
import type { Required } from '../resolve/resolution.ts';

/** An artifact to sign, with its bytes known. */
export type Planned = { readonly name: string; readonly digest: Sha256; readonly required: Required };

/** What a part says of the artifacts it signs: what, under which demands, why. */
export function partContents(policy: Policy, signer: string, artifacts: readonly Planned[]): Omit<ReleasePart, 'source'> {
  const environment = artifacts[0]?.required.environment.id ?? 'default';
  const named = { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest };
  return { artifacts: artifacts.map(describe), environment, signer, policy: named };
}

function describe({ name, digest, required }: Planned): PartArtifact {
  const [rule] = required.rules;
  return {
    name,
    kind: required.kind,
    digest,
    requirements: required.digest,
    ...(rule?.owner === undefined ? {} : { owner: rule.owner }),
    ...(rule?.reason === undefined ? {} : { reason: rule.reason }),
  };
}

/** Whether a valid part by this signer covers the artifact already, under the requirements that apply now. */
export function isCovered(artifact: Planned, signer: string, verified: readonly Verified[], at: number): boolean {
  const { name, digest, required } = artifact;
  const parts = verified.filter(({ part, byDigest }) =>
    (byDigest.get(digest) ?? []).some((place) => {
      const one = part.artifacts[place];
      return one?.name === name && one.kind === required.kind && one.requirements === required.digest;
    }),
  );
  return judgePart(artifact, signer, parts, at).result === 'allow';
}

/**
 * Refuses a part that would not count for an artifact in it: published, it could not be told from what was never signed.
 *
 * @throws SignwrightError `denied` with the reason.
 */
export function refuseUseless(artifacts: readonly Planned[], signer: string, part: Verified, at: number): void {
  for (const artifact of artifacts) {
    const verdict = judgePart(artifact, signer, [part], at);
    if (verdict.result === 'allow') continue;
    const reason = verdict.outcomes.flatMap(({ refused }) => refused.map(({ message }) => message))[0];
    throw new SignwrightError('denied', `a signature by ${signer} would not count: ${reason ?? 'its requirement is not met'}`, {
      next: 'nothing was written; sign where the policy allows it, or with a signer it lets count there',
    });
  }
}

/** What this signer's requirement makes of these parts alone. */
function judgePart({ name, digest, required }: Planned, signer: string, parts: readonly Verified[], at: number): Verdict {
  const requirement = requirementsOf(required.requirements, 'signature').filter((one) => one.signer.id === signer);
  return decide(requirement, parts, [], {
    artifact: { name, kind: required.kind, digest },
    environment: required.environment,
    moment: 'sign',
    at,
    anchored: false,
    policy: { digest: required.digest },
    tiers: required.tiers,
    requirements: required.digest,
    next: { text: '' },
    wait: { text: '' },
  });
}
