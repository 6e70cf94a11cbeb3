import { type Certificate, derWriter, messageOf, parseCrl, SignwrightError } from '@signwright/signing-core';
import type { CrlContent } from './write-crl.ts';

const { elementsOf, integer } = derWriter;

/** Reads a new CRL as whoever relies on it does: all that was to be in it is. @throws SignwrightError `verification`. */
export function checkCrl(
  der: Buffer,
  issuer: Certificate,
  { number, thisUpdate, nextUpdate, entries }: Pick<CrlContent, 'number' | 'thisUpdate' | 'nextUpdate' | 'entries'>,
): void {
  try {
    const crl = parseCrl(der, 'the new CRL');
    const right =
      crl.isSignedBy(issuer) &&
      crl.number === BigInt(number) &&
      crl.thisUpdate === thisUpdate.getTime() &&
      crl.nextUpdate === nextUpdate.getTime() &&
      crl.keepsExpiredSince === issuer.notBefore &&
      crl.size === entries.length &&
      entries.every(({ serial, reason }) => crl.find(contentOf(serial))?.reason === reason);
    if (!right) throw new Error('it says something else than it should');
  } catch (cause) {
    throw new SignwrightError('verification', `the new CRL does not verify, and is not published: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Of the INTEGER that a serial number is. */
function contentOf(serial: string): Buffer {
  return elementsOf(integer(BigInt(`0x${serial}`)))[0] as Buffer;
}
