import type { CertificateIssuer, JsonObject } from '@signwright/signing-core';
import { addressOf, askIssuer, type IssuerOptions } from './ask-issuer.ts';
import { pemRequest } from './pem-request.ts';
import { readIssued } from './read-chain.ts';
import { describeToken } from './sayable.ts';

/**
 * Fulcio, one's own or the public one, by its API v2 (`POST /api/v2/signingCert`, fulcio.proto of sigstore/protobuf-specs): certifies a
 * key for ten minutes for whom an ID token of an issuer in its configuration names.
 *
 * @throws when it issues: SignwrightError `denied`, `configuration` where the address is of no Fulcio, `invalid-input`, `unreachable`,
 * `cancelled`.
 */
export function createFulcioIssuer(options: IssuerOptions): CertificateIssuer {
  return {
    async issue(csr, idToken) {
      const answer = await askIssuer({
        what: 'Fulcio',
        options,
        path: '/api/v2/signingCert',
        body: {
          credentials: { oidcIdentityToken: idToken },
          certificateSigningRequest: Buffer.from(pemRequest(csr)).toString('base64'),
        },
        token: idToken,
        next: `${describeToken(idToken)}: check that Fulcio's configuration has that issuer, with that audience as its client-id; its log says more`,
      });
      const signed = member(answer, 'signedCertificateEmbeddedSct') ?? member(answer, 'signedCertificateDetachedSct');
      return readIssued(signed && member(signed, 'chain')?.['certificates'], 'Fulcio', addressOf(options.url, '').host);
    },
  };
}

function member(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
