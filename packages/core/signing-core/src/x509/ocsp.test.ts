import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  type TestCertificate,
  type TestCertificateSpec,
  type TestExtension,
  type TestOcspAnswer,
  type TestOcspSpec,
  testAuthority,
  testCertificate,
  testKeys,
  testOcspResponse,
  der as write,
} from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf, SignwrightError } from '../error.ts';
import { parseCertificate } from './certificate.ts';
import { readDer } from './der.ts';
import { MAX_OCSP_RESPONSE, type OcspAnswer, readOcspResponse } from './ocsp.ts';
import { ocspRequest } from './ocsp-request.ts';

const AT = Date.parse('2026-06-01T12:30:00Z');
const authority = testAuthority();
const leaf = authority.leaf();
const certificate = parseCertificate(leaf.der);
const ca = parseCertificate(authority.ca.der);
const NONCE = Buffer.from('0123456789abcdef');
const REVOKED = { revokedAt: new Date('2026-05-01T00:00:00Z'), reason: 1 };

type Options = { at?: number; maxAge?: number; nonce?: Uint8Array };
const read = (response: Uint8Array, options: Options = {}): OcspAnswer =>
  readOcspResponse(response, certificate, ca, { at: AT, by: 'the responder', ...options });
const says = (answer: Partial<TestOcspAnswer>, spec: TestOcspSpec = {}, options: Options = {}): string => {
  const { status } = read(testOcspResponse(authority.ca, [{ certificate: leaf, ...answer }], spec), options);
  return status.status === 'unknown' ? status.why : status.status;
};

const NO_CHECK: TestExtension = { oid: '1.3.6.1.5.5.7.48.1.5', value: write.NULL };
const PROFILE = [keyUsage(0x80), extendedKeyUsage(['ocspSigning']), NO_CHECK];
const responder = (spec: TestCertificateSpec = {}): TestCertificate =>
  testCertificate({ subject: 'responder', issuer: authority.ca, extensions: PROFILE, ...spec });

test('an answer by the issuer itself, named by its name or its key, counts', () => {
  for (const byKey of [true, false])
    for (const hash of ['sha1', 'sha256'] as const) expect(says({ hash }, { byKey })).toBe('good');
});

test('it says since when a certificate is revoked and why, and how long that may be kept', () => {
  const invalidFrom = new Date('2026-04-01T00:00:00Z');
  const extensions = [{ oid: '2.5.29.24', value: write.generalizedTime(invalidFrom) }];
  expect(read(testOcspResponse(authority.ca, [{ certificate: leaf, said: REVOKED, extensions }]))).toEqual({
    status: {
      status: 'revoked',
      revokedAt: REVOKED.revokedAt.getTime(),
      reason: 'keyCompromise',
      invalidFrom: invalidFrom.getTime(),
      asOf: Date.parse('2026-06-01T12:00:00Z'),
      by: 'the responder',
    },
    thisUpdate: Date.parse('2026-06-01T12:00:00Z'),
    nextUpdate: Date.parse('2026-06-02T12:00:00Z'),
  });
  expect(says({ said: { revokedAt: REVOKED.revokedAt } })).toBe('revoked');
});

test('an answer by a responder that the issuer appointed counts', () => {
  for (const byKey of [true, false]) expect(says({}, { responder: responder(), byKey })).toBe('good');
  expect(says({ said: REVOKED }, { responder: responder() })).toBe('revoked');
});

test('a responder whose certificate lives a month needs not say that nobody revokes it', () => {
  const extensions = PROFILE.slice(0, 2);
  const short = { notBefore: new Date('2026-05-15T00:00:00Z'), notAfter: new Date('2026-06-15T00:00:00Z'), extensions };
  expect(says({}, { responder: responder(short) })).toBe('good');
  expect(says({}, { responder: responder({ ...short, notAfter: new Date('2026-06-15T00:00:01Z') }) })).toMatch(/ocsp-nocheck/);
});

const stranger = testKeys('p256', 'stranger');
const other = testCertificate({ subject: 'test CA', extensions: [basicConstraints(true), keyUsage(0x06)] });
test.each([
  ['the responder does not know it', { said: 'unknown' }, {}, /does not know the certificate/],
  ['it is about another certificate', { certificate: authority.leaf() }, {}, /about another certificate/],
  ['it is about the same number of another CA', { issuer: other }, {}, /about another certificate/],
  ['another key signed it', {}, { signedWith: stranger.privateKey }, /signature does not hold/],
  ['it says who made it, and brings nobody', {}, { responder: responder(), certificates: [] }, /neither by the issuer/],
  ['its responder is a leaf of the issuer', {}, { responder: authority.leaf({ subject: 'x' }) }, /not for OCSP answers/],
  [
    'its responder is for every purpose',
    {},
    { responder: responder({ extensions: [keyUsage(0x80), extendedKeyUsage(['any']), NO_CHECK] }) },
    /not for OCSP answers/,
  ],
  ['its responder has a weak key', {}, { responder: responder({ keys: testKeys('rsa1024') }) }, /signature does not hold/],
  [
    'it names the key of the issuer under another name',
    { issuer: { ...authority.ca, name: authority.root.name } },
    {},
    /another certificate/,
  ],
  [
    'its responder does not sign',
    {},
    { responder: responder({ extensions: [keyUsage(0x20), extendedKeyUsage(['ocspSigning']), NO_CHECK] }) },
    /not for signatures/,
  ],
  [
    'its responder appointed itself',
    {},
    { responder: testCertificate({ subject: 'x', extensions: PROFILE }) },
    /was not appointed/,
  ],
  [
    'the issuer of its issuer appointed its responder',
    {},
    { responder: responder({ issuer: authority.root }) },
    /was not appointed/,
  ],
  [
    'somebody called like the issuer appointed its responder',
    {},
    { responder: responder({ issuer: other }) },
    /was not appointed/,
  ],
  ['its responder has expired', {}, { responder: responder({ notAfter: new Date('2026-06-01') }) }, /not valid now/],
  ['its responder is not valid yet', {}, { responder: responder({ notBefore: new Date('2026-06-02') }) }, /not valid now/],
  ['its responder was appointed by SHA-1', {}, { responder: responder({ hash: 'sha1' }) }, /signed with 1\.2\.840\.10045\.4\.1/],
  [
    'its responder has a critical extension nobody knows',
    {},
    { responder: responder({ extensions: [...PROFILE, { oid: '1.2.3', value: write.NULL, critical: true }] }) },
    /critical extension 1\.2\.3/,
  ],
  ['it brings very many certificates', {}, { responder: responder(), certificates: Array(9).fill(leaf.der) }, /more than 8/],
  ['it is stale', { nextUpdate: new Date('2026-06-01T12:29:59Z') }, {}, /it is stale/],
  ['it is of the future', { thisUpdate: new Date('2026-06-01T12:35:01Z') }, {}, /it is of the future/],
  ['it will be made in the future', {}, { producedAt: new Date('2026-06-01T12:35:01Z') }, /it is of the future/],
  ['the responder tells to try later', {}, { status: 3 }, /to try later/],
  ['it has it on hold, long ago', { said: { ...REVOKED, reason: 6 }, nextUpdate: new Date('2026-06-01T12:29:59Z') }, {}, /stale/],
] as [string, Partial<TestOcspAnswer>, TestOcspSpec, RegExp][])('nothing is known where %s', (_, answer, spec, why) => {
  expect(says(answer, spec)).toMatch(why);
  expect(says(answer, spec)).toMatch(/^the responder does not count: /);
});

test('that it is revoked stays so, however old the answer', () => {
  expect(says({ said: REVOKED, nextUpdate: new Date('2026-06-01T12:29:59Z') })).toBe('revoked');
  expect(says({ said: { ...REVOKED, reason: 6 } })).toBe('revoked');
});

test('of several answers about it the worst counts', () => {
  const [good, unknown, revoked] = (['good', 'unknown', REVOKED] as const).map((said) => ({ certificate: leaf, said }));
  const all = (...answers: (TestOcspAnswer | undefined)[]): string =>
    read(testOcspResponse(authority.ca, answers as TestOcspAnswer[])).status.status;
  expect(all(good, { certificate: authority.leaf(), said: REVOKED })).toBe('good');
  expect([all(good, unknown), all(unknown, good)]).toEqual(['unknown', 'unknown']);
  expect([all(good, revoked, unknown), all(revoked, good)]).toEqual(['revoked', 'revoked']);
});

test('an answer to another request is refused: it may be replayed; one without a nonce counts as long as it says', () => {
  const [nonce, another] = [NONCE, Buffer.from('another')];
  expect(says({}, { nonce }, { nonce: NONCE })).toBe('good');
  expect(says({}, { nonce: another }, { nonce: NONCE })).toMatch(/answers another request/);
  expect(says({ said: REVOKED }, { nonce: another }, { nonce: NONCE })).toMatch(/another request/);
  expect(says({}, {}, { nonce: NONCE })).toBe('good');
  expect(says({}, { nonce })).toBe('good');
});

test('an answer that does not say until when it counts does so for five minutes', () => {
  const begin = Date.parse('2026-06-01T12:00:00Z');
  const at = (ms: number): string => says({ nextUpdate: null }, {}, { at: begin + ms });
  expect([at(0), at(300_000)]).toEqual(['good', 'good']);
  expect(at(300_001)).toMatch(/it is stale/);
});

test('an answer older than the policy allows says nothing', () => {
  expect(says({}, {}, { maxAge: 1800 })).toBe('good');
  expect(says({}, {}, { maxAge: 1799 })).toMatch(/older than max-age/);
});

test('that an expired certificate is good counts only as far back as the responder remembers', () => {
  const notAfter = new Date('2026-05-20T00:00:00Z');
  const old = authority.leaf({ notAfter });
  const judge = (answer: Partial<TestOcspAnswer>): string => {
    const response = testOcspResponse(authority.ca, [{ certificate: old, ...answer }]);
    return readOcspResponse(response, parseCertificate(old.der), ca, { at: AT, by: 'x' }).status.status;
  };
  const cutoff = (at: Date): readonly TestExtension[] => [{ oid: '1.3.6.1.5.5.7.48.1.6', value: write.generalizedTime(at) }];
  expect(judge({})).toBe('unknown');
  expect(judge({ extensions: cutoff(notAfter) })).toBe('good');
  expect(judge({ extensions: cutoff(new Date(notAfter.getTime() + 1000)) })).toBe('unknown');
  expect(judge({ said: REVOKED })).toBe('revoked');
});

test('it says nothing of a certificate that the CA did not issue', () => {
  const forged = testCertificate({ subject: 'x', issuer: other, extensions: [] });
  const response = testOcspResponse(authority.ca, [{ certificate: forged }]);
  expect(readOcspResponse(response, parseCertificate(forged.der), ca, { at: AT, by: 'x' }).status).toMatchObject({
    status: 'unknown',
    why: expect.stringMatching(/of another issuer/),
  });
});

const good = testOcspResponse(authority.ca, [{ certificate: leaf }]);
test.each([
  ['too much', Buffer.alloc(MAX_OCSP_RESPONSE + 1)],
  ['nothing', Buffer.alloc(0)],
  ['half', good.subarray(0, good.length / 2)],
  ['something behind its end', Buffer.concat([good, Buffer.of(0)])],
  ['a page of HTML', Buffer.from('<html>not found</html>')],
  ['a status nobody defined', write.sequence(write.tlv(0x0a, Buffer.of(4)))],
  ['an answer signed with SHA-1', testOcspResponse(authority.ca, [{ certificate: leaf }], { hash: 'sha1' })],
  [
    'a critical extension nobody knows',
    testOcspResponse(authority.ca, [{ certificate: leaf }], {
      extensions: [{ oid: '1.2.3', value: write.NULL, critical: true }],
    }),
  ],
  [
    'a critical extension nobody knows in an answer',
    testOcspResponse(authority.ca, [{ certificate: leaf, extensions: [{ oid: '1.2.3', value: write.NULL, critical: true }] }]),
  ],
  ['a reason nobody defined', testOcspResponse(authority.ca, [{ certificate: leaf, said: { ...REVOKED, reason: 7 } }])],
])('a response of %s is refused', (_, bytes) => {
  expect(() => read(bytes)).toThrow(
    expect.objectContaining({
      code: 'invalid-input',
      message: expect.stringMatching(/^the answer of the responder cannot be read/),
    }),
  );
});

test('wherever one bit of an answer is another, what is revoked never becomes good', () => {
  const delegated = testOcspResponse(authority.ca, [{ certificate: leaf, said: REVOKED }], {
    responder: responder(),
    nonce: NONCE,
  });
  fc.assert(
    fc.property(fc.nat({ max: delegated.length * 8 - 1 }), (bit) => {
      const changed = Buffer.from(delegated);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        expect(read(changed, { nonce: NONCE }).status.status).not.toBe('good');
      } catch (error) {
        expect(error instanceof SignwrightError, messageOf(error)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a request names the certificate and carries the nonce', () => {
  const id = readDer(ocspRequest(certificate, ca, NONCE)).subs[0]?.subs[0]?.subs[0]?.subs[0];
  expect(id?.subs[3]?.value.equals(leaf.serialNumber)).toBe(true);
  expect(ocspRequest(certificate, ca, NONCE).includes(write.octetString(write.octetString(NONCE)))).toBe(true);
  expect(ocspRequest(certificate, ca).length).toBeLessThan(ocspRequest(certificate, ca, NONCE).length);
  for (const size of [0, 33]) expect(() => ocspRequest(certificate, ca, Buffer.alloc(size))).toThrow('1 to 32 bytes');
});
