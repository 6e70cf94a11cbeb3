import type { AttestationConditions } from './attestations/judgement.ts';
import type { PlatformAccount } from './ports/approval-source.ts';
import type { TrustRoot } from './trust-root.ts';

/** A day or instant of the policy, as milliseconds since 1970 UTC. */
export type Instant = number;

/** The policy's words for what a certificate says of a workload, beside its issuer. */
export const CLAIM_NAMES = ['subject', 'repository', 'repository-id', 'ref', 'runner', 'environment', 'trigger'] as const;
export type ClaimName = (typeof CLAIM_NAMES)[number];

/** Which jobs a certificate may be of: the issuer exactly, each claim exactly or by a pattern ({@link compileGlob}). */
export type WorkloadRule = {
  readonly id: string;
  readonly issuer: string;
  /** When its signatures were not its own. */
  readonly compromised?: readonly { readonly from: Instant; readonly until?: Instant }[];
} & {
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
  /** When those count that do not always: what was signed later than its end no key proves a record of. */
  readonly spans?: { readonly [key: string]: { readonly from?: Instant; readonly until?: Instant } };
  /** C2SP verifier keys of witnesses … */
  readonly witnesses: readonly string[];
  /** … of which this many must have cosigned. */
  readonly count: number;
};

/** An SSH key of a person, and when its signatures count. */
export type SshKeyRule = {
  /** `SHA256:…`, as ssh-keygen prints it. */
  readonly fingerprint: string;
  /** Type and base64, as in a `.pub` file, without a comment. */
  readonly publicKey: string;
  readonly from?: Instant;
  readonly until?: Instant;
  readonly compromisedSince?: Instant;
};

/** A person: by which keys and which certificate they sign, and what platforms call them. */
export type PersonRule = {
  readonly id: string;
  readonly keys: readonly SshKeyRule[];
  readonly certificate?: { readonly issuer: string; readonly subject: string };
  readonly accounts: readonly PlatformAccount[];
  /** Normalised; they only ever exclude. */
  readonly emails: readonly string[];
};

/** A maker whose signature counts for what is not made here: by a certificate of a trust root of its own. */
export type VendorRule = {
  readonly id: string;
  /** The OIDC issuer, exactly. */
  readonly issuer: string;
  /** The certificate's name, exactly or by a pattern ({@link compileGlob}). */
  readonly subject: string;
  readonly root: TrustRoot;
};

/** Who may act as what; each from and until a day, where the policy says so. */
export type RoleRule = {
  readonly id: string;
  readonly members: readonly { readonly person: PersonRule; readonly from?: Instant; readonly until?: Instant }[];
};

/** Within these hours of these days (0 is Sunday), minutes since midnight in the time zone; `to` is the first minute outside. */
export type WindowRule = {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly timezone: string;
};

/** From here on and before there nothing is released. */
export type FreezeRule = { readonly from: Instant; readonly until: Instant; readonly reason?: string };

/**
 * One thing the policy demands of an artifact in an environment. It carries all it refers to, so that deciding needs no second look at
 * the policy.
 */
export type Requirement = {
  /** Unique among the requirements of one artifact: `signature:build`, `approval:security`, `audit`. */
  readonly id: string;
  /** The policy layer that asks for it. */
  readonly layer: string;
  readonly waivable: boolean;
} & (SignatureTerms | AuditTerms | ApprovalTerms | DutiesTerms | AttestationTerms | WindowTerms | FreezeTerms | VendorTerms);

/** A signature by this signer. */
type SignatureTerms = { readonly type: 'signature'; readonly signer: SignerRule };
/** A proven record of every signature that counts. */
type AuditTerms = { readonly type: 'audit'; readonly log: LogRule };
/** Approvals by so many people of a role. */
type ApprovalTerms = {
  readonly type: 'approval';
  readonly role: RoleRule;
  readonly count: number;
  readonly kind: 'signed' | 'platform';
  /** How long an approval may count at the most, in seconds. */
  readonly expire?: number;
  /** Approvals given before do not count. */
  readonly notBefore?: Instant;
  /** Whose word on what a platform knows counts. */
  readonly collectors: readonly SignerRule[];
};
/** Those whom this names approve nothing; who they are must be known. */
type DutiesTerms = {
  readonly type: 'duties';
  readonly apart: readonly ('author' | 'requester')[];
  readonly collectors: readonly SignerRule[];
};
/** An attestation of this type by this signer. */
type AttestationTerms = {
  readonly type: 'attestation';
  /** The policy's word, or the predicate type. */
  readonly attests: string;
  readonly signer: SignerRule;
  readonly conditions: AttestationConditions;
  /** In seconds. */
  readonly maxAge?: number;
};
/** Within any window of each list. */
type WindowTerms = { readonly type: 'window'; readonly all: readonly (readonly WindowRule[])[] };
/** In none of these. */
type FreezeTerms = { readonly type: 'freeze'; readonly freezes: readonly FreezeRule[] };
/** A signature by this vendor. */
type VendorTerms = { readonly type: 'vendor'; readonly identity: VendorRule };

export type SignatureRequirement = Requirement & SignatureTerms;
export type AuditRequirement = Requirement & AuditTerms;
export type ApprovalRequirement = Requirement & ApprovalTerms;
export type DutiesRequirement = Requirement & DutiesTerms;
export type AttestationRequirement = Requirement & AttestationTerms;
export type WindowRequirement = Requirement & WindowTerms;
export type FreezeRequirement = Requirement & FreezeTerms;
export type VendorRequirement = Requirement & VendorTerms;

/** The requirements of one type. */
export function requirementsOf<T extends Requirement['type']>(
  requirements: readonly Requirement[],
  type: T,
): (Requirement & { readonly type: T })[] {
  return requirements.filter((one): one is Requirement & { readonly type: T } => one.type === type);
}
