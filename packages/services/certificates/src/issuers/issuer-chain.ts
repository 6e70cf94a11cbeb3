/** What an issuer says it certifies by, and for whom. */
export type IssuerChain = {
  /** Each in PEM, the issuing CA first and the root last, as `addToTrustRoot` takes them; more than one where several CAs issue. */
  readonly chains: readonly [string, ...string[]];
  /** The OIDC issuers whose tokens it says it takes, for a person to choose from: nothing vouches for this list but its TLS. */
  readonly issuers: readonly string[];
};
