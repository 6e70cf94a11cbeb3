import type { RevocationStatus } from '../revocation/revocation-status.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Knows whether certificates are revoked: from CRLs, by OCSP. */
export interface RevocationSource {
  /**
   * What is known of a certificate, by an answer that its issuer vouches for. Never throws for an answer that is missing, stale or
   * wrong: that is `unknown`, and says why.
   *
   * @param issuer the CA that issued it, of the trust root.
   * @param at milliseconds since 1970 UTC, now: an answer counts from its thisUpdate to its nextUpdate.
   * @throws SignwrightError `cancelled`.
   */
  status(certificate: Certificate, issuer: Certificate, at: number): Promise<RevocationStatus>;
}
