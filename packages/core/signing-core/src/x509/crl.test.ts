import {
  basicConstraints,
  CRL_CASES_AT,
  crlCases,
  der,
  issuingDistributionPoint,
  keyUsage,
  type TestRevoked,
  testAuthority,
  testCertificate,
  testCrl,
} from '@signwright/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageOf, SignwrightError } from '../error.ts';
import type { RevocationStatus } from '../revocation/revocation-status.ts';
import { parseCertificate } from './certificate.ts';
import { MAX_CRL, parseCrl } from './crl.ts';
import { statusByCrl } from './crl-status.ts';

const AT = CRL_CASES_AT.getTime();
const authority = testAuthority();
const leaf = authority.leaf();
const parsedLeaf = parseCertificate(leaf.der);
const ca = parseCertificate(authority.ca.der);
const listed = (more: Partial<TestRevoked> = {}): TestRevoked => ({ serialNumber: leaf.serialNumber, ...more });
const status = (crl: Buffer, options: { maxAge?: number; at?: number } = {}): RevocationStatus =>
  statusByCrl(parseCrl(crl), parsedLeaf, ca, { at: AT, by: 'the CRL', ...options });

test.each(crlCases().map((one) => [one.what, one] as const))('a CRL: %s', (_, { crl, leaf: of, issuer, says }) => {
  const judge = (): RevocationStatus => {
    try {
      const by = parseCertificate(issuer.der);
      return statusByCrl(parseCrl(crl), parseCertificate(of.der), by, { at: AT, by: 'the CRL' });
    } catch (error) {
      if (error instanceof SignwrightError) return { status: 'unknown', why: error.message };
      throw error;
    }
  };
  const found = judge();
  if (typeof says === 'string') expect(found.status).toBe(says);
  else expect(found).toEqual({ status: 'unknown', why: expect.stringMatching(says) });
});

test('it says when, why and since when a certificate is revoked', () => {
  const revokedAt = new Date('2026-05-01T00:00:00Z');
  const invalidFrom = new Date('2026-04-01T00:00:00Z');
  expect(status(testCrl(authority.ca, { revoked: [listed({ revokedAt, invalidFrom, reason: 4 })] }))).toEqual({
    status: 'revoked',
    revokedAt: revokedAt.getTime(),
    invalidFrom: invalidFrom.getTime(),
    reason: 'superseded',
    asOf: Date.parse('2026-06-01T00:00:00Z'),
    by: 'the CRL',
  });
  expect(status(testCrl(authority.ca, { revoked: [listed()] }))).toMatchObject({ reason: 'unspecified' });
});

test('of a certificate that is listed twice the worse counts, in whatever order', () => {
  const [mild, bad] = [listed({ reason: 4 }), listed({ reason: 1, revokedAt: new Date('2026-05-20T00:00:00Z') })];
  const hold = listed({ reason: 6 });
  for (const revoked of [
    [mild, bad],
    [bad, mild],
    [hold, bad],
    [bad, hold],
  ])
    expect(status(testCrl(authority.ca, { revoked }))).toMatchObject({ reason: 'keyCompromise' });
});

test('it tells what it is', () => {
  const made = testCrl(authority.ca, { number: 70_000, revoked: [listed(), { serialNumber: Buffer.of(7) }] });
  const crl = parseCrl(made);
  expect(crl).toMatchObject({
    number: 70_000n,
    size: 2,
    thisUpdate: Date.parse('2026-06-01'),
    nextUpdate: Date.parse('2026-06-08'),
  });
  expect(crl.issuer.equals(authority.ca.name) && crl.der.equals(made)).toBe(true);
  expect(crl.isSignedBy(ca)).toBe(true);
  expect(crl.isSignedBy(parseCertificate(authority.root.der))).toBe(false);
  const renamed = testCertificate({
    subject: 'renamed',
    keys: authority.ca.keys,
    extensions: [basicConstraints(true), keyUsage(0x06)],
  });
  expect(crl.isSignedBy(parseCertificate(renamed.der))).toBe(false);
});

test('a CRL older than the policy allows says nothing, one just as old does', () => {
  const crl = testCrl(authority.ca);
  expect(status(crl, { maxAge: 12 * 3600 })).toMatchObject({ status: 'good' });
  expect(status(crl, { maxAge: 12 * 3600 - 1 })).toMatchObject({ why: expect.stringMatching(/older than max-age/) });
});

test('it counts to the very instant of its next update, whatever the clock does', () => {
  const crl = testCrl(authority.ca);
  const end = Date.parse('2026-06-08T00:00:00Z');
  expect([end, end + 1].map((at) => status(crl, { at }).status)).toEqual(['good', 'unknown']);
  const begin = Date.parse('2026-06-01T00:00:00Z') - 5 * 60_000;
  expect([begin - 1, begin].map((at) => status(crl, { at }).status)).toEqual(['unknown', 'good']);
});

test('a CRL for CA certificates says something of a CA', () => {
  const root = testCertificate({ subject: 'root', extensions: [basicConstraints(true), keyUsage(0x06)] });
  const below = testCertificate({ subject: 'CA', issuer: root, extensions: [basicConstraints(true), keyUsage(0x06)] });
  const judge = (kind: 1 | 2): string =>
    statusByCrl(
      parseCrl(testCrl(root, { extensions: [issuingDistributionPoint(kind)] })),
      parseCertificate(below.der),
      parseCertificate(root.der),
      { at: AT, by: 'x' },
    ).status;
  expect([judge(2), judge(1)]).toEqual(['good', 'unknown']);
});

test('a CRL of a CA of the same name and another key says nothing, even of the certificates it lists', () => {
  const twin = testCertificate({ subject: 'test CA', extensions: [basicConstraints(true), keyUsage(0x06)] });
  const crl = parseCrl(testCrl(twin, { revoked: [listed()] }));
  for (const issuer of [ca, parseCertificate(twin.der)])
    expect(statusByCrl(crl, parsedLeaf, issuer, { at: AT, by: 'x' }).status).toBe('unknown');
});

describe('a CRL is refused', () => {
  const good = testCrl(authority.ca, { revoked: [listed({ reason: 1 })] });
  const replaced = (from: Buffer, to: Buffer): Buffer => {
    const at = good.indexOf(from);
    if (at < 0 || from.length !== to.length) throw new Error('nothing to replace');
    return Buffer.concat([good.subarray(0, at), to, good.subarray(at + from.length)]);
  };
  const withEntry = (...more: TestRevoked[]): Buffer => testCrl(authority.ca, { revoked: more });
  const reason = (value: Buffer): TestRevoked => listed({ extensions: [{ oid: '2.5.29.21', value }] });

  test.each([
    ['that is huge', () => Buffer.alloc(MAX_CRL + 1)],
    ['that is empty', () => Buffer.alloc(0)],
    ['that is cut short', () => good.subarray(0, good.length - 1)],
    ['with something behind its end', () => Buffer.concat([good, Buffer.of(0)])],
    ['that is a certificate', () => leaf.der],
    ['that is PEM', () => Buffer.from(`-----BEGIN X509 CRL-----\n${good.toString('base64')}\n-----END X509 CRL-----\n`)],
    ['with a month 13', () => replaced(Buffer.from('260601000000Z'), Buffer.from('261301000000Z'))],
    ['with a reason nobody defined', () => withEntry(reason(Buffer.of(0x0a, 1, 7)))],
    ['with a reason that is no number', () => withEntry(reason(der.NULL))],
    ['with a reason of two bytes', () => withEntry(reason(Buffer.of(0x0a, 2, 0, 1)))],
    [
      'with two reasons',
      () => withEntry(listed({ reason: 1, extensions: [{ oid: '2.5.29.21', value: Buffer.of(0x0a, 1, 4) }] })),
    ],
    [
      'with a padded serial number',
      () =>
        replaced(
          Buffer.concat([Buffer.of(2, 16), leaf.serialNumber]),
          Buffer.concat([Buffer.of(2, 16, 0, 0x40), leaf.serialNumber.subarray(2)]),
        ),
    ],
    [
      'with a distribution point relative to its issuer',
      () =>
        testCrl(authority.ca, {
          extensions: [
            { oid: '2.5.29.28', critical: true, value: der.sequence(der.explicit(0, der.explicit(1, der.sequence()))) },
          ],
        }),
    ],
    ['with an extension twice', () => testCrl(authority.ca, { extensions: [{ oid: '2.5.29.20', value: der.integer(1) }] })],
  ])('%s', (_, make) => {
    expect(() => parseCrl(make(), 'the CRL of the test')).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(/^the CRL of the test cannot be read: /) }),
    );
  });

  test('wherever one bit of it is another: what is revoked never becomes good', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(good);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          expect(status(changed).status).not.toBe('good');
        } catch (error) {
          expect(error instanceof SignwrightError, messageOf(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('or where bytes of it are missing or repeated', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length }), fc.nat({ max: good.length }), (from, to) => {
        try {
          expect(status(Buffer.concat([good.subarray(0, from), good.subarray(to)])).status).toBe(
            from === to ? 'revoked' : 'unknown',
          );
        } catch (error) {
          expect(error instanceof SignwrightError, messageOf(error)).toBe(true);
        }
      }),
    );
  });
});

test('a CRL of 100,000 entries is read in less than two seconds, every one of them, and the rest is good', () => {
  const serial = (index: number): Buffer => Buffer.from(`40${index.toString(16).padStart(30, '0')}`, 'hex');
  const at = new Date('2026-05-01T00:00:00Z');
  const revoked = Array.from({ length: 100_000 }, (_, index) => ({
    serialNumber: serial(index),
    reason: 1,
    revokedAt: at,
    invalidFrom: at,
  }));
  const large = testCrl(authority.ca, { revoked });
  const begin = performance.now();
  const crl = parseCrl(large);
  const took = performance.now() - begin;
  expect(crl.isSignedBy(ca)).toBe(true);
  expect(crl.size).toBe(100_000);
  for (const index of [0, 1, 99_999]) expect(crl.find(serial(index))).toMatchObject({ reason: 'keyCompromise' });
  expect(crl.find(serial(100_000))).toBeUndefined();
  expect(took).toBeLessThan(2000);
});
