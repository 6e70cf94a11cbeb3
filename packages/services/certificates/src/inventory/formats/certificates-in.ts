import { X509Certificate } from 'node:crypto';
import { SignwrightError } from '@signwright/signing-core';
import { loadX509 } from '../../trial/x509-library.ts';

const BLOCK = /-----BEGIN (CERTIFICATE|TRUSTED CERTIFICATE|X509 CERTIFICATE|PKCS7|CMS)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;
const PEM = '-----BEGIN ';

/** Certificates that are read out of one file, at the most. */
const MOST = 10_000;

/** A certificate in a file, as DER, and the line it begins in where the file is text. */
export type CertificateBytes = { readonly der: Buffer; readonly line?: number };

/**
 * The certificates in a file: PEM with one or more, DER, or PKCS#7 (CMS SignedData) in either form. Nothing of them is checked.
 *
 * @returns none where the file is something else.
 * @throws SignwrightError `invalid-input` where it begins like such a file and cannot be read.
 */
export async function certificatesIn(bytes: Buffer, what: string): Promise<CertificateBytes[]> {
  if (bytes[0] === SEQUENCE && !bytes.includes(PEM)) return derCertificates(bytes, what);
  if (!bytes.includes(PEM)) return [];
  const text = bytes.toString('latin1');
  const found: CertificateBytes[] = [];
  let line = 1;
  let counted = 0;
  for (const { 1: type, 2: base64 = '', index } of text.matchAll(BLOCK)) {
    line += text.slice(counted, index).split('\n').length - 1;
    counted = index;
    const der = Buffer.from(base64, 'base64');
    const where = `${what}:${line}`;
    if (type === 'PKCS7' || type === 'CMS') found.push(...(await bagOf(der, where)).map((one) => ({ der: one, line })));
    // OpenSSL's own form has settings behind the certificate.
    else found.push({ der: type === 'TRUSTED CERTIFICATE' ? firstIn(der, where) : der, line });
    if (found.length > MOST) throw tooMany(what);
  }
  return found;
}

const SEQUENCE = 0x30;

async function derCertificates(bytes: Buffer, what: string): Promise<CertificateBytes[]> {
  try {
    return [{ der: new X509Certificate(bytes).raw }];
  } catch {
    // A bag of certificates, or another of the many things that are written in DER.
  }
  if (!bytes.subarray(0, 32).includes(SIGNED_DATA)) return [];
  return (await bagOf(bytes, what)).map((der) => ({ der }));
}

/** 1.2.840.113549.1.7.2, the content type of PKCS#7 and CMS that certificates come in. */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');

async function bagOf(der: Buffer, where: string): Promise<Buffer[]> {
  const { X509Certificates } = await loadX509();
  try {
    const found = new X509Certificates(der).map(({ rawData }) => Buffer.from(rawData));
    if (found.length > MOST) throw tooMany(where);
    return found;
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('invalid-input', `${where}: PKCS#7 that cannot be read`, { cause });
  }
}

function firstIn(der: Buffer, where: string): Buffer {
  try {
    return new X509Certificate(der).raw;
  } catch (cause) {
    throw new SignwrightError('invalid-input', `${where}: a certificate that cannot be read`, { cause });
  }
}

function tooMany(what: string): SignwrightError {
  return new SignwrightError('invalid-input', `${what}: more than ${MOST} certificates`);
}
