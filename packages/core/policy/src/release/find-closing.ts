import {
  authorName,
  type Refusal,
  type ReleaseManifest,
  releaseText,
  type Sha256,
  type VerifiedStatement,
  whyNotBy,
} from '@signwright/signing-core';
import type { Policy } from '../policy.ts';
import {
  type AskedRelease,
  closerOf,
  demandedOf,
  footingOf,
  isAudited,
  type ReleaseEvidence,
  whyNotOf,
} from './asked-release.ts';

/** The manifest that closes a release. */
export type Closed = {
  readonly manifest: ReleaseManifest;
  readonly proven: VerifiedStatement;
  /** Why its record is not proved yet, where one is required and it is not. */
  readonly waiting?: string;
};

/** What is known of who closed a release. */
export type Closing = {
  readonly closed?: Closed;
  /** Another that was signed at the same instant and says something else: which of them closed it nobody can tell. */
  readonly rival?: Closed;
  /** Manifests that close nothing, and why. */
  readonly refused: readonly Refusal[];
};

/**
 * Finds the manifest that closes a release: the first, by trusted time, of those by the signer that may close releases, with their
 * record where one is required. One that says something else later closes nothing.
 */
export function findClosing(policy: Policy, evidence: ReleaseEvidence, asked: AskedRelease): Closing {
  const refused: Refusal[] = [];
  const counting: Closed[] = [];
  for (const proven of evidence.statements) {
    const { said } = proven;
    if (said.type !== 'manifest') continue;
    const judged = judgeManifest(policy, { manifest: said.manifest, proven }, evidence, asked);
    if ('code' in judged) refused.push({ evidence: proven.evidence, ...judged });
    else counting.push(judged);
  }
  counting.sort((a, b) => a.proven.time.at - b.proven.time.at || (a.proven.evidence < b.proven.evidence ? -1 : 1));
  const [closed, ...later] = counting;
  if (closed === undefined) return { refused };
  const others = later.filter(({ manifest }) => !saysTheSame(manifest, closed.manifest));
  const rival = others.find(({ proven }) => proven.time.at === closed.proven.time.at);
  return { closed, ...(rival === undefined ? {} : { rival }), refused: [...refused, ...others.map((one) => late(one, closed))] };
}

/** Whether two manifests are of the same artifacts and the same parts. */
export function saysTheSame(a: Whole, b: Whole): boolean {
  return a.parts.join() === b.parts.join() && namesOf(a) === namesOf(b);
}

/** What makes one manifest another. */
type Whole = {
  readonly artifacts: readonly Pick<ReleaseManifest['artifacts'][number], 'name' | 'kind' | 'digest'>[];
  readonly parts: readonly Sha256[];
};

function namesOf({ artifacts }: Whole): string {
  return artifacts
    .map(({ name, kind, digest }) => `${name}\n${kind}\n${digest}`)
    .sort()
    .join('\n');
}

function judgeManifest(
  policy: Policy,
  { manifest, proven }: Closed,
  { records }: ReleaseEvidence,
  asked: AskedRelease,
): Closed | Omit<Refusal, 'evidence'> {
  const closer = closerOf(policy);
  const other = whyNotOf(manifest, asked);
  if (other !== undefined) return other;
  if (manifest.signer !== closer.id) {
    const message = `it says that ${manifest.signer} closes the release (${authorName(proven.author)}); the policy lets ${closer.id} close releases, and nobody else`;
    return { code: 'identity-mismatch', message };
  }
  const why = whyNotBy(proven, closer.rule, footingOf(policy, asked));
  if (why !== undefined) return why;
  const audited = manifest.artifacts.some((artifact) => isAudited(demandedOf(policy, artifact, asked)));
  if (!audited || records.proven.has(proven.evidence)) return { manifest, proven };
  const waiting = records.waiting.get(proven.evidence);
  if (waiting !== undefined) return { manifest, proven, waiting };
  const message =
    'it has no record here that the log proves: it was signed outside, or its run was stopped before it left the proof';
  return { code: 'no-record', message };
}

function late({ manifest, proven }: Closed, first: Closed): Refusal {
  const message = `${releaseText(manifest.release)} was closed before, ${closedBy(first)}, and this says something else`;
  return { evidence: proven.evidence, code: 'late', message };
}

/** Who closed a release, and when. */
export function closedBy({ proven }: Closed): string {
  return `by ${authorName(proven.author)} at ${new Date(proven.time.at).toISOString()}`;
}
