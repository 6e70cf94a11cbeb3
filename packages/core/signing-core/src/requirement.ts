/** A day or instant of the policy, as milliseconds since 1970 UTC. */
export type Instant = number;

/** The policy's words for what a certificate says of a workload, beside its issuer. */
export const CLAIM_NAMES = ['subject', 'repository', 'repository-id', 'ref', 'runner', 'environment', 'trigger'] as const;
export type ClaimName = (typeof CLAIM_NAMES)[number];

/** Which jobs a certificate may be of: the issuer exactly, each claim exactly or by a pattern ({@link compileGlob}). */
export type WorkloadRule = { readonly id: string; readonly issuer: string } & {
  readonly [claim in ClaimName]?: string;
};

/** A pinned public key and when its signatures count. */
export type KeyRule = {
  /** base64 of SHA-256 over the SubjectPublicKeyInfo in DER, as bundles hint at keys. */
  readonly keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Signatures count from here on … */
  readonly from?: Instant;
  /** … and before here. */
  readonly until?: Instant;
  /** Signatures at or after this instant are not this key's owner's. */
  readonly compromisedSince?: Instant;
};

/** Whose signature meets a signature requirement: one of the workloads by certificate, or one of the keys. */
export type SignerRule = {
  readonly id: string;
  readonly certificate: boolean;
  readonly workloads: readonly WorkloadRule[];
  readonly keys: readonly KeyRule[];
};

/** Which audit log must have a record, and who must have cosigned it. */
export type LogRule = {
  /** C2SP verifier keys of the log, the one that signs now first; the log's name is in each. */
  readonly keys: readonly string[];
  /** C2SP verifier keys of witnesses … */
  readonly witnesses: readonly string[];
  /** … of which this many must have cosigned. */
  readonly count: number;
};

/**
 * One thing the policy demands of an artifact in an environment. It carries all it refers to, so that its digest changes when
 * what it means changes, and deciding needs no second look at the policy.
 */
export type Requirement = {
  /** Unique among the requirements of one artifact: `signature:build`, `audit`. */
  readonly id: string;
  /** The policy layer that asks for it. */
  readonly layer: string;
  readonly waivable: boolean;
} & (SignatureTerms | AuditTerms);

/** A signature by this signer. */
type SignatureTerms = { readonly type: 'signature'; readonly signer: SignerRule };
/** A proven record of every signature that counts. */
type AuditTerms = { readonly type: 'audit'; readonly log: LogRule };
export type SignatureRequirement = Requirement & SignatureTerms;
export type AuditRequirement = Requirement & AuditTerms;

/** The requirements of one type. */
export function requirementsOf<T extends Requirement['type']>(
  requirements: readonly Requirement[],
  type: T,
): (Requirement & { readonly type: T })[] {
  return requirements.filter((one): one is Requirement & { readonly type: T } => one.type === type);
}
