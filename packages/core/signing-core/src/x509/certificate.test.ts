import { der, LEAF_PROFILE, testAuthority, testCertificate, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { isTrial, parseCertificate } from './certificate.ts';
import { checkPath } from './path.ts';

const authority = testAuthority();

test('a certificate is read as it was made', () => {
  const made = testCertificate({ subject: 'reader', notAfter: new Date('2060-01-01T00:00:00Z'), extensions: LEAF_PROFILE });
  const read = parseCertificate(made.der);
  expect(read.subjectText).toBe('CN=reader');
  expect(read.subject.equals(made.name) && read.issuer.equals(made.name)).toBe(true);
  expect(read.serialNumber.equals(made.serialNumber)).toBe(true);
  expect(new Date(read.notBefore).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  expect(new Date(read.notAfter).toISOString()).toBe('2060-01-01T00:00:00.000Z');
  expect(read.publicKey.equals(made.keys.publicKey)).toBe(true);
  expect(isTrial(read)).toBe(false);
});

test('a leaf without a subject, as Fulcio makes them, is read', () => {
  expect(parseCertificate(authority.leaf().der).subjectText).toBe('');
});

test('a genuine certificate hidden as PEM in a forged one does not vouch for it', () => {
  const genuine = authority.leaf({ keys: testKeys('p256', 'attacker') });
  const pem = `\n-----BEGIN CERTIFICATE-----\n${genuine.der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  const forged = testCertificate({
    subject: 'forged',
    keys: testKeys('p256', 'attacker'),
    issuer: authority.ca,
    signedWith: testKeys('p256', 'attacker').privateKey,
    extensions: [...LEAF_PROFILE, { oid: '1.2.3', value: Buffer.from(pem) }],
  });
  const chain = [parseCertificate(authority.ca.der), parseCertificate(authority.root.der)] as const;
  expect(() => checkPath(parseCertificate(forged.der), { chain, validFrom: 0 }, Date.parse('2026-06-01'), 'codeSigning')).toThrow(
    'OpenSSL reads another certificate in it',
  );
});

const at = (good: Buffer, from: Buffer, to: Buffer): Buffer => {
  const place = good.indexOf(from);
  expect(place).toBeGreaterThan(0);
  return Buffer.concat([good.subarray(0, place), to, good.subarray(place + from.length)]);
};
const good = testCertificate({ subject: 'good', extensions: LEAF_PROFILE }).der;

const withExtension = (...rest: readonly Buffer[]): Buffer =>
  testCertificate({ extensions: [{ oid: '', value: der.NULL, written: der.sequence(der.oid('1.2.3'), ...rest) }] }).der;

test.each([
  ['version 2', () => testCertificate({ version: 2, extensions: LEAF_PROFILE }).der],
  ['an extension in pieces', () => withExtension(der.tlv(0x24, der.octetString(Buffer.of(5, 0))))],
  ['an extension that is no octet string', () => withExtension(der.utf8String('x'))],
  [
    'an extension with something more',
    () => withExtension(der.boolean(true), der.octetString(Buffer.of(5, 0)), der.octetString(Buffer.of(5, 0))),
  ],
  ['version 1', () => testCertificate({ version: 1 }).der],
  [
    'a duplicate extension',
    () => testCertificate({ extensions: [...LEAF_PROFILE, LEAF_PROFILE[0] as (typeof LEAF_PROFILE)[0]] }).der,
  ],
  ['something behind its end', () => Buffer.concat([good, Buffer.of(0)])],
  ['nothing in it', () => Buffer.alloc(0)],
  ['half of it missing', () => good.subarray(0, good.length / 2)],
  ['more than 64 KiB', () => testCertificate({ extensions: [{ oid: '1.2.3', value: Buffer.alloc(70_000) }] }).der],
  ['PEM', () => Buffer.from(`-----BEGIN CERTIFICATE-----\n${good.toString('base64')}\n-----END CERTIFICATE-----\n`)],
  ['two different signature algorithms', () => at(good, der.oid('1.2.840.10045.4.3.2'), der.oid('1.2.840.10045.4.3.3'))],
  ['31 February', () => at(good, Buffer.from('260101000000Z'), Buffer.from('260231000000Z'))],
  ['a minute 60', () => at(good, Buffer.from('260101000000Z'), Buffer.from('260101006000Z'))],
  ['a time zone', () => at(good, Buffer.from('260101000000Z'), Buffer.from('26010100+0100'))],
  ['malformed key usage', () => testCertificate({ extensions: [{ oid: '2.5.29.15', value: Buffer.of(5, 0) }] }).der],
  ['malformed purposes', () => testCertificate({ extensions: [{ oid: '2.5.29.37', value: Buffer.of(0x30, 2, 5, 0) }] }).der],
  [
    'malformed basic constraints',
    () => testCertificate({ extensions: [{ oid: '2.5.29.19', value: Buffer.of(0x30, 3, 1, 1, 1) }] }).der,
  ],
  ['an extension that is no DER', () => testCertificate({ extensions: [{ oid: '2.5.29.14', value: Buffer.of(4, 9, 1) }] }).der],
])('a certificate with %s is refused', (_, bytes) => {
  expect(() => parseCertificate(bytes(), 'the leaf')).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(/^the leaf cannot be read: /) }),
  );
});

test('whatever bytes are given, the answer is a certificate or a refusal in our words', () => {
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (position, byte) => {
      const bytes = Buffer.from(good);
      bytes[position] = byte;
      try {
        parseCertificate(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(SignwrightError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('no changed byte of a leaf survives the check of its path', () => {
  const leaf = authority.leaf().der;
  const chain = [parseCertificate(authority.ca.der), parseCertificate(authority.root.der)] as const;
  fc.assert(
    fc.property(fc.nat(leaf.length * 8 - 1), (bit) => {
      const bytes = Buffer.from(leaf);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => checkPath(parseCertificate(bytes), { chain, validFrom: 0 }, Date.parse('2026-06-01'), 'codeSigning')).toThrow(
        SignwrightError,
      );
    }),
    { numRuns: 500 },
  );
});
