import { X509Certificate } from 'node:crypto';
import { messageOf, SignwrightError } from '@signwright/signing-core';

const LONGEST_CHAIN = 8;
const LONGEST_PEM = 65_536;
const ONE = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

/**
 * Reads the chain of an answer: certificates in PEM, one each.
 *
 * @param what who answered, for messages.
 * @throws SignwrightError `invalid-input` where it is not 1 to 8 certificates.
 */
export function readChain(value: unknown, what: string, host: string): [X509Certificate, ...X509Certificate[]] {
  const fail = (why: string, cause?: unknown): never => {
    throw new SignwrightError('invalid-input', `the certificates of ${what} ${why}`, { where: host, cause });
  };
  if (!Array.isArray(value) || value.length > LONGEST_CHAIN) return fail(`are not a list of 1 to ${LONGEST_CHAIN}`);
  const chain = value.map((pem: unknown) => {
    if (typeof pem !== 'string' || pem.length > LONGEST_PEM || !ONE.test(pem)) return fail('are not in PEM, one each');
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      return fail(`cannot be read: ${messageOf(cause)}`, cause);
    }
  });
  const [first, ...rest] = chain;
  return first === undefined ? fail(`are not a list of 1 to ${LONGEST_CHAIN}`) : [first, ...rest];
}

/**
 * Reads the chain that was issued: the leaf, then each certificate's issuer.
 *
 * @returns DER, leaf first.
 * @throws SignwrightError `invalid-input`.
 */
export function readIssued(value: unknown, what: string, host: string): Uint8Array[] {
  const chain = readChain(value, what, host);
  chain.forEach((certificate, at) => {
    const issuer = chain[at + 1];
    const linked = issuer === undefined || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
    if (certificate.ca === at > 0 && linked) return;
    throw new SignwrightError('invalid-input', `the certificates of ${what} are no chain with the leaf first`, { where: host });
  });
  return chain.map(({ raw }) => raw);
}
