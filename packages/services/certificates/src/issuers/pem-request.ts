/** A certificate request in PEM (RFC 7468). @param csr PKCS#10, DER. */
export function pemRequest(csr: Uint8Array): string {
  const lines =
    Buffer.from(csr)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
