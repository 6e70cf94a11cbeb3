import { type AskedRelease, demandedOf, type SignerDefinition } from '@signwright/policy';
import {
  type Claims,
  prepareManifest,
  RELEASE_MANIFEST,
  type ReleaseManifest,
  SignwrightError,
  type UnitedParts,
  whyNotBy,
} from '@signwright/signing-core';
import { prepareStatementWork } from '../signing/statement-work.ts';
import { type PlannedArtifact, type SigningRun, type Work, workArtifact } from '../signing/work.ts';

/** An artifact of a release that is about to be closed, with what is demanded of it. */
type ClosingArtifact = Pick<PlannedArtifact, 'name' | 'digest' | 'required'> & Pick<ReleaseManifest['artifacts'][number], 'kind'>;

/** The artifacts of a release as they are recorded, retained and named by its manifest. */
export function closingArtifacts({ open }: SigningRun, { artifacts }: UnitedParts, asked: AskedRelease): ClosingArtifact[] {
  return artifacts.map(({ name, kind, digest }) => {
    const required = demandedOf(open.policy, { name, kind }, asked);
    if (required === undefined) throw new TypeError('an artifact of a release that may be closed is demanded nothing of');
    return { name, kind, digest, required };
  });
}

/** Settles the manifest that closes a release. Nothing is signed. */
export async function prepareClosing(
  artifacts: readonly ClosingArtifact[],
  { parts }: UnitedParts,
  asked: AskedRelease,
  closer: SignerDefinition,
  asserted: Claims,
  run: SigningRun,
): Promise<Work> {
  const { name, digest } = run.open.policy;
  const allowDevelopment = artifacts.every(({ required }) => required.environment.allowDevelopment);
  const environment = { id: asked.environment ?? 'default', allowDevelopment };
  const contents = {
    artifacts: artifacts.map(manifestArtifact),
    environment: environment.id,
    signer: closer.id,
    policy: { ...(name === undefined ? {} : { name }), digest },
    release: asked.release,
    parts: parts.map(({ evidence }) => evidence),
    asserted,
  };
  return prepareStatementWork(
    {
      definition: closer,
      deed: 'closed the release over',
      artifacts: artifacts.map(workArtifact),
      statement: { type: RELEASE_MANIFEST },
      prepare: (signing) => prepareManifest(contents, signing),
      check(verified) {
        const why = whyNotBy(verified, closer.rule, { at: Date.now(), environment });
        if (why === undefined) return;
        throw new SignwrightError('denied', `the manifest would not count: ${why.message}`, {
          next: 'nothing was published; close it where the policy lets its signer count',
        });
      },
    },
    run,
  );
}

function manifestArtifact({ name, kind, digest, required }: ClosingArtifact): ReleaseManifest['artifacts'][number] {
  const [rule] = required.rules;
  return {
    name,
    kind,
    digest,
    requirements: required.digest,
    ...(rule?.owner === undefined ? {} : { owner: rule.owner }),
    ...(rule?.reason === undefined ? {} : { reason: rule.reason }),
  };
}
