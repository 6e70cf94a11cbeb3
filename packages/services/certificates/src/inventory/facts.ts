import { X509Certificate } from 'node:crypto';
import {
  type Certificate,
  hasControlCharacter,
  identityOf,
  keyIdOf,
  parseCertificate,
  Refused,
  SignwrightError,
  sanOf,
} from '@signwright/signing-core';
import type { CertificateFacts, CertificateUse } from './events.ts';

/** Characters of a name, at the most: of the longest that a CA is asked for in practice, some hundred. */
export const MAX_NAME = 4096;
const MAX_SERIAL = 32;

/**
 * What a certificate in DER says of itself, and the environments it is for where it says.
 *
 * @throws SignwrightError `invalid-input` where it is none, or its names or serial number are longer than anybody needs.
 */
export function readFacts(der: Uint8Array, what?: string): { facts: CertificateFacts } & Pick<CertificateUse, 'environments'> {
  const certificate = parseCertificate(der, what);
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${what ?? 'the certificate'} ${why}`);
  };
  const san = quietly(() => sanOf(certificate));
  const environments = quietly(() => identityOf(certificate).environments);
  const issuer = lineOf(new X509Certificate(certificate.der).issuer);
  const facts: CertificateFacts = {
    digest: `sha256:${certificate.fingerprint}`,
    serial: serialOf(certificate),
    issuer,
    subject: certificate.subjectText,
    ...(san === undefined ? {} : { san }),
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    key: keyIdOf(certificate.publicKey),
  };
  for (const name of [facts.issuer, facts.subject, san ?? '']) {
    if (name.length > MAX_NAME) fail(`has a name of ${name.length} characters; at most ${MAX_NAME} are kept`);
    if (hasControlCharacter(name)) fail('has a name with control characters');
  }
  if (facts.serial.length > 2 * MAX_SERIAL) fail(`has a serial number of ${facts.serial.length / 2} bytes`);
  return { facts, ...(environments === undefined ? {} : { environments }) };
}

/** Serial numbers are DER INTEGERs, with a zero before them where they would look negative. */
function serialOf({ serialNumber }: Certificate): string {
  return serialNumber.toString('hex').replace(/^(00)+(?=..)/, '');
}

/** Node has `undefined` for an empty name, whatever its types say. */
function lineOf(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

/** Many certificates are not for signing code, and carry nothing of it. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
