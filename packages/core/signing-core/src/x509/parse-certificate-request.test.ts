import { createPublicKey, ECDH } from 'node:crypto';
import { extendedKeyUsage, subjectAltName, type TestRequestSpec, testKeys, testRequest, der as write } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { spkiOf } from '../keys.ts';
import { certificateRequest } from './certificate-request.ts';
import { parseCertificateRequest } from './parse-certificate-request.ts';

const keys = testKeys('p256', 'request');
const SAN = subjectAltName(['uri', 'https://ci.example/app'], ['email', 'ann@acme.example'], ['other', 'x']);

test('the requests this project writes are read', () => {
  const { publicKey, spki, ...rest } = parseCertificateRequest(certificateRequest(keys.privateKey));
  expect(publicKey.equals(keys.publicKey) && spki.equals(spkiOf(keys.publicKey))).toBe(true);
  expect(rest).toEqual({ subjectEmpty: true, names: [], extensions: [] });
});

test('it says what is asked for, all of it', () => {
  const request = testRequest(keys, { subject: 'ann', extensions: [SAN, extendedKeyUsage(['codeSigning'])] });
  expect(parseCertificateRequest(request)).toMatchObject({
    subjectEmpty: false,
    names: [{ type: 'uri', value: 'https://ci.example/app' }, { type: 'email', value: 'ann@acme.example' }, { type: 'other' }],
    extensions: ['2.5.29.17', '2.5.29.37'],
  });
});

test.each(['compressed', 'hybrid'] as const)(
  'a key whose point is %s is refused, for it would be another one by its id',
  (form) => {
    const spki = spkiOf(keys.publicKey);
    const [head, point] = [spki.subarray(2, -68), spki.subarray(-65)];
    const bits = ECDH.convertKey(point, 'prime256v1', undefined, undefined, form) as Buffer;
    const twin = write.sequence(head, write.bitString(bits));
    const publicKey = createPublicKey({ key: twin, format: 'der', type: 'spki' });
    expect(publicKey.equals(keys.publicKey)).toBe(true);
    const request = testRequest({ ...keys, publicKey });
    expect(request.includes(twin)).toBe(true);
    expect(() => parseCertificateRequest(request)).toThrow(/written in an unusual way/);
  },
);

test.each(['p384', 'rsa2048', 'ed25519'] as const)('a %s key may ask', (type) => {
  expect(parseCertificateRequest(testRequest(testKeys(type))).publicKey.equals(testKeys(type).publicKey)).toBe(true);
});

const good = testRequest(keys, { extensions: [SAN] });
const made = (spec: TestRequestSpec): Buffer => testRequest(keys, spec);
test.each([
  ['an RSA key of 1024 bits', testRequest(testKeys('rsa1024')), /RSA key of 1024 bits/],
  ['a P-521 key', testRequest(testKeys('p521'), { hash: 'sha512' }), /secp521r1/],
  ['a signature with SHA-1', made({ hash: 'sha1' }), /too weak or unknown/],
  [
    'a signature by another key',
    made({ signedWith: testKeys('p256', 'stranger').privateKey }),
    /proves that whoever asks has it/,
  ],
  ['a signature by a key of another kind', made({ signedWith: testKeys('ed25519').privateKey }), /proves that whoever asks/],
  ['version 2', made({ version: 1 }), /not version 1/],
  [
    'a challenge password',
    made({ attributes: [['1.2.840.113549.1.9.7', write.utf8String('x')]] }),
    /attribute 1\.2\.840\.113549\.1\.9\.7/,
  ],
  [
    'extensions twice',
    made({ extensions: [SAN], attributes: [['1.2.840.113549.1.9.14', write.sequence()]] }),
    /asks for extensions twice/,
  ],
  ['an extension twice', made({ extensions: [SAN, SAN] }), /is there twice/],
  ['a name with a NUL', made({ extensions: [subjectAltName(['uri', 'https://ci.example\0'])] }), /outside printable ASCII/],
  ['something behind its end', Buffer.concat([good, Buffer.of(0)]), /trailing data/],
  ['too much', Buffer.alloc(70_000), /larger than 65536/],
  ['nothing', Buffer.alloc(0), /./],
  ['PEM', Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${good.toString('base64')}\n`), /./],
])('a request with %s is refused', (_, request, why) => {
  expect(() => parseCertificateRequest(request)).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(why) }),
  );
});

test('a request of which one bit is another is refused', () => {
  fc.assert(
    fc.property(fc.nat({ max: good.length * 8 - 1 }), (bit) => {
      const changed = Buffer.from(good);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => parseCertificateRequest(changed)).toThrow(SignwrightError);
    }),
    { numRuns: 1000 },
  );
});
