import { resolveArtifact } from '@signwright/policy';
import {
  type EvidenceBatches,
  prepareStatement,
  requirementsOf,
  summarise,
  VERIFICATION_SUMMARY,
  type Verdict,
  type VerificationSummary,
  writeVerificationSummary,
} from '@signwright/signing-core';
import type { CollectedEvidence } from '../context/collect-evidence.ts';
import { sourceContext } from '../context/source-context.ts';
import { openRecording } from '../records/open-recording.ts';
import { signAndPublish } from '../signing/sign-and-publish.ts';
import { prepareStatementWork } from '../signing/statement-work.ts';
import { type SigningRun, type WorkArtifact, workArtifact } from '../signing/work.ts';
import { type ChosenVerifier, chooseVerifier } from './choose-verifier.ts';

export type AttestVerdicts = {
  readonly run: SigningRun;
  readonly evidence: CollectedEvidence;
  readonly store: EvidenceBatches;
  readonly environment: string | undefined;
  /** The signer of the verifier this is, where it is named. */
  readonly signer: string | undefined;
  readonly note: (line: string) => void;
};

/** One verdict that may be signed. */
type Signable = { readonly verdict: Verdict; readonly summary: VerificationSummary; readonly about: WorkArtifact };

/**
 * Signs a verification summary of each verdict that says allow or deny: one statement each, for a summary names one resource. What is
 * open, or only observed, is not signed.
 */
export async function attestVerdicts(verdicts: readonly Verdict[], attesting: AttestVerdicts): Promise<void> {
  const { run, store, environment, note } = attesting;
  const chosen = chooseVerifier(run, attesting.signer);
  const signable = verdicts.flatMap((verdict) => signableOf(verdict, chosen, attesting));
  const open = verdicts.length - signable.length;
  if (open > 0) note(`${open} of ${verdicts.length} verdicts are not signed: only an allow and a deny that block are`);
  if (signable.length === 0) return;
  const recording = openRecording(run, await sourceContext(run.job), environment ?? 'default', note);
  const prepare = async () => [await Promise.all(signable.map((one) => workOf(one, chosen, run))), []] as const;
  await signAndPublish(
    signable.map(({ about }) => about),
    prepare,
    { run, recording, store, note },
  );
}

function signableOf(verdict: Verdict, { verifier }: ChosenVerifier, { run, evidence, environment }: AttestVerdicts): Signable[] {
  const { artifact, requirements, tiers } = verdict;
  const { name, kind, digest } = artifact;
  const resolution = resolveArtifact(run.open.policy, { name, ...(environment === undefined ? {} : { environment }) });
  const required = resolution.status === 'required' ? resolution : undefined;
  const summary = summarise(verdict, {
    verifier: verifier.id,
    verified: evidence.verified(digest),
    statements: evidence.statements([digest]),
    records: evidence.records,
    apart: requirementsOf(required?.requirements ?? [], 'duties').flatMap(({ apart }) => apart),
  });
  if (summary === undefined) return [];
  const demanded = required ? workArtifact({ name, digest, required }) : { reason: 'the policy lets it go nowhere' };
  return [{ verdict, summary, about: { ...demanded, name, kind, digest, requirements, tier: tiers.join(' + ') } }];
}

function workOf({ verdict, summary, about }: Signable, { definition }: ChosenVerifier, run: SigningRun) {
  const { repository, commit } = summary.source ?? {};
  return prepareStatementWork(
    {
      definition,
      deed: `attested ${summary.result} of`,
      artifacts: [about],
      statement: {
        type: VERIFICATION_SUMMARY,
        result: summary.result,
        ...(repository === undefined ? {} : { repository }),
        ...(commit === undefined ? {} : { commit }),
      },
      prepare: (signing) =>
        prepareStatement(() => writeVerificationSummary(verdict.artifact.name, verdict.artifact.digest, summary), signing),
      check: () => undefined,
    },
    run,
  );
}
