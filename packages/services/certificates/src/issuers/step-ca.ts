import type { CertificateIssuer } from '@signwright/signing-core';
import { addressOf, askIssuer, type LastingOptions } from './ask-issuer.ts';
import { pemRequest } from './pem-request.ts';
import { readIssued } from './read-chain.ts';
import { describeToken } from './sayable.ts';

/**
 * step-ca, by an OIDC provisioner whose template certifies the token's claims (`POST /1.0/sign`; docs/step-ca.md has the template). The
 * ID token's audience is the provisioner's `clientID`. It takes each token once.
 *
 * @param options `ca` is its own root, by which it serves TLS.
 * @throws when it issues: SignwrightError `denied`, `configuration` where the address is of no step-ca or its TLS certificate is not
 * trusted, `invalid-input`, `unreachable`, `cancelled`.
 */
export function createStepCaIssuer(options: LastingOptions): CertificateIssuer {
  return {
    async issue(csr, idToken) {
      const answer = await askIssuer({
        what: 'step-ca',
        options,
        path: '/1.0/sign',
        // A duration of Go, from now on.
        body: {
          csr: pemRequest(csr),
          ott: idToken,
          ...(options.validity === undefined ? {} : { notAfter: `${options.validity}s` }),
        },
        token: idToken,
        next: `${describeToken(idToken)}: check that an OIDC provisioner is for that issuer, with that audience as its clientID; it takes a token once; its log says more`,
      });
      return readIssued(answer['certChain'], 'step-ca', addressOf(options.url, '').host);
    },
  };
}
