import {
  type Outcome,
  type Refusal,
  type ReleasedArtifact,
  type Result,
  releaseText,
  resultOf,
  type UnitedParts,
  uniteParts,
  type Verdict,
  type Verified,
} from '@signwright/signing-core';
import { judgeArtifact } from '../judge.ts';
import type { Policy } from '../policy.ts';
import { type AskedRelease, demandedOf, isAudited, partsOf, type ReleaseEvidence } from './asked-release.ts';
import type { Expectation } from './expectation.ts';
import { matchExpectation } from './match-expectation.ts';
import { few, releaseOutcome } from './release-outcome.ts';

/** What there is of a release before it is closed, and what keeps it from being closed. */
export type ReleaseStanding = {
  readonly united: UnitedParts;
  /** What is listed under the release and is none of it, and why. */
  readonly leftOut: readonly Refusal[];
  /** What is missing, not known or wrong. */
  readonly outcomes: readonly Outcome[];
  /** `allow` where it may be closed. */
  readonly result: Result;
};

/**
 * Judges whether a release may be closed: every artifact in it has all the signatures that the policy demands, each with its record
 * where one is required; the parts agree with one another; all that is expected is there, and nothing else.
 *
 * @throws SignwrightError `usage` where the tier depends on an environment that was not given, `not-enforced-yet` as any verdict.
 */
export function releaseStanding(
  policy: Policy,
  evidence: ReleaseEvidence,
  asked: AskedRelease,
  expectation?: Expectation,
): ReleaseStanding {
  const { parts, leftOut } = partsOf(policy, evidence.parts, asked);
  const united = uniteParts(parts);
  const outcomes = [
    ...(evidence.unreachable === undefined ? [] : [releaseOutcome('inconclusive', 'evidence-unreachable', evidence.unreachable)]),
    ...united.conflicts.map((conflict) =>
      releaseOutcome('unmet', 'release-conflict', conflict.message, {
        evidence: conflict.evidence,
        next: {
          text: 'sign the right bytes into a release of another version; a job that built anew what it signed itself says "sign --replace"',
        },
      }),
    ),
    ...(parts.length === 0 ? [nothingYet(asked)] : []),
    ...judgeAll(policy, united.artifacts, evidence, asked),
    ...(expectation === undefined ? [] : matchExpectation(expectation, united)),
  ];
  const left = [...leftOut, ...evidence.refused].sort((a, b) => (a.evidence < b.evidence ? -1 : 1));
  return { united, leftOut: left, outcomes, result: outcomes.length === 0 ? 'allow' : resultOf(outcomes) };
}

function nothingYet({ release, environment = 'default' }: AskedRelease): Outcome {
  const text = releaseText(release);
  return releaseOutcome('pending', 'release-incomplete', `${text} has no part for the environment ${environment} yet`, {
    next: { text: 'have each pipeline sign into it', command: `signwright sign --release ${text}` },
  });
}

type Group = { readonly outcome: Outcome; readonly names: string[] };

/** What is wrong with artifacts; those with which the same is wrong, together. */
function judgeAll(
  policy: Policy,
  artifacts: readonly ReleasedArtifact[],
  evidence: ReleaseEvidence,
  asked: AskedRelease,
): Outcome[] {
  const groups = new Map<string, Group>();
  for (const artifact of artifacts) {
    for (const outcome of judgeOne(policy, artifact, evidence, asked)) {
      const id = `${outcome.status} ${outcome.requirement} ${outcome.message}`;
      const group = groups.get(id);
      if (group) group.names.push(artifact.name);
      else groups.set(id, { outcome, names: [artifact.name] });
    }
  }
  return [...groups.values()].map(({ outcome, names }) => ({ ...outcome, message: `${few(names)}: ${outcome.message}` }));
}

function judgeOne(policy: Policy, artifact: ReleasedArtifact, { records }: ReleaseEvidence, asked: AskedRelease): Outcome[] {
  const judge = (parts: readonly Verified[]): Verdict => judgeBy(policy, artifact, parts, asked);
  const whole = judge(artifact.parts);
  if (whole.result !== 'allow') return whole.enforced ? unmet(whole, asked) : [];
  if (!isAudited(demandedOf(policy, artifact, asked))) return [];
  const proven = artifact.parts.filter(({ evidence }) => records.proven.has(evidence));
  if (judge(proven).result === 'allow') return [];
  const written = artifact.parts.filter(({ evidence }) => records.proven.has(evidence) || records.waiting.has(evidence));
  if (judge(written).result === 'allow') {
    const next = { text: 'wait until the log has ordered it, and its witnesses have cosigned', command: 'signwright wait' };
    return [{ ...releaseOutcome('inconclusive', 'record-pending', 'its record is written and not proven yet', { next }) }];
  }
  const next = { text: 'have it signed again by a run that records it, into this release' };
  return [
    releaseOutcome('unmet', 'no-record', 'the log proves no record of a signature that is demanded: it was made outside', {
      next,
    }),
  ];
}

/** What the signatures of these parts are worth, whatever else is demanded. */
function judgeBy(
  policy: Policy,
  { name, digest }: ReleasedArtifact,
  verified: readonly Verified[],
  asked: AskedRelease,
): Verdict {
  const { environment, at, latest, anchored } = asked;
  const inHand = { name, digest, ...(environment === undefined ? {} : { environment }) };
  const moment = 'sign' as const;
  return judgeArtifact(policy, inHand, {
    verified,
    refused: [],
    at,
    ...(latest === undefined ? {} : { latest }),
    moment,
    anchored,
  });
}

/** A signature that nobody has made yet is missing; anything else is refused. */
function unmet({ outcomes }: Verdict, { release, environment }: AskedRelease): Outcome[] {
  const command = `signwright sign --release ${releaseText(release)}${environment === undefined ? '' : ` --environment ${environment}`}`;
  return outcomes
    .filter(({ status }) => status !== 'met' && status !== 'waived')
    .map((outcome) => {
      if (outcome.code !== 'no-signature') return outcome;
      const signer = outcome.requirement.replace(/^signature:/, '');
      const next = { text: `have ${signer} sign it into the release`, command };
      return { ...outcome, status: 'pending', code: 'release-incomplete', message: `a signature by ${signer} is missing`, next };
    });
}
