export type { Artifact, Kind } from './artifact.ts';
export { checkName, KINDS } from './artifact.ts';
export type { ErrorCode, ErrorDetails } from './error.ts';
export { messageOf, SignwrightError } from './error.ts';
export { canonicalJson } from './formats/canonical-json.ts';
export type { Sha256 } from './formats/digest.ts';
export { bytesOf, canonicalDigest, hexOf, isSha256, parseSha256, sha256 } from './formats/digest.ts';
export { compileGlob, hasControlCharacter } from './formats/glob.ts';
export type { Json, JsonObject } from './formats/strict-json.ts';
export { parseStrictJson } from './formats/strict-json.ts';
export type { SignatureAlgorithm } from './keys.ts';
export { algorithmsOf, keyIdOf, readPublicKey, SIGNATURE_ALGORITHMS, spkiOf } from './keys.ts';
export type { Blob, BlobStore, Version } from './ports/blob-store.ts';
export type { CertificateIssuer } from './ports/certificate-issuer.ts';
export type { Clock } from './ports/clock.ts';
export type { EvidenceStore } from './ports/evidence-store.ts';
export type { IdentityProvider } from './ports/identity-provider.ts';
export type { Signer, SignRequest } from './ports/signer.ts';
export type { TimestampAuthority } from './ports/timestamp-authority.ts';
export type { ClaimName, Instant, KeyRule, Requirement, SignerRule, WorkloadRule } from './requirement.ts';
export { CLAIM_NAMES } from './requirement.ts';
export type {
  Moment,
  NextStep,
  Outcome,
  OutcomeStatus,
  ReasonCode,
  Refusal,
  RefusalCode,
  Result,
  Verdict,
} from './verdict.ts';
export { worstOf } from './verdict.ts';
export { signWithKey } from './sign-with-key.ts';
