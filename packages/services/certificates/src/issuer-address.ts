/** As policies take issuers: exact and by https, without user, query or fragment; and http on this machine alone. */
const ISSUER = /^(https:\/\/[^/?#@*\s]+|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?)(\/[^?#*\s]*)?$/;

/** Whether it is the exact URL of one OIDC issuer. */
export function isExactIssuer(address: string): boolean {
  return ISSUER.test(address) && URL.canParse(address);
}
