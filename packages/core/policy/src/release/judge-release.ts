import {
  authorName,
  KNOWN_LATER,
  type Outcome,
  type Refusal,
  type ReleaseManifest,
  releaseText,
  resultOf,
  type Sha256,
  uniteParts,
  type Verdict,
  type VerifiedStatement,
} from '@signwright/signing-core';
import type { Policy } from '../policy.ts';
import { type AskedRelease, partsOf, type ReleaseEvidence } from './asked-release.ts';
import { type Closed, closedBy, findClosing, saysTheSame } from './find-closing.ts';
import { few, releaseOutcome } from './release-outcome.ts';

/** What a release is worth: whether it is closed, by whom it must be, over parts that are what it says. */
export type ReleaseJudgement = {
  readonly outcome: Outcome;
  readonly manifest?: ReleaseManifest;
  /** The bytes of its artifacts by name. */
  readonly digests: ReadonlyMap<string, Sha256>;
  /** Whose signatures count: none that came later than the manifest; while there is none, the parts there are. */
  readonly parts: ReadonlySet<Sha256>;
  /** Whether the manifest rests on a trial root. */
  readonly development: boolean;
};

/**
 * Judges a release by its manifest: by the signer that may close releases, with its record, and each of its parts there, by a signer of
 * the policy, for this release and environment; what they say together is what the manifest says.
 */
export function judgeRelease(policy: Policy, evidence: ReleaseEvidence, asked: AskedRelease): ReleaseJudgement {
  const { closed, rival, refused } = findClosing(policy, evidence, asked);
  if (closed === undefined) {
    const parts = new Set(partsOf(policy, evidence.parts, asked).parts.map((part) => part.evidence));
    return { outcome: notClosed(refused, evidence, asked), digests: new Map(), parts, development: false };
  }
  const { manifest, proven } = closed;
  return {
    outcome: judgeClosed(policy, { closed, rival }, evidence, asked),
    manifest,
    digests: new Map(manifest.artifacts.map(({ name, digest }) => [name, digest])),
    parts: new Set(manifest.parts),
    development: proven.development,
  };
}

function notClosed(
  refused: readonly Refusal[],
  { unreachable }: ReleaseEvidence,
  { release, environment = 'default' }: AskedRelease,
): Outcome {
  const text = releaseText(release);
  if (unreachable !== undefined) return releaseOutcome('inconclusive', 'evidence-unreachable', unreachable, { refused });
  if (refused.length === 0) {
    return releaseOutcome('pending', 'release-open', `nobody has closed ${text} for the environment ${environment} yet`, {
      next: { text: 'close it when all its parts are there', command: `signwright release close ${text} --expect FILE` },
    });
  }
  return releaseOutcome('unmet', 'release-refused', `no manifest of ${text} counts: ${refused.length} found and refused`, {
    refused,
    next: {
      text: 'have it closed by the signer that the policy lets close releases',
      command: `signwright release close ${text} --expect FILE`,
    },
  });
}

function judgeClosed(
  policy: Policy,
  { closed, rival }: { readonly closed: Closed; readonly rival: Closed | undefined },
  evidence: ReleaseEvidence,
  asked: AskedRelease,
): Outcome {
  const { manifest, proven } = closed;
  const text = releaseText(asked.release);
  const base = { evidence: [proven.evidence] };
  if (rival !== undefined) {
    const message = `${text} was closed twice at the same instant, differently: ${proven.evidence} and ${rival.proven.evidence}`;
    return releaseOutcome('unmet', 'release-conflict', message, { ...base, next: { text: 'make a release of another version' } });
  }
  if (closed.waiting !== undefined) {
    const message = `the record of the manifest is written and not proven yet: ${closed.waiting}`;
    return releaseOutcome('inconclusive', 'record-pending', message, {
      ...base,
      next: {
        text: 'wait until the log has ordered it, and its witnesses have cosigned',
        command: `signwright wait --release ${text}`,
      },
    });
  }
  const wrong = whatIsWrong(policy, manifest, evidence, asked);
  if (wrong !== undefined) return { ...wrong, evidence: [proven.evidence] };
  const unknown = doubtfulOf(proven, manifest, evidence);
  if (unknown !== undefined) return releaseOutcome('inconclusive', 'revocation-unknown', unknown, { ...base, next: KNOWN_LATER });
  const count = manifest.parts.length === 1 ? '1 part' : `${manifest.parts.length} parts`;
  return releaseOutcome(
    'met',
    'in-release',
    `${text} was closed ${closedBy(closed)}, as ${proven.time.authority} attests, over ${count}`,
    base,
  );
}

/** Why nobody knows whether the manifest, or a part that it is over, counts. */
function doubtfulOf(proven: VerifiedStatement, { parts }: ReleaseManifest, evidence: ReleaseEvidence): string | undefined {
  const used = [proven, ...evidence.parts.filter((part) => parts.includes(part.evidence))];
  return used.find(({ revocation }) => revocation?.status === 'unknown')?.revocation?.message;
}

/** Holds the manifest against its parts. */
function whatIsWrong(
  policy: Policy,
  manifest: ReleaseManifest,
  evidence: ReleaseEvidence,
  asked: AskedRelease,
): Outcome | undefined {
  const wanted = new Set(manifest.parts);
  const refused = evidence.refused.filter(({ evidence: id }) => wanted.has(id));
  const found = evidence.parts.filter((part) => wanted.has(part.evidence));
  const { parts, leftOut } = partsOf(policy, found, asked);
  const wrong = [...refused, ...leftOut];
  if (wrong.length > 0) {
    const message = `the manifest is over ${wrong.length === 1 ? 'a part that does not hold' : `${wrong.length} parts that do not hold`}`;
    return releaseOutcome('unmet', 'release-refused', message, {
      refused: wrong,
      next: { text: 'make a release of another version' },
    });
  }
  const known = new Set(parts.map(({ evidence: id }) => id));
  const missing = manifest.parts.filter((id) => !known.has(id));
  if (missing.length > 0) {
    const message = `the evidence has not all parts that the manifest is over: ${few(missing)} missing`;
    return releaseOutcome('inconclusive', 'evidence-unreachable', evidence.unreachable ?? message, {
      next: { text: 'bring the evidence that the signing runs left (--evidence names its store), or restore it' },
    });
  }
  const united = uniteParts(parts);
  const together = { artifacts: united.artifacts, parts: united.parts.map(({ evidence: id }) => id) };
  if (united.conflicts.length === 0 && saysTheSame(together, manifest)) return undefined;
  const message = `the manifest is not what its parts are together (${united.artifacts.length} artifacts, by ${[...new Set(parts.map(({ author }) => authorName(author)))].join(', ')}): whoever made it did not close the release by its parts`;
  return releaseOutcome('unmet', 'release-refused', message, { next: { text: 'make a release of another version' } });
}

/** The verdict on an artifact as one of the release: nothing that is not in the manifest, by its name and bytes, is let through. */
export function inRelease(verdict: Verdict, judgement: ReleaseJudgement, asked: AskedRelease): Verdict {
  const { outcome, manifest, development } = judgement;
  const own = manifest === undefined || outcome.status === 'unmet' ? outcome : (whyNotIn(verdict, judgement, asked) ?? outcome);
  const outcomes = [...verdict.outcomes, own];
  // Who asks for a release is told where it is none, whether or not the artifact's own tier only observes.
  const enforced = verdict.enforced || own.status !== 'met';
  return { ...verdict, enforced, result: resultOf(outcomes), development: verdict.development || development, outcomes };
}

function whyNotIn(
  { artifact: { name, digest } }: Verdict,
  { digests }: ReleaseJudgement,
  { release }: AskedRelease,
): Outcome | undefined {
  const text = releaseText(release);
  const named = digests.get(name);
  if (named === digest) return undefined;
  if (named !== undefined) {
    const next = { text: `take the bytes of the release: ${named}` };
    return releaseOutcome('unmet', 'not-in-release', `${text} has other bytes by this name: ${named}`, { next });
  }
  const same = [...digests].flatMap(([other, one]) => (one === digest ? [other] : []));
  const hint = same.length === 0 ? '' : `; it has these bytes as ${few(same)}`;
  const next = {
    text: same.length === 0 ? 'leave it out: it is none of the release' : `give the name it has there: --name ${same[0]}`,
  };
  return releaseOutcome('unmet', 'not-in-release', `${text} names nothing like this${hint}`, { next });
}
