import { X509Certificate } from 'node:crypto';
import { algorithmsOf, SignwrightError } from '@signwright/signing-core';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_PEM = 262_144;
const LONGEST_CHAIN = 8;

/**
 * Reads a chain in PEM: each certificate issued by the next, the last by itself.
 *
 * @param what for messages: "the certificate authority".
 * @throws SignwrightError `invalid-input`; `configuration` where a key is weak.
 */
export function readPemChain(pem: string, what: string): [X509Certificate, ...X509Certificate[]] {
  const fail = (message: string, next?: string): never => {
    throw new SignwrightError('invalid-input', `${what}: ${message}`, next === undefined ? {} : { next });
  };
  if (pem.length > MAX_PEM) fail(`longer than ${MAX_PEM} characters`);
  const chain = (pem.match(BLOCK) ?? []).map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      return fail('a certificate cannot be read');
    }
  });
  const [first, ...rest] = chain;
  if (first === undefined) return fail('no certificate in PEM', 'give a file of -----BEGIN CERTIFICATE----- blocks');
  if (chain.length > LONGEST_CHAIN) fail(`${chain.length} certificates; at most ${LONGEST_CHAIN} are read`);
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1] ?? certificate;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      fail(
        `"${oneLine(certificate.subject)}" was not issued by ${issuer === certificate ? 'itself' : `"${oneLine(issuer.subject)}"`}`,
        'give the whole chain in order: the issuing certificate first, the self-signed root last',
      );
    }
    algorithmsOf(certificate.publicKey);
  });
  return [first, ...rest];
}

/** A distinguished name on one line. */
export function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
