import type { Artifact } from './artifact.ts';
import type { Sha256 } from './formats/digest.ts';

/** Why an outcome is what it is; closed, so that programs can switch on it. */
export type ReasonCode =
  /** Met: a signature was verified and its author is one the requirement names. */
  | 'signature-verified'
  /** No signature over this digest was found. */
  | 'no-signature'
  /** Signatures were found, and each was refused; see {@link Outcome.refused}. */
  | 'signatures-refused'
  /** Met: the log proves a record of every signature that counts. */
  | 'record-proven'
  /** A signature counts that no record of the log names. */
  | 'no-record'
  /** The record is written, and the log, or enough of its witnesses, have not confirmed it yet. */
  | 'record-pending'
  /** Met: enough people of the role approved, and nobody who may has rejected. */
  | 'approved'
  /** Not enough people of the role have approved yet. */
  | 'approvals-missing'
  /** Somebody who may has rejected it, and has not withdrawn that. */
  | 'rejected'
  /** Whether somebody rejected or withdrew could not be learned. */
  | 'rejections-unknown'
  /** Met: it is known who wrote it and who asked for it, and none of them counts. */
  | 'duties-separated'
  /** Who wrote it, or who asked for it, is not known. */
  | 'authors-unknown'
  /** Met: the newest attestation holds up to what is asked of it. */
  | 'attestation-verified'
  | 'no-attestation'
  /** Attestations were found, and none is by whom it must be; see {@link Outcome.refused}. */
  | 'attestations-refused'
  /** The newest attestation does not hold up to what is asked of it. */
  | 'attestation-failed'
  | 'attestation-too-old'
  | 'window-open'
  | 'window-closed'
  | 'not-frozen'
  | 'frozen'
  /** Met: the artifact is in the manifest that closes the release. */
  | 'in-release'
  /** The manifest does not name these bytes by this name. */
  | 'not-in-release'
  /** Nobody has closed the release yet. */
  | 'release-open'
  /** The release does not have all parts and signatures yet that it must have. */
  | 'release-incomplete'
  /** Parts of the release, or manifests, contradict each other. */
  | 'release-conflict'
  /** The release has a part that nobody expects. */
  | 'release-unexpected'
  /** The manifest does not hold: who closed it may not, or it is not what its parts make it. */
  | 'release-refused'
  /** It was not met, and people who may have waived it. */
  | 'waived'
  /** The evidence could not be read, so nothing is known. */
  | 'evidence-unreachable'
  /** It rests on a certificate of which nobody knows whether it is revoked. */
  | 'revocation-unknown'
  /** The trust root's edition has expired, and whom it trusts may have changed since. */
  | 'trust-root-expired'
  /** No rule of the policy matches the artifact. */
  | 'unlisted'
  /** The policy says it is never signed nor released. */
  | 'never-sign'
  /** The rule names no tier for this environment. */
  | 'environment-not-listed';

/** Why one piece of evidence did not count. */
export type RefusalCode =
  | 'malformed'
  | 'wrong-subject'
  | 'wrong-predicate'
  | 'bad-signature'
  | 'untrusted-certificate'
  | 'certificate-profile'
  /** A certificate that it rests on was revoked, and what was signed then is bad. */
  | 'certificate-revoked'
  /** Nobody knows whether a certificate that it rests on is revoked. */
  | 'revocation-unknown'
  | 'issuer-not-asserted'
  | 'no-trusted-time'
  | 'bad-timestamp'
  | 'after-moment'
  | 'claims-differ'
  | 'identity-mismatch'
  | 'key-not-listed'
  | 'key-outside-validity'
  | 'key-compromised'
  /** A security key signed without checking who was at it. */
  | 'user-not-verified'
  | 'development-not-allowed'
  | 'other-artifact'
  | 'other-environment'
  | 'other-requirements'
  | 'other-commit'
  | 'other-release'
  | 'late'
  | 'no-record'
  | 'expired'
  | 'invalidated'
  | 'not-a-member'
  | 'duties-not-separated'
  | 'withdrawn'
  | 'bad-proof';

/** Evidence that was found, looked at, and did not count. */
export type Refusal = { readonly evidence: Sha256; readonly code: RefusalCode; readonly message: string };

/** What would meet an unmet requirement, and what else would do. */
export type NextStep = {
  readonly text: string;
  readonly command?: string;
  readonly or?: Omit<NextStep, 'or'>;
  /** The people of the policy who can take it, where only some can. */
  readonly people?: readonly string[];
};

export type OutcomeStatus = 'met' | 'unmet' | 'waived' | 'pending' | 'inconclusive';

/** What became of one requirement. */
export type Outcome = {
  readonly requirement: string;
  readonly layer: string;
  readonly status: OutcomeStatus;
  readonly code: ReasonCode;
  /** One sentence for people: what was found, by whom. */
  readonly message: string;
  readonly evidence: readonly Sha256[];
  readonly refused: readonly Refusal[];
  /** Until when what it rests on counts, ISO 8601: approvals, waivers and attestations that grow old. */
  readonly expires?: string;
  readonly next?: NextStep;
};

export type Result = 'allow' | 'deny' | 'pending' | 'inconclusive';
export type Moment = 'sign' | 'release' | 'run';

/** The answer about one artifact in one environment, with its reasons. */
export type Verdict = {
  readonly result: Result;
  readonly artifact: Artifact;
  readonly environment: string;
  readonly moment: Moment;
  /** The time it speaks of, ISO 8601. */
  readonly at: string;
  /** Whether the policy was checked against an anchor from outside. */
  readonly anchored: boolean;
  /** Whether it rests on a trial root. */
  readonly development: boolean;
  /** Whether a deny blocks; `false` only in observe mode. */
  readonly enforced: boolean;
  /** The policy it was reached by. */
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
  /** The tiers the artifact's rules resolve to, one a layer, and the digest of what they demand. */
  readonly tiers: readonly string[];
  readonly requirements: Sha256;
  /** The name and kind in the signed part, where it differs from the artifact's. */
  readonly signedAs?: { readonly name: string; readonly kind: string };
  /** Waivers that broke the glass, here or earlier in this environment, and that nobody has reviewed yet. */
  readonly unreviewed?: readonly Sha256[];
  readonly outcomes: readonly Outcome[];
};

const WORST_FIRST = ['deny', 'inconclusive', 'pending', 'allow'] as const;

/** The worst of several results: deny, then inconclusive, pending, allow. Of none it is `deny`: nothing was decided. */
export function worstOf(results: readonly Result[]): Result {
  return WORST_FIRST.find((result) => results.includes(result)) ?? 'deny';
}
