import { basicConstraints, extendedKeyUsage, keyUsage, type TestCertificate, testCertificate } from './test-certificates.ts';
import {
  crlDistributionPoints,
  expiredCertsOnCrl,
  issuingDistributionPoint,
  type TestCrlSpec,
  type TestRevoked,
  testCrl,
} from './test-crls.ts';
import { freshKeys } from './test-keys.ts';
import { integer, NULL, sequence, tlv } from './write-der.ts';

/** What a CRL says of a certificate, at {@link CRL_CASES_AT}. */
export type CrlCase = {
  readonly what: string;
  readonly crl: Buffer;
  readonly leaf: TestCertificate;
  readonly issuer: TestCertificate;
  readonly root: TestCertificate;
  /** What is known then; a pattern is why nothing is. */
  readonly says: 'good' | 'revoked' | RegExp;
  /** Why OpenSSL comes to another answer, where it does. */
  readonly openssl?: string;
};

/** In the life of every CRL that is not told otherwise. */
export const CRL_CASES_AT: Date = new Date('2026-06-01T12:00:00Z');

const PLACE = 'http://crl.example/ca.crl';
const KEY_COMPROMISE = 1;
const HOLD = 6;
const REMOVE = 8;

/** The table of CRLs: right, wrong, stale, of others, and for others (RFC 5280, 5 and 6.3). */
export function crlCases(): readonly CrlCase[] {
  const keys = freshKeys();
  const root = testCertificate({ subject: 'CRL root', extensions: [basicConstraints(true), keyUsage(0x06)] });
  const authority = (usage: number, subject = 'CRL CA'): TestCertificate =>
    testCertificate({ subject, keys, issuer: root, extensions: [basicConstraints(true), keyUsage(usage)] });
  const ca = authority(0x06);
  const profile = [keyUsage(0x80), extendedKeyUsage(['codeSigning'])];
  const leaf = testCertificate({ subject: 'CRL leaf', issuer: ca, extensions: profile });
  const placed = testCertificate({ subject: 'CRL leaf', issuer: ca, extensions: [...profile, crlDistributionPoints(PLACE)] });
  const expired = testCertificate({
    subject: 'CRL leaf',
    issuer: ca,
    notAfter: new Date('2026-05-01T00:00:00Z'),
    extensions: profile,
  });
  const stranger = freshKeys().privateKey;
  const listed = (more: Partial<TestRevoked> = {}): readonly TestRevoked[] => [{ serialNumber: leaf.serialNumber, ...more }];
  const row = (
    what: string,
    spec: TestCrlSpec,
    says: CrlCase['says'],
    more: Partial<Pick<CrlCase, 'leaf' | 'issuer' | 'openssl'>> & { readonly by?: TestCertificate } = {},
  ): CrlCase => {
    const { by = more.issuer ?? ca, ...rest } = more;
    return { what, crl: testCrl(by, spec), leaf, issuer: ca, root, says, ...rest };
  };
  const before = (text: string): Date => new Date(`2026-05-${text}T00:00:00Z`);
  const STALE = { thisUpdate: before('01'), nextUpdate: before('08') };
  const STILL = 'it ignores what a CRL lists that it does not take; what is revoked stays so for us';
  return [
    row('an empty one', {}, 'good'),
    row('one that lists others', { revoked: [{ serialNumber: Buffer.of(7) }] }, 'good'),
    row('one that lists it', { revoked: listed() }, 'revoked'),
    row(
      'one that lists it, and why and since when',
      { revoked: listed({ reason: KEY_COMPROMISE, invalidFrom: before('02') }) },
      'revoked',
    ),
    row('one that lists it twice', { revoked: [...listed({ reason: 4 }), ...listed({ reason: KEY_COMPROMISE })] }, 'revoked'),
    row('one that has it on hold', { revoked: listed({ reason: HOLD }) }, 'revoked'),
    row('one that says to remove it', { revoked: listed({ reason: REMOVE }) }, /only a delta CRL says/, {
      openssl: 'it takes it for good, as in a delta CRL',
    }),
    row('a stale one', STALE, /it is stale: its next update was due 2026-05-08/),
    row('a stale one that lists it', { ...STALE, revoked: listed() }, 'revoked'),
    row('a stale one that has it on hold', { ...STALE, revoked: listed({ reason: HOLD }) }, /it is stale/, {
      openssl: 'it says of a stale one both, that it is stale and that it lists it',
    }),
    row('one of the future', { thisUpdate: new Date('2026-06-01T12:06:00Z') }, /it is of the future/),
    row('one of a clock that is four minutes ahead', { thisUpdate: new Date('2026-06-01T12:04:00Z') }, 'good', {
      openssl: 'it allows clocks no difference',
    }),
    row('one that does not say when the next comes', { nextUpdate: null }, /when the next one comes/, {
      openssl: 'it believes it for ever',
    }),
    row('one whose next update is before this one', { nextUpdate: before('01') }, /next update is not after/),
    row('one that another key signed', { signedWith: stranger }, /did not sign it/),
    row('one that another key signed, which lists it', { signedWith: stranger, revoked: listed() }, /did not sign it/),
    row('one of another issuer', {}, /of another issuer/, { by: authority(0x06, 'other CA') }),
    row('one of a CA that may not sign CRLs', {}, /may not sign CRLs/, { issuer: authority(0x04) }),
    row('version 1', { version: 1 }, /not version 2/, { openssl: 'it takes version 1' }),
    row('signed with SHA-1', { hash: 'sha1' }, /too weak or unknown/, { openssl: 'its levels judge certificates, not CRLs' }),
    row('signed with another algorithm than it says inside', { innerHash: 'sha384' }, /two different signature algorithms/, {
      openssl: 'it compares the two in certificates alone',
    }),
    row('a delta CRL', { extensions: [{ oid: '2.5.29.27', value: integer(1), critical: true }] }, /a delta CRL/, {
      openssl: 'unless it is told to use delta CRLs, it takes one for complete',
    }),
    row(
      'a critical extension nobody knows',
      { extensions: [{ oid: '1.2.3', value: NULL, critical: true }] },
      /critical extension 1\.2\.3/,
    ),
    row('an extension nobody knows', { extensions: [{ oid: '1.2.3', value: NULL }] }, 'good'),
    row(
      'an entry with a critical extension nobody knows',
      { revoked: [{ serialNumber: Buffer.of(7), extensions: [{ oid: '1.2.3', value: NULL, critical: true }] }] },
      /an entry has a critical extension/,
    ),
    row(
      'an entry of another issuer, as in an indirect CRL',
      {
        revoked: [
          { serialNumber: Buffer.of(7), extensions: [{ oid: '2.5.29.29', value: sequence(tlv(0x82, Buffer.from('x'))) }] },
        ],
      },
      /an entry has a critical extension/,
      { openssl: 'it reads the issuer of an entry where the CRL is not indirect' },
    ),
    row('an indirect one', { extensions: [issuingDistributionPoint(4)] }, /an indirect CRL/),
    row('for user certificates', { extensions: [issuingDistributionPoint(1)] }, 'good'),
    row('for CA certificates', { extensions: [issuingDistributionPoint(2)] }, /only for CA certificates/),
    row('for attribute certificates', { extensions: [issuingDistributionPoint(5)] }, /only for attribute certificates/),
    row('for user and CA certificates, which is for none', { extensions: [issuingDistributionPoint(1, 2)] }, /two kinds/),
    row('for some reasons', { extensions: [issuingDistributionPoint('some reasons')] }, /only for some reasons/),
    row(
      'for some reasons, that lists it',
      { extensions: [issuingDistributionPoint('some reasons')], revoked: listed() },
      'revoked',
      { openssl: STILL },
    ),
    row('for CA certificates, that lists it', { extensions: [issuingDistributionPoint(2)], revoked: listed() }, 'revoked', {
      openssl: STILL,
    }),
    row('for the place it names', { extensions: [issuingDistributionPoint({ uri: PLACE })] }, 'good', { leaf: placed }),
    row('for all places', {}, 'good', { leaf: placed }),
    row('for another place', { extensions: [issuingDistributionPoint({ uri: `${PLACE}2` })] }, /another place/, { leaf: placed }),
    row('for a place, where it names none', { extensions: [issuingDistributionPoint({ uri: PLACE })] }, 'good', {
      openssl: 'it wants the certificate to name the place; the user has named the CRL to us',
    }),
    row('of an expired certificate', {}, /has expired, and it does not keep those/, { leaf: expired }),
    row('of an expired certificate, that keeps those', { extensions: [expiredCertsOnCrl(before('01'))] }, 'good', {
      leaf: expired,
      openssl: 'for an expired certificate it has no path',
    }),
    row('of one that expired before those it keeps', { extensions: [expiredCertsOnCrl(before('02'))] }, /does not keep those/, {
      leaf: expired,
    }),
  ];
}
