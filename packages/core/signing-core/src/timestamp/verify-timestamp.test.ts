import {
  der,
  extendedKeyUsage,
  keyUsage,
  subjectKeyIdentifier,
  type TestCertificate,
  type TestCertificateSpec,
  type TestTimestampFaults,
  TSA_PROFILE,
  testAuthority,
  testCertificate,
  testKeys,
  testTimestamp,
} from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '../refused.ts';
import { parseTrustRoot } from '../trust-root.ts';
import type { Authority } from '../x509/path.ts';
import { MAX_TIMESTAMP, type TrustedTime, verifyTimestamp } from './verify-timestamp.ts';

const authority = testAuthority();
const signature = Buffer.from('a signature');
const trusting = (...chain: TestCertificate[]): readonly Authority[] =>
  parseTrustRoot(authority.trustedRoot({ timestampAuthorities: [{ chain: chain.map((one) => one.der) }] }), undefined, 'test')
    .timestampAuthorities;
const LISTED = trusting(authority.tsa, authority.tsaRoot);
const UNDER_CA = trusting(authority.tsaRoot);

const check = (response: Uint8Array, authorities = LISTED, nonce?: Uint8Array): TrustedTime =>
  verifyTimestamp(response, signature, authorities, nonce);
const tsa = (spec: TestCertificateSpec): TestCertificate =>
  testCertificate({ subject: 'other TSA', issuer: authority.tsaRoot, extensions: TSA_PROFILE, ...spec });

test('a timestamp by a listed authority gives its time and its name', () => {
  expect(check(authority.timestamp(signature))).toEqual({
    at: Date.parse('2026-06-01T12:00:00Z'),
    authority: 'CN=test TSA',
    development: false,
    reliedOn: [expect.objectContaining({ as: 'timestamp', listed: true }) as object],
  });
});

test('what it rests on is its signer: listed itself, or brought along under a CA that is listed', () => {
  const [own, ...more] = check(authority.timestamp(signature)).reliedOn ?? [];
  expect([own?.certificate.subjectText, own?.issuer.subjectText, own?.listed]).toEqual(['CN=test TSA', 'CN=test TSA root', true]);
  expect(more).toEqual([]);
  expect(check(authority.timestamp(signature), UNDER_CA).reliedOn).toMatchObject([{ as: 'timestamp', listed: false }]);
});

test.each([
  ['imprint by SHA-384', { imprintHash: 'sha384' }],
  ['imprint by SHA-512', { imprintHash: 'sha512' }],
  ['attributes by SHA-512', { digestHash: 'sha512' }],
  ['an ESSCertIDv2 by SHA-384', { ess: 'v2-sha384' }],
  ['an ESSCertID of older authorities', { ess: 'v1' }],
  ['no certificates in the token', { embed: [] }],
  ['status grantedWithMods', { status: 1 }],
] as [string, TestTimestampFaults][])('a timestamp with %s counts', (_, options) => {
  expect(check(authority.timestamp(signature, options)).at).toBe(Date.parse('2026-06-01T12:00:00Z'));
});

test('a fraction of a second counts, to the millisecond', () => {
  const at = (fraction: string): string => new Date(check(authority.timestamp(signature, { fraction })).at).toISOString();
  expect(['5', '057', '57', '999999', '570000001'].map(at)).toEqual(
    ['.500Z', '.057Z', '.570Z', '.999Z', '.570Z'].map((end) => `2026-06-01T12:00:00${end}`),
  );
  expect(() => at('1234567890')).toThrow('not a time in UTC');
});

test.each([
  ['over something else', authority.timestamp(Buffer.from('another signature')), 'over something else'],
  ['with an imprint by SHA-1', authority.timestamp(signature, { imprintHash: 'sha1' }), '1.3.14.3.2.26 is not accepted'],
  [
    'whose content was changed',
    authority.timestamp(signature, {
      changeContent: (content) => Buffer.from(content.toString('latin1').replace('20260601', '20260501'), 'latin1'),
    }),
    'its content was changed',
  ],
  [
    'whose signature was changed',
    authority.timestamp(signature, { flipSignature: true }),
    'the signature of CN=test TSA does not hold',
  ],
  [
    'that names another signing certificate',
    authority.timestamp(signature, { essCertificate: authority.tsaRoot.der }),
    'names another signing certificate',
  ],
  [
    'that names another signing certificate by SHA-1',
    authority.timestamp(signature, { ess: 'v1', essCertificate: authority.tsaRoot.der }),
    'names another signing certificate',
  ],
  ['that names no signing certificate', authority.timestamp(signature, { ess: 'none' }), 'is missing'],
  [
    'whose signed content type is another',
    authority.timestamp(signature, { contentType: '1.2.840.113549.1.7.1' }),
    'signed content type is another',
  ],
  ['that holds another type', authority.timestamp(signature, { encapsulatedType: '1.2.840.113549.1.7.1' }), 'holds no timestamp'],
  ['of another version', authority.timestamp(signature, { infoVersion: 2 }), 'not version 1'],
  ['without signed attributes', authority.timestamp(signature, { attributes: 'none' }), 'the signer signed no attributes'],
  ['with a signed attribute twice', authority.timestamp(signature, { attributes: 'twice' }), 'is there twice'],
  ['that was refused', authority.timestamp(signature, { status: 2 }), 'the authority refused (status 2)'],
  ['by two signers', authority.timestamp(signature, { signers: 2 }), '2 signers, not one'],
  ['by no signer', authority.timestamp(signature, { signers: 0 }), '0 signers, not one'],
  ['over 64 KiB', authority.timestamp(signature, { padding: MAX_TIMESTAMP }), 'larger than 65536 bytes'],
  ['that is empty', Buffer.alloc(0), ''],
  ['that is cut short', authority.timestamp(signature).subarray(0, 400), ''],
  ['with something behind it', Buffer.concat([authority.timestamp(signature), Buffer.of(0)]), 'trailing'],
  ['that is no timestamp', der.sequence(der.sequence(der.integer(0)), der.sequence(der.oid('1.2.3'))), 'not signed data'],
])('a timestamp %s does not count', (_, response, why) => {
  expect(() => check(response)).toThrow(
    expect.objectContaining({ refusal: 'bad-timestamp', message: expect.stringContaining(why) }),
  );
});

test('a message says once what is wrong', () => {
  expect(() => check(authority.timestamp(signature, { flipSignature: true }))).toThrow(
    /^the timestamp does not count: the signature of CN=test TSA does not hold$/,
  );
});

test('the nonce must be the one that was sent; a bundle asks for none', () => {
  const nonce = Buffer.from('7766554433221100', 'hex');
  const response = authority.timestamp(signature, { nonce });
  expect(check(response, LISTED, nonce).at).toBeGreaterThan(0);
  expect(check(response).at).toBeGreaterThan(0);
  expect(() => check(response, LISTED, Buffer.from('7766554433221101', 'hex'))).toThrow('nonce');
  expect(() => check(authority.timestamp(signature), LISTED, nonce)).toThrow('nonce');
});

test('an authority the trust root does not list counts for nothing, whatever its certificate says', () => {
  const stranger = testAuthority();
  expect(() => check(stranger.timestamp(signature))).toThrow('an authority that the trust root does not list');
  expect(() => check(stranger.timestamp(signature, { embed: [stranger.tsa.der, stranger.tsaRoot.der] }), UNDER_CA)).toThrow(
    'was not issued by',
  );
  expect(() => check(authority.timestamp(signature), [])).toThrow('lists no timestamp authority');
});

test('an authority listed without its issuer attests nothing', () => {
  expect(() => check(authority.timestamp(signature), trusting(authority.tsa))).toThrow(
    expect.objectContaining({
      refusal: 'bad-timestamp',
      message: expect.stringContaining('lists CN=test TSA without its issuer'),
    }),
  );
});

test('where the trust root lists the CA, the token must bring the certificate of its signer', () => {
  expect(check(authority.timestamp(signature), UNDER_CA).authority).toBe('CN=test TSA');
  expect(check(authority.timestamp(signature, { embed: [authority.tsaRoot.der, authority.tsa.der] }), UNDER_CA).authority).toBe(
    'CN=test TSA',
  );
  expect(() => check(authority.timestamp(signature, { embed: [] }), UNDER_CA)).toThrow('brings no certificate of its signer');
  expect(() => check(authority.timestamp(signature, { embed: [authority.tsaRoot.der] }), UNDER_CA)).toThrow(
    'brings no certificate of its signer',
  );
});

test('a certificate in the token that cannot be read is not the signer, and does no harm', () => {
  const odd = testCertificate({ subject: 'odd', version: 1 }).der;
  const malformed = testCertificate({ subject: 'odd', extensions: [{ oid: '2.5.29.14', value: Buffer.of(4, 9) }] }).der;
  expect(check(authority.timestamp(signature, { embed: [odd, malformed, authority.tsa.der] }), UNDER_CA).authority).toBe(
    'CN=test TSA',
  );
  expect(() => check(authority.timestamp(signature, { embed: [malformed], sid: 'key-identifier' }), UNDER_CA)).toThrow(Refused);
});

test.each([
  ['that has expired', { notAfter: new Date('2026-05-01T00:00:00Z') }, 'was valid from'],
  ['that is not valid yet', { notBefore: new Date('2026-07-01T00:00:00Z') }, 'was valid from'],
  ['without its purpose', { extensions: [keyUsage(0x80)] }, 'does not say it is for timeStamping'],
  ['whose purpose is not critical', { extensions: [extendedKeyUsage(['timeStamping'])] }, 'marked critical'],
  ['with a further purpose', { extensions: [extendedKeyUsage(['timeStamping', 'codeSigning'], true)] }, 'for timeStamping alone'],
  ['that stranger keys signed', { signedWith: testKeys('p256', 'stranger').privateKey }, 'was not issued by'],
  ['of an RSA key of 1024 bits', { keys: testKeys('rsa1024') }, '1024 bits'],
] as [string, TestCertificateSpec, string][])(
  'an authority %s attests nothing, listed itself or under its CA',
  (_, spec, why) => {
    const own = tsa(spec);
    const response = testTimestamp(own, signature);
    for (const authorities of [trusting(own, authority.tsaRoot), UNDER_CA]) {
      expect(() => check(response, authorities)).toThrow(
        expect.objectContaining({ refusal: 'bad-timestamp', message: expect.stringContaining(why) }),
      );
    }
  },
);

test('an authority attests only within its trusted period, ends included', () => {
  const [listed] = LISTED as [Authority];
  const at = Date.parse('2026-06-01T12:00:00Z');
  const within = (validFrom: number, validUntil: number): boolean => {
    try {
      return check(authority.timestamp(signature), [{ ...listed, validFrom, validUntil }]).at === at;
    } catch {
      return false;
    }
  };
  expect([within(at, at + 1), within(at - 1, at), within(at + 1, at + 2), within(at - 2, at - 1)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each([
  ['p384', 'sha384'],
  ['p384', 'sha256'],
  ['rsa2048', 'sha512'],
  ['rsa2048', 'sha256'],
  ['ed25519', 'sha512'],
] as const)('an authority with a %s key may sign with %s', (type, digestHash) => {
  const own = tsa({ keys: testKeys(type, 'TSA') });
  expect(check(testTimestamp(own, signature, { digestHash }), trusting(own, authority.tsaRoot)).authority).toBe('CN=other TSA');
});

test('a signer named by its key identifier is found, and another one is not', () => {
  const keys = testKeys('p256', 'ski');
  const own = tsa({ keys, extensions: [...TSA_PROFILE, subjectKeyIdentifier(keys)] });
  const response = testTimestamp(own, signature, { sid: 'key-identifier' });
  expect(check(response, trusting(own, authority.tsaRoot)).authority).toBe('CN=other TSA');
  expect(check(response, UNDER_CA).authority).toBe('CN=other TSA');
  expect(() => check(authority.timestamp(signature, { sid: 'key-identifier' }))).toThrow('does not list');
});

test('the second of two listed authorities counts as well as the first', () => {
  const own = tsa({});
  const both = [...trusting(own, authority.tsaRoot), ...LISTED];
  expect(check(authority.timestamp(signature), both).authority).toBe('CN=test TSA');
  expect(check(testTimestamp(own, signature), both).authority).toBe('CN=other TSA');
});

test('a timestamp of a trial authority says so', () => {
  const trial = testAuthority({ trial: true });
  const root = parseTrustRoot(trial.trustedRoot(), undefined, 'test');
  expect(check(trial.timestamp(signature), root.timestampAuthorities).development).toBe(true);
});

test('a changed bit never gives another time or authority', () => {
  const response = authority.timestamp(signature);
  const right = check(response);
  fc.assert(
    fc.property(fc.nat(response.length * 8 - 1), (bit) => {
      const bytes = Buffer.from(response);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        expect(check(bytes)).toEqual(right);
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
      }
    }),
    { numRuns: 1500 },
  );
});
