/** Issues short-lived certificates for the workload an ID token names. */
export interface CertificateIssuer {
  /**
   * @param csr PKCS#10, DER, signed by the key to be certified.
   * @param idToken an OpenID Connect ID token, as a compact JWT.
   * @returns the chain in DER, leaf first.
   * @throws SignwrightError `denied` where the issuer refuses, `unreachable` where it was not reached.
   */
  issue(csr: Uint8Array, idToken: string): Promise<readonly Uint8Array[]>;
}
