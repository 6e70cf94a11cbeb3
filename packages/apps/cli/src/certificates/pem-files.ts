import { X509Certificate } from 'node:crypto';
import { readBounded } from '@signwright/files';
import { MAX_CSR, messageOf, SignwrightError } from '@signwright/signing-core';

const MAX_FILE = 256 * 1024;
const REQUEST =
  /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** A certificate in PEM. */
export function pemOf(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

/** Reads a certificate request, in PEM or DER; what is in it is not looked at. @throws SignwrightError `invalid-input`. */
export async function readRequestFile(path: string): Promise<Buffer> {
  const bytes = await readBounded(path, 2 * MAX_CSR, 'the certificate request');
  const [, pem] = REQUEST.exec(bytes.toString('latin1')) ?? [];
  return pem === undefined ? bytes : Buffer.from(pem, 'base64');
}

/** Reads certificates, in PEM one after the other or one in DER. @throws SignwrightError `invalid-input` where there is none. */
export async function readCertificateFile(path: string): Promise<[Buffer, ...Buffer[]]> {
  const bytes = await readBounded(path, MAX_FILE, 'the certificate');
  const found = bytes.toString('latin1').match(CERTIFICATE);
  try {
    const [first, ...others] = (found ?? [bytes]).map((one) => new X509Certificate(one).raw);
    if (first !== undefined) return [first, ...others];
  } catch (cause) {
    throw new SignwrightError('invalid-input', `this is no certificate: ${messageOf(cause)}`, { where: path, cause });
  }
  throw new SignwrightError('invalid-input', 'there is no certificate in it', { where: path });
}
