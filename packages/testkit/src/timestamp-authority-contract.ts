import { randomBytes, X509Certificate } from 'node:crypto';
import { type Authority, parseCertificate, type TimestampAuthority, verifyTimestamp } from '@signwright/signing-core';
import { RFC3161Timestamp } from '@sigstore/core';
import { describe, expect, it } from 'vitest';

/** An authority, its certificates in PEM (its own first, the root last), and the time it lives in. */
export type TimestampAuthorityFixture = { authority: TimestampAuthority; certificateChain: string; now: () => Date };

const MINUTE_MS = 60_000;

/** What every TimestampAuthority keeps to. */
export function timestampAuthorityContract(name: string, make: () => Promise<TimestampAuthorityFixture>): void {
  describe(`${name}, as a TimestampAuthority`, () => {
    it('answers with a granted timestamp that traces to its root, for now', async () => {
      const { authority, certificateChain, now } = await make();
      const signature = randomBytes(70);
      const { at } = verifyTimestamp(await authority.timestamp(signature), signature, [authorityOf(certificateChain)]);
      expect(Math.abs(at - now().getTime())).toBeLessThanOrEqual(MINUTE_MS);
    });

    it('answers in a form that sigstore-js accepts', async () => {
      const { authority, certificateChain } = await make();
      const signature = randomBytes(256);
      const timestamp = RFC3161Timestamp.parse(Buffer.from(await authority.timestamp(signature)));
      const own = new X509Certificate(blocksOf(certificateChain)[0] as string);
      expect(timestamp.status).toBe(0n);
      expect(() => timestamp.verify(signature, own.publicKey)).not.toThrow();
      expect(() => timestamp.verify(Buffer.from('another'), own.publicKey)).toThrow();
    });

    it('does not answer for one signature with the time of another', async () => {
      const { authority, certificateChain } = await make();
      const roots = [authorityOf(certificateChain)];
      const signatures = Array.from({ length: 16 }, () => randomBytes(70));
      const answers = await Promise.all(signatures.map((signature) => authority.timestamp(signature)));
      answers.forEach((answer, index) => {
        expect(() => verifyTimestamp(answer, signatures[index] as Buffer, roots)).not.toThrow();
        expect(() => verifyTimestamp(answer, signatures[(index + 1) % 16] as Buffer, roots)).toThrow(/over something else/);
      });
      const serials = answers.map((answer) => RFC3161Timestamp.parse(Buffer.from(answer)).tstInfo.raw.toString('hex'));
      expect(new Set(serials).size).toBe(serials.length);
    });
  });
}

function authorityOf(pem: string): Authority {
  const [first, ...rest] = blocksOf(pem).map((block) => parseCertificate(new X509Certificate(block).raw));
  if (first === undefined) throw new TypeError('no certificate');
  return { chain: [first, ...rest], validFrom: first.notBefore };
}

function blocksOf(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
