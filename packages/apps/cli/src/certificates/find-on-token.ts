import type { FoundCertificate } from '@signwright/certificates';
import { messageOf, parseTokenReference, SignwrightError } from '@signwright/signing-core';
import type { FoundIn } from './find-in-files.ts';

/**
 * Finds the certificates on a PKCS#11 token.
 *
 * @param uri RFC 7512; `object` and `id` may be left out.
 * @throws SignwrightError as the token does.
 */
export async function findOnToken(uri: string, signal: AbortSignal): Promise<FoundIn> {
  const reference = parseTokenReference(uri);
  const { listPkcs11Certificates } = await import('@signwright/signer-pkcs11');
  const { readFacts } = await import('@signwright/certificates');
  const unread: string[] = [];
  const place = uri.replace(/\?.*$/s, '');
  const listed = await listPkcs11Certificates(reference, { environment: process.env, signal });
  const found = listed.flatMap(({ der, label, keyReference }): FoundCertificate[] => {
    try {
      const { facts, ...use } = readFacts(der, `the certificate "${label}" of ${place}`);
      return [{ facts, found: 'pkcs11', place, ...use, ...(keyReference === undefined ? {} : { keyReference }) }];
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      unread.push(messageOf(error));
      return [];
    }
  });
  return { found, unread };
}
