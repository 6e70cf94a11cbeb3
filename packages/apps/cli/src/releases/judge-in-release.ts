import { type AskedRelease, inRelease, judgeRelease, type ReleaseJudgement } from '@signwright/policy';
import {
  type EvidenceStore,
  type ReleaseName,
  releaseSubject,
  type Sha256,
  type Verdict,
  type Verified,
} from '@signwright/signing-core';
import { type CollectedEvidence, collectEvidence } from '../context/collect-evidence.ts';
import { type Circumstances, type Judged, judgeBy } from '../context/judge-artifacts.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { ruleDigests } from '../context/rule-digests.ts';
import { aboutRelease, collectRelease } from './collect-release.ts';

/** A release that was judged, and the verdicts on its artifacts. */
export type JudgedRelease = { readonly judgement: ReleaseJudgement; readonly verdicts: readonly Verdict[] };

/**
 * Judges a release by its manifest, and artifacts as those of it: by what the manifest's parts sign, and by nothing that came later.
 *
 * @param artifacts those in hand; all of the manifest's where there are none.
 */
export async function judgeInRelease(
  open: OpenPolicy,
  store: EvidenceStore,
  asked: AskedRelease,
  artifacts: readonly Judged[] | undefined,
  circumstances: Circumstances,
): Promise<JudgedRelease> {
  const { release, environment } = asked;
  const judgement = judgeRelease(open.policy, await collectRelease(store, open, release), asked);
  const judged = artifacts ?? judgement.manifest?.artifacts ?? [];
  if (judged.length === 0) return { judgement, verdicts: [] };
  const digests = judged.map(({ digest }) => digest);
  const subjects = [releaseSubject(release), ...digests, ...ruleDigests(open.policy, judged, environment)];
  const evidence = onlyParts(await collectEvidence(store, subjects, open), judgement, release);
  const verdicts = await judgeBy(open, evidence, judged, circumstances);
  return { judgement, verdicts: verdicts.map((verdict) => inRelease(verdict, judgement, asked)) };
}

/** The evidence with no other signatures than those of the manifest's parts, under whatever the store lists these. */
function onlyParts(evidence: CollectedEvidence, { parts }: ReleaseJudgement, release: ReleaseName): CollectedEvidence {
  const byDigest = new Map<Sha256, Verified[]>();
  for (const part of aboutRelease(evidence, release).parts) {
    if (!parts.has(part.evidence)) continue;
    for (const digest of part.byDigest.keys()) {
      const some = byDigest.get(digest);
      if (some) some.push(part);
      else byDigest.set(digest, [part]);
    }
  }
  return { ...evidence, verified: (digest) => byDigest.get(digest) ?? [] };
}
