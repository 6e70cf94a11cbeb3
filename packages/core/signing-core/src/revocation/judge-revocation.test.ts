import { basicConstraints, keyUsage, type TestCertificateSpec, testAuthority, testCertificate } from '@signwright/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from '../x509/certificate.ts';
import { type AnsweredCertificate, judgeRevocation } from './judge-revocation.ts';
import { listedIn, type ReliedOn, reliedOn } from './relied-on.ts';
import { badSince, REVOCATION_REASONS, type RevocationReason, type RevocationStatus } from './revocation-status.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-06-01T12:00:00Z');
const authority = testAuthority();
const ISSUING = parseCertificate(authority.ca.der);
const ROOT = parseCertificate(authority.root.der);
const LISTED = { chain: [ISSUING, ROOT], validFrom: 0 } as const;

const leaf = (spec: TestCertificateSpec = {}) => parseCertificate(authority.leaf(spec).der);
const path = (spec: TestCertificateSpec = {}, withoutRevocation?: number): ReliedOn[] =>
  reliedOn(leaf(spec), { ...LISTED, ...(withoutRevocation === undefined ? {} : { withoutRevocation }) }, 'signer');
const GOOD: RevocationStatus = { status: 'good', asOf: NOON, by: 'the CRL of test' };
const UNKNOWN: RevocationStatus = { status: 'unknown', why: 'the CRL is stale' };
const NOBODY: RevocationStatus = { status: 'unknown', why: 'it names nobody', nobody: true };
const revoked = (reason: RevocationReason, invalidFrom?: number): RevocationStatus => ({
  status: 'revoked',
  revokedAt: NOON,
  reason,
  asOf: NOON + HOUR,
  by: 'the CRL of test',
  ...(invalidFrom === undefined ? {} : { invalidFrom }),
});
const asked = (of: readonly ReliedOn[], ...statuses: RevocationStatus[]): AnsweredCertificate[] =>
  of.map((one, at) => ({ of: one, status: statuses[at] ?? GOOD }));
const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];
const HARMLESS: RevocationReason[] = ['superseded', 'cessationOfOperation', 'affiliationChanged'];

describe('a path', () => {
  test('is every certificate below its root, the leaf first', () => {
    const of = path();
    expect(of.map(({ certificate, issuer, listed }) => [certificate.subjectText, issuer.subjectText, listed])).toEqual([
      ['', 'CN=test CA', false],
      ['CN=test CA', 'CN=test root', true],
    ]);
    expect(listedIn([ROOT], 'timestamp')).toEqual([]);
  });

  test('is good where all of it is', () => {
    expect(judgeRevocation(asked(path()), NOON)).toEqual({ status: 'good' });
    expect(judgeRevocation([], NOON)).toEqual({ status: 'good' });
  });

  test('is revoked where any of it is, though another is unknown', () => {
    expect(judgeRevocation(asked(path(), UNKNOWN, revoked('cACompromise')), NOON)).toMatchObject({ status: 'revoked' });
    expect(judgeRevocation(asked(path(), revoked('keyCompromise'), UNKNOWN), NOON)).toMatchObject({ status: 'revoked' });
  });
});

describe('what was signed before a revocation', () => {
  test.each(HARMLESS)('counts where the reason is %s, and not from then on', (reason) => {
    const by = asked(path(), revoked(reason));
    expect(judgeRevocation(by, NOON - 1)).toEqual({ status: 'good' });
    expect(judgeRevocation(by, NOON)).toMatchObject({ status: 'revoked' });
  });

  test.each(REASONS.filter((reason) => !HARMLESS.includes(reason)))('does not count where it is %s', (reason) => {
    expect(judgeRevocation(asked(path(), revoked(reason)), NOON - 10_000 * HOUR)).toMatchObject({ status: 'revoked' });
  });

  test('counts before the invalidity date, where there is one', () => {
    const by = asked(path(), revoked('keyCompromise', NOON - HOUR));
    expect(judgeRevocation(by, NOON - HOUR - 1)).toEqual({ status: 'good' });
    expect(judgeRevocation(by, NOON - HOUR)).toMatchObject({ status: 'revoked' });
  });

  test('is bad from the instant that the reason says on, whichever it is', () => {
    const instant = fc.integer({ min: NOON - 100 * HOUR, max: NOON + 100 * HOUR });
    fc.assert(
      fc.property(fc.constantFrom(...REASONS), fc.option(instant, { nil: undefined }), instant, (reason, invalidFrom, at) => {
        const status = revoked(reason, invalidFrom);
        const bad = judgeRevocation(asked(path(), status), at).status === 'revoked';
        expect(bad).toBe(at >= badSince(status as Parameters<typeof badSince>[0]));
      }),
    );
  });

  test('a timestamp by a stolen key counts never, whatever date it claims', () => {
    const [of] = listedIn([leaf(), ROOT], 'timestamp');
    expect(judgeRevocation(asked([of as ReliedOn], revoked('keyCompromise', NOON - HOUR)), NOON - 2 * HOUR)).toMatchObject({
      status: 'revoked',
      message: expect.stringMatching(/nothing that was timestamped under it counts$/) as string,
    });
    expect(judgeRevocation(asked([of as ReliedOn], revoked('superseded')), NOON - 2 * HOUR)).toEqual({ status: 'good' });
  });

  test('the message says which certificate, when, why, who says so, and what that means', () => {
    const of = path();
    const serial = of[0]?.certificate.serialNumber.toString('hex');
    const message = (status: RevocationStatus): unknown =>
      (judgeRevocation(asked(of, status), NOON) as { message: string }).message;
    expect(message(revoked('keyCompromise'))).toBe(
      `the signer's certificate of https://git.example/acme/app//ci.yml@refs/heads/main (serial ${serial}) was revoked at 2026-06-01T12:00:00.000Z (keyCompromise), as the CRL of test of 2026-06-01T13:00:00.000Z says: nothing that was signed under it counts`,
    );
    expect(message(revoked('superseded'))).toMatch(
      /: what was signed under it from 2026-06-01T12:00:00\.000Z on does not count, and this was at 2026-06-01T12:00:00\.000Z$/,
    );
  });
});

describe('where nobody knows', () => {
  test('a leaf is unknown, and it says why', () => {
    for (const status of [UNKNOWN, NOBODY])
      expect(judgeRevocation(asked(path(), status), NOON)).toMatchObject({
        status: 'unknown',
        message: expect.stringContaining((status as { why: string }).why) as string,
      });
  });

  test('what the trust root lists itself needs an answer only where somebody could give one', () => {
    expect(judgeRevocation(asked(path(), GOOD, NOBODY), NOON)).toEqual({ status: 'good' });
    expect(judgeRevocation(asked(path(), GOOD, UNKNOWN), NOON)).toMatchObject({ status: 'unknown' });
  });

  test('a leaf that lives no longer than its authority may do without needs no answer; one second more, and it does', () => {
    const lives = (seconds: number): TestCertificateSpec => ({
      notBefore: new Date(NOON),
      notAfter: new Date(NOON + seconds * 1000),
    });
    expect(judgeRevocation(asked(path(lives(600), 600), NOBODY), NOON)).toEqual({ status: 'good' });
    expect(judgeRevocation(asked(path(lives(600), 600), UNKNOWN), NOON)).toEqual({ status: 'good' });
    expect(judgeRevocation(asked(path(lives(601), 600), NOBODY), NOON)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('may do without for certificates of 600 s, and this one is of 601 s') as string,
    });
    expect(judgeRevocation(asked(path(lives(600)), NOBODY), NOON)).toMatchObject({ status: 'unknown' });
  });

  test('a brief leaf that is known to be revoked is bad all the same', () => {
    const brief = path({ notBefore: new Date(NOON), notAfter: new Date(NOON + 600_000) }, 600);
    expect(judgeRevocation(asked(brief, revoked('keyCompromise')), NOON)).toMatchObject({ status: 'revoked' });
  });

  test('an intermediate of an authority without revocation is no leaf of it', () => {
    const between = parseCertificate(
      testCertificate({ subject: 'between', issuer: authority.root, extensions: [basicConstraints(true), keyUsage(0x04)] }).der,
    );
    const of = reliedOn(leaf(), { chain: [between, ROOT], validFrom: 0, withoutRevocation: 7 * 86_400 }, 'signer');
    expect(judgeRevocation(asked(of.slice(1), UNKNOWN), NOON)).toMatchObject({ status: 'unknown' });
  });
});
