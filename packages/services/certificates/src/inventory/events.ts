import type { RevocationReason, Sha256 } from '@signwright/signing-core';

/** What a certificate says of itself. Times are ISO 8601. */
export type CertificateFacts = {
  readonly digest: Sha256;
  /** Hex, lower case, without leading zeros beyond a byte's two digits. */
  readonly serial: string;
  /** The distinguished names, for people. */
  readonly issuer: string;
  readonly subject: string;
  /** The one URI or e-mail address in it, where there is one. */
  readonly san?: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** base64 of SHA-256 over SubjectPublicKeyInfo. */
  readonly key: string;
};

/** Whose a certificate is, and what for; as far as it is known. */
export type CertificateUse = {
  readonly owner?: string;
  readonly purpose?: string;
  readonly environments?: readonly string[];
  readonly keyReference?: string;
};

/** Where a certificate that others issued was found. */
export const FOUND_IN = ['import', 'evidence', 'file', 'pkcs11', 'kms', 'issuer'] as const;
export type FoundIn = (typeof FOUND_IN)[number];

/**
 * What happened to certificates, one after the other; the inventory is what it comes to. `at` is by the writer's own clock, ISO 8601.
 */
export type CertificateEvent = {
  readonly at: string;
} /** A serial number is taken, before anything is signed with it: without `issued` a certificate may exist. */ & (
  | ({
      readonly type: 'reserved';
      readonly serial: string;
      readonly authority: string;
      readonly profile: string;
      readonly key: string;
      readonly san: string;
      /** The OIDC issuer the certificate names. */
      readonly issuer: string;
      readonly notBefore: string;
      readonly notAfter: string;
      /** The policy's name of the workload or person it is for. */
      readonly requester: string;
      /** The CI job that asked, where one did. */
      readonly job?: string;
      /** The evidence of what a person's request was granted on. */
      readonly proofs?: readonly Sha256[];
      /** The certificate it takes over from. */
      readonly renews?: Sha256;
    } & CertificateUse)
  /** The certificate with a reserved serial number exists. */
  | { readonly type: 'issued'; readonly authority: string; readonly serial: string; readonly digest: Sha256 }
  /** Another's CA issued it to a request of ours, or it was found. */
  | ({
      readonly type: 'known';
      readonly found: FoundIn;
      /** Where exactly: a path, a token's label, an address. */
      readonly place?: string;
      readonly facts: CertificateFacts;
      readonly authority?: string;
      readonly profile?: string;
      readonly requester?: string;
      readonly job?: string;
      readonly proofs?: readonly Sha256[];
      readonly renews?: Sha256;
    } & CertificateUse)
  /** Somebody said whose it is, or what for. */
  | ({ readonly type: 'described'; readonly digest: Sha256 } & Pick<CertificateUse, 'owner' | 'purpose'>)
  /** The `incident` role ordered it; `order` is the evidence of that. */
  | {
      readonly type: 'revoked';
      /** Of our own CA or root … */
      readonly authority?: string;
      readonly serial: string;
      /** … or of another's, by its digest: kept here, and to be revoked there. An intermediate of a root of ours has both. */
      readonly digest?: Sha256;
      readonly reason: RevocationReason;
      /** From when on the key may not have been its owner's. */
      readonly invalidFrom?: string;
      readonly by: string;
      readonly order: Sha256;
    }
  /** A CRL was made; it lies under its digest. */
  | {
      readonly type: 'crl';
      readonly authority: string;
      readonly number: number;
      readonly thisUpdate: string;
      readonly nextUpdate: string;
      readonly digest: Sha256;
    }
  /** Somebody renews it, and nobody else until then. */
  | { readonly type: 'renewing'; readonly digest: Sha256; readonly by: string; readonly until: string }
  /** Somebody was told that it expires within this many seconds. */
  | { readonly type: 'alerted'; readonly digest: Sha256; readonly threshold: number }
);
