import { createHash, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TEST_SAN, type TestKeys, testAuthority, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { type NewBundle, writeBundle } from './bundle.ts';
import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { sha256 } from './formats/digest.ts';
import { keyIdOf } from './keys.ts';
import type { VendorRule } from './requirement.ts';
import { parseTrustRoot } from './trust-root.ts';
import { verifyVendor } from './verify-vendor.ts';

const authority = testAuthority();
const FILE = Buffer.from('the bytes of the vendor');
const DIGEST = sha256(FILE);
const VENDOR: VendorRule = {
  id: 'acme',
  issuer: 'https://issuer.example',
  subject: 'https://git.example/acme/**',
  root: parseTrustRoot(authority.trustedRoot(), undefined, 'test'),
};

type Change = { keys?: TestKeys; hash?: string; by?: typeof authority; change?: Partial<NewBundle> };

/** A bundle over the file, as cosign's sign-blob makes it. */
function ofFile({ keys = testKeys('p256'), hash = 'sha256', by = authority, change = {} }: Change = {}): Buffer {
  const ed25519 = keys.privateKey.asymmetricKeyType === 'ed25519';
  const signature = sign(ed25519 ? null : hash, FILE, keys.privateKey);
  const digest = createHash(hash).update(FILE).digest();
  return writeBundle({
    content: { type: 'message', hash, digest, signature },
    key: { type: 'certificate', der: by.leaf({ keys }).der },
    timestamps: [by.timestamp(signature)],
    ...change,
  });
}

function statement(predicateType: string, subject: object = { sha256: DIGEST.slice('sha256:'.length) }): Buffer {
  const text = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'x', digest: subject }],
    predicateType,
    predicate: {},
  });
  const payload = Buffer.from(text);
  const leaf = authority.leaf();
  const signature = sign('sha256', preAuthEncoding(IN_TOTO, payload), leaf.keys.privateKey);
  return writeBundle({
    content: { type: 'envelope', envelope: { payloadType: IN_TOTO, payload, signature } },
    key: { type: 'certificate', der: leaf.der },
    timestamps: [authority.timestamp(signature)],
  });
}

const verify = (bytes: Buffer, vendor = VENDOR) => verifyVendor(sha256(bytes), bytes, vendor);
const refusal = async (bytes: Buffer, vendor = VENDOR): Promise<string> => {
  const answer = await verify(bytes, vendor);
  return 'code' in answer ? `${answer.code}: ${answer.message}` : 'accepted';
};

test("a signature over a file's SHA-256 that holds under the vendor's root proves who signed it, and when", async () => {
  const bytes = ofFile();
  expect(await verify(bytes)).toMatchObject({
    evidence: sha256(bytes),
    vendor: 'acme',
    digests: new Set([DIGEST]),
    time: { at: Date.parse('2026-06-01T12:00:00Z'), authority: 'CN=test TSA', development: false },
    author: expect.objectContaining({ type: 'certificate', san: TEST_SAN, issuer: 'https://issuer.example' }) as object,
    development: false,
  });
});

test.each(['p384', 'rsa2048'] as const)('it may be by a %s key', async (type) => {
  expect(await refusal(ofFile({ keys: testKeys(type) }))).toBe('accepted');
});

test('a bundle of version 0.2, with its chain, is read too', async () => {
  const json = JSON.parse(ofFile().toString()) as { mediaType: string; verificationMaterial: Record<string, unknown> };
  const { certificate, ...material } = json.verificationMaterial;
  const old = {
    ...json,
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
    verificationMaterial: {
      ...material,
      x509CertificateChain: { certificates: [certificate, { rawBytes: authority.ca.der.toString('base64') }] },
    },
  };
  expect(await refusal(Buffer.from(JSON.stringify(old)))).toBe('accepted');
});

test.each([
  'https://sigstore.dev/cosign/sign/v1',
  'https://slsa.dev/provenance/v1',
  'https://in-toto.io/attestation/release/v0.1',
])('a statement by which its maker signs it will do: %s', async (type) => {
  expect(await verify(statement(type))).toMatchObject({ digests: new Set([DIGEST]), vendor: 'acme' });
});

test.each([
  ['https://slsa.dev/verification_summary/v1', 'a verdict, which may be a failure'],
  ['https://in-toto.io/attestation/vulns/v0.2', 'a scan'],
  ['https://signwright.dev/approval/v1', 'a word of a person'],
])('a statement that only speaks of it does not: %s (%s)', async (type) => {
  expect(await refusal(statement(type))).toMatch(/^wrong-predicate: it is a statement of type /);
});

test.each<[string, Buffer, RegExp]>([
  ['by an authority of another root', ofFile({ by: testAuthority() }), /^(bad-timestamp|untrusted-certificate): /],
  ['over a digest that is not SHA-256', ofFile({ hash: 'sha384', keys: testKeys('p384') }), /^wrong-subject: /],
  ['whose digest is another than what was signed', tampered(), /^bad-signature: /],
  ['by Ed25519, which signs no digests', ofFile({ keys: testKeys('ed25519') }), /^bad-signature: an Ed25519 signature/],
  [
    'by a bare key',
    ofFile({ change: { key: { type: 'public-key', hint: keyIdOf(testKeys('p256').publicKey) } } }),
    /^identity-mismatch/,
  ],
  ['without a trusted time', ofFile({ change: { timestamps: [] } }), /^no-trusted-time/],
  ['about nothing that has a SHA-256', statement('https://slsa.dev/provenance/v1', { sha512: 'ab' }), /^wrong-subject/],
  ['that is no bundle', Buffer.from('{}'), /^malformed/],
])('a bundle %s proves nothing', async (_, bytes, why) => {
  expect(await refusal(bytes)).toMatch(why);
});

function tampered(): Buffer {
  const json = JSON.parse(ofFile().toString()) as { messageSignature: { messageDigest: { digest: string } } };
  json.messageSignature.messageDigest.digest = createHash('sha256').update('other').digest('base64');
  return Buffer.from(JSON.stringify(json));
}

test('where the root lists transparency logs, a bundle without an entry may have been stripped of it', async () => {
  const log = {
    baseUrl: 'https://log.example',
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: testKeys('p256').publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: '2026-01-01T00:00:00Z' },
    },
    logId: { keyId: Buffer.alloc(32).toString('base64') },
  };
  const root = parseTrustRoot(authority.trustedRoot({ tlogs: [log] }), undefined, 'test');
  expect(await refusal(ofFile(), { ...VENDOR, root })).toMatch(/^bad-signature: the trust root of acme lists transparency logs/);
});

test('which issuers an authority may assert is held against it, where the root has a companion that says so', async () => {
  const root = (issuer: string) => parseTrustRoot(authority.trustedRoot(), authority.issuers([issuer]), 'test');
  expect(await refusal(ofFile(), { ...VENDOR, root: root('https://issuer.example') })).toBe('accepted');
  expect(await refusal(ofFile(), { ...VENDOR, root: root('https://other.example') })).toMatch(/^issuer-not-asserted/);
});

test('what rests on a trial root says so', async () => {
  const trial = testAuthority({ trial: true });
  const root = parseTrustRoot(trial.trustedRoot(), undefined, 'test');
  expect(await verify(ofFile({ by: trial }), { ...VENDOR, root })).toMatchObject({ development: true });
});

const PUBLIC = new URL('vectors/public-sigstore/', import.meta.url);
const vector = (name: string): Buffer => readFileSync(new URL(name, PUBLIC));

test.each(['file.sigstore.json', 'statement.sigstore.json'])(
  'what was made with the public Sigstore holds, log entry and all: %s',
  async (name) => {
    const expected = JSON.parse(vector('expect.json').toString()) as { digest: string; issuer: string; subject: string };
    const root = parseTrustRoot(vector('trusted-root.json'), undefined, 'the public Sigstore');
    expect(await verify(vector(name), { ...VENDOR, root })).toMatchObject({
      digests: new Set([expected.digest]),
      author: { issuer: expected.issuer, san: expected.subject },
      development: false,
    });
    expect(await refusal(vector(name))).toMatch(/^(untrusted-certificate|no-trusted-time|bad-timestamp): /);
    const json = JSON.parse(vector(name).toString()) as { verificationMaterial: { tlogEntries: { integratedTime: string }[] } };
    for (const entry of json.verificationMaterial.tlogEntries) entry.integratedTime = String(Number(entry.integratedTime) + 1);
    expect(await refusal(Buffer.from(JSON.stringify(json)), { ...VENDOR, root })).toMatch(/^bad-signature: /);
  },
);
