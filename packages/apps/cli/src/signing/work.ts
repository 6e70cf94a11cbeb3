import type { SignerDefinition, ToSign } from '@signwright/policy';
import {
  type CiJob,
  type Claims,
  type EvidenceTrust,
  type RecordedSigner,
  type Sha256,
  type SignedPart,
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

/** Something to sign, with all that is known of it before: it is recorded as an intent first, and what came of it after. */
export type Work = {
  readonly definition: SignerDefinition;
  readonly artifacts: readonly PlannedArtifact[];
  readonly signer: RecordedSigner;
  /** What of the signer could not be reached before. */
  readonly unreached: readonly Unreached[];
  /** What the signer's certificate says, where it has one. */
  readonly certified?: Claims;
  /** SHA-256 of the exact bytes to sign; absent where each artifact's own bytes are signed. */
  readonly bytes?: Sha256;
  sign(): Promise<Made>;
};

/** A file that is ready to be written. */
export type NewFile = { readonly path: string; readonly bytes: Uint8Array };

/** What was signed and verified, and is not published yet. */
export type Made = { readonly part: SignedPart; readonly files?: undefined } | { readonly files: readonly NewFile[] };

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
