import type { Required, SignerDefinition, ToSign } from '@signwright/policy';
import {
  type CiJob,
  type Claims,
  type EvidenceTrust,
  type RecordedArtifact,
  type RecordedSigner,
  type RecordedStatement,
  type Sha256,
  type SignedEvidence,
  SignwrightError,
  type TimestampAuthority,
  type Unreached,
} from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Signers } from '../context/signers/create-signers.ts';

/** An artifact to sign: its bytes, what is demanded of it, and by whom this run signs it. */
export type PlannedArtifact = ToSign<ArtifactInHand>;

/** What signing in this run rests on. */
export type SigningRun = {
  readonly open: OpenPolicy;
  readonly timestamps: TimestampAuthority;
  readonly trust: EvidenceTrust;
  readonly signers: Signers;
  /** The CI job this run is part of. */
  readonly job: CiJob | undefined;
  readonly signal: AbortSignal;
};

/** An artifact that something is signed about: as records name it, why that may be, and what its tiers want of records and evidence. */
export type WorkArtifact = RecordedArtifact & {
  readonly reason: string;
  readonly audit?: 'required' | 'best-effort';
  /** In seconds. */
  readonly retain?: number;
};

/** Something to sign, with all that is known of it before: it is recorded as an intent first, and what came of it after. */
export type Work = {
  readonly definition: SignerDefinition;
  /** What is done to the artifacts, for people: "signed", "attested sbom of". */
  readonly deed: string;
  readonly artifacts: readonly WorkArtifact[];
  readonly signer: RecordedSigner;
  /** What of the signer could not be reached before. */
  readonly unreached: readonly Unreached[];
  /** What the signer's certificate says, where it has one. */
  readonly certified?: Claims;
  /** SHA-256 of the exact bytes to sign; absent where each artifact's own bytes are signed. */
  readonly bytes?: Sha256;
  /** What they say, where they are no release part. */
  readonly statement?: RecordedStatement;
  sign(): Promise<Made>;
};

/** A file that is ready to be written. */
export type NewFile = { readonly path: string; readonly bytes: Uint8Array };

/** What was signed and verified, and is not published yet. */
export type Made = { readonly signed: SignedEvidence; readonly files?: undefined } | { readonly files: readonly NewFile[] };

/** What is demanded of an artifact, as far as signing something about it is concerned. */
type Demanded = { readonly name: string; readonly digest: Sha256; readonly required: Required };

/** An artifact as records name it. */
export function recordedArtifact({ name, digest, required }: Demanded): RecordedArtifact {
  return { name, digest, kind: required.kind, tier: required.tiers.join(' + '), requirements: required.digest };
}

/** An artifact that something is signed about; the reason names the rules that matched, and the tiers they lead to. */
export function workArtifact(artifact: Demanded): WorkArtifact {
  const { rules, tiers, demands } = artifact.required;
  return {
    ...recordedArtifact(artifact),
    reason: `${rules.map(({ where }) => where).join(' and ')}: ${tiers.join(' + ')}`,
    ...(demands.audit === undefined ? {} : { audit: demands.audit }),
    ...(demands.retain === undefined ? {} : { retain: demands.retain }),
  };
}

/** The signer the policy defines by this id. */
export function definitionOf(open: OpenPolicy, id: string): SignerDefinition {
  const definition = open.policy.signers.get(id);
  if (!definition) throw new TypeError(`the policy has no signer ${id}`);
  return definition;
}

/** Stops a run that the user wants stopped. */
export function checkNotStopped({ signal }: Pick<SigningRun, 'signal'>): void {
  if (signal.aborted) throw new SignwrightError('cancelled', 'stopped before everything was signed: nothing was published');
}
