import type {
  Instant,
  KeyRule,
  Kind,
  LogRule,
  PersonRule,
  PolicyEdition,
  RoleRule,
  Sha256,
  SignerRule,
  VendorRule,
  WaiverRule,
  Who,
  WorkloadRule,
} from '@signwright/signing-core';
import type { PolicyFile } from './generated/policy-file.ts';
import type { Source } from './parse/source.ts';
import type { Problem } from './problem.ts';
import type { Scope } from './scope.ts';

/**
 * Reads a file the policy names: `path` is relative to the top policy's directory, with `/`; `..` occurs only where a policy
 * `extends` a file. It throws SignwrightError `configuration` where there is no such file, `unreachable` where it cannot tell.
 */
export type FileReader = (path: string) => Promise<Uint8Array>;

/** The trust root a policy names, as read; strict JSON, else unjudged. */
export type TrustRootFile = {
  /** As the reader was given it. */
  readonly path: string;
  readonly root: Uint8Array;
  /** Which OIDC issuers each CA may assert: the companion `NAME.issuers.json`, where there is one. */
  readonly issuers?: Uint8Array;
  /** SHA-256 over RFC 8785 of the root, as an anchor's `trust-root-sha256` has it. */
  readonly digest: Sha256;
  /** SHA-256 over RFC 8785 of the companion, as an anchor's `trust-root-issuers-sha256` has it. */
  readonly issuersDigest?: Sha256;
  /** The same over root and issuers, as it enters the digest of the policy. */
  readonly wholeDigest: Sha256;
  /** The same without the ends of its authorities, as it enters requirements digests: to cut one off voids no approval. */
  readonly boundDigest: Sha256;
};

/** A CA that issues a signer's certificates. */
export type CertificateAuthority = {
  readonly type: 'fulcio' | 'step-ca' | 'vault' | 'trial' | 'held';
  /** Its address; a trial domain's directory; or where a certificate lies that was issued before. */
  readonly url: string;
  /** The profile of a certificate that was issued before. */
  readonly profile?: string;
  /** What it wants ID tokens to be for. */
  readonly audience: string;
  /** How to log in to a Vault. */
  readonly login?: { readonly mount: string; readonly role: string };
};

/** A signer: what it signs with, and what its signatures are recognised by. */
export type SignerDefinition = {
  readonly id: string;
  /** `file:line:column`. */
  readonly where: string;
  readonly rule: SignerRule;
  readonly certificate?: CertificateAuthority;
  /** In the order to try them. A path is relative to the top policy's directory. */
  readonly keys: readonly { readonly ref: string; readonly rule: KeyRule }[];
};

/** The audit log, as a policy defines it. */
export type AuditDefinition = {
  /** `file:line:column`. */
  readonly where: string;
  /** A URL, or a directory relative to the top policy's directory. */
  readonly log: string;
  readonly rule: LogRule;
  /** References of the private keys that sign checkpoints, by verifier key; a path is relative to the top policy's directory. */
  readonly privateKeys: ReadonlyMap<string, string>;
  /** Whether a directory outlasts the job. */
  readonly persistent: boolean;
  /** The object lock it must stand under, and for how many seconds. */
  readonly lock?: { readonly mode: 'compliance' | 'governance'; readonly seconds: number };
  /** How many seconds ago, at the most, witnesses must have cosigned it for negative facts to be known. */
  readonly maxAge?: number;
};

/** Who issues certificates: our own CA, by the key of its intermediate, or another's. */
export type IssuingAuthority = {
  readonly id: string;
  /** `file:line:column`. */
  readonly where: string;
} & (
  | {
      readonly type: 'own';
      /** The reference of the CA's private key; a path is relative to the top policy's directory. */
      readonly key: string;
      /** Where its CRL is published. */
      readonly crl?: string;
      /** Seconds between thisUpdate and nextUpdate of its CRLs. */
      readonly crlLifetime: number;
      /** What it wants ID tokens to be for. */
      readonly audience: string;
    }
  | CertificateAuthority
);

/** The keys a profile takes. */
export type CertificateKeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ed25519';

/** What certificates are for, and who may ask: workloads on their verified identity, or people on a proof. */
export type CertificateProfile = {
  readonly id: string;
  /** `file:line:column`. */
  readonly where: string;
  readonly purpose: string;
  readonly authority: IssuingAuthority;
  /** Seconds, at the most. */
  readonly validity: number;
  readonly keys: readonly CertificateKeyType[];
  /** Where they may sign for; everywhere where absent. */
  readonly environments?: readonly string[];
  readonly owner: string;
  readonly workloads: readonly WorkloadRule[];
  readonly roles: readonly RoleRule[];
  /** Any one of these; none for workloads. */
  readonly proof: readonly ('user-verification' | 'second-person')[];
};

/** The certificates of a policy. */
export type CertificatesDefinition = {
  /** `file:line:column`. */
  readonly where: string;
  /** Where they are kept track of: a URL, or a directory relative to the top policy's directory. */
  readonly inventory: string;
  /** Whether an inventory in a directory outlasts the job of a CI. */
  readonly persistent: boolean;
  readonly authorities: ReadonlyMap<string, IssuingAuthority>;
  readonly profiles: ReadonlyMap<string, CertificateProfile>;
  /** Seconds before the end, the longest first. */
  readonly alerts: readonly number[];
};

/** Whether and how it is asked whether certificates are revoked. */
export type RevocationDefinition = {
  /** `file:line:column`. */
  readonly where: string;
  readonly mode: 'require' | 'prefer' | 'off';
  /** How many seconds old an answer may be. */
  readonly maxAge?: number;
  /** URLs, or paths relative to the top policy's directory. */
  readonly crls: readonly string[];
  readonly allowPrivate: boolean;
};

/** Who is told of what. */
export type NotifyDefinition = {
  /** `file:line:column`. */
  readonly where: string;
  readonly webhook: string;
  readonly secretEnv: string;
  readonly allowPrivate: boolean;
  readonly on: readonly string[];
};

/** A vendor, and the digest by which its trust root enters what is demanded. */
export type VendorDefinition = { readonly rule: VendorRule; readonly rootDigest: Sha256 };

/** One rule, ready to match. */
export type Rule = {
  readonly index: number;
  readonly reference: RuleRef;
  readonly matches: (name: string) => boolean;
  readonly target: { tier: string | { readonly [environment: string]: string } } | { vendor: string } | { sign: 'never' };
};

/** A rule as people are shown it. */
export type RuleRef = {
  readonly layer: string;
  /** `file:line:column`. */
  readonly where: string;
  readonly match: readonly string[];
  readonly kind?: Kind;
  readonly name?: string;
  readonly owner?: string;
  readonly reason?: string;
  /** SHA-256 over RFC 8785 of the rule as it stands in its layer: waivers name it. */
  readonly digest: Sha256;
};

/** One policy file of those that make a policy. */
export type Layer = {
  /** Its name, else its file. */
  readonly name: string;
  readonly source: Source;
  readonly content: PolicyFile;
  readonly scope: Scope;
  readonly digest: Sha256;
  readonly rules: readonly Rule[];
};

/** An edition of a policy that a signature vouches for: never an older one again, where that can be remembered. */
export type SignedEdition = PolicyEdition & {
  readonly who: Who;
  /** What whoever signed was traced to, issuers included; absent for a pinned key. */
  readonly root?: Sha256;
  /** Who else might have signed it, each with what they would be traced to: an older edition by them is an older one. */
  readonly others?: readonly { readonly who: Who; readonly root?: Sha256 }[];
  /** Its file or address. */
  readonly where: string;
};

/** A policy that was loaded: valid, with all it refers to. */
export type Policy = {
  readonly name?: string;
  readonly serial?: number;
  readonly owner?: string;
  /** SHA-256 over RFC 8785 of the resolved policy. */
  readonly digest: Sha256;
  readonly warnings: readonly Problem[];
  /** Those listed; `default` exists beside them. */
  readonly environments: readonly string[];
  readonly trust?: {
    readonly root?: TrustRootFile;
    readonly timestamp?: { readonly urls: readonly string[] } | { readonly trial: string };
    readonly revocation?: RevocationDefinition;
  };
  readonly signers: ReadonlyMap<string, SignerDefinition>;
  readonly evidence?: { readonly store: string; readonly lock?: 'compliance' | 'governance' };
  readonly audit?: AuditDefinition;
  readonly notify: readonly NotifyDefinition[];
  /** Who approves, and as what. */
  readonly people: ReadonlyMap<string, PersonRule>;
  readonly roles: ReadonlyMap<string, RoleRule>;
  /** Who may sign verdicts. */
  readonly verifiers: readonly { readonly id: string; readonly by: SignerRule }[];
  /** Whose word counts on what platforms and histories say of people: the verifiers, who build nothing. */
  readonly collectors: readonly SignerRule[];
  /** Whose manifest closes a release. */
  readonly releases?: { readonly by: SignerDefinition };
  /** Who may waive a requirement. */
  readonly waivers?: WaiverRule;
  readonly certificates?: CertificatesDefinition;
  /** Who may revoke certificates, and cut off what was compromised. */
  readonly incident?: { readonly role: RoleRule };
  /** Approvals and waivers given before do not count. */
  readonly invalidateBefore?: Instant;
  /** The patterns of rules for files, for finding where to look. */
  readonly patterns: readonly string[];
  /** The files it is made of: the one everything builds on first, the one that was loaded last. */
  readonly layers: readonly Layer[];
  /** Whose signatures are accepted and never made. */
  readonly vendors: ReadonlyMap<string, VendorDefinition>;
  /** The editions of the policies it builds on by `signed-by`. */
  readonly signedBases: readonly SignedEdition[];
};
