import { createHash } from 'node:crypto';
import { memorySigner, type TestAuthority, type TestKeys, testAuthority, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { parseBundle } from './bundle.ts';
import { SignwrightError } from './error.ts';
import { sha256 } from './formats/digest.ts';
import { keyIdOf } from './keys.ts';
import type { Signer } from './ports/signer.ts';
import type { KeyRule, SignerRule } from './requirement.ts';
import type { Signing } from './sign.ts';
import { checkFileSignature, signFile } from './sign-file.ts';
import { preparePart, type SignedPart, signPart } from './sign-part.ts';
import { parseTrustRoot } from './trust-root.ts';

const NOON = new Date('2026-06-01T12:00:00Z');
const FILE = Buffer.from('the bytes of the file');
const PART = {
  artifacts: [
    {
      name: 'dist/app.tgz',
      kind: 'package' as const,
      digest: sha256(FILE),
      requirements: sha256('requirements'),
      owner: 'team',
      reason: 'why',
    },
  ],
  environment: 'default',
  signer: 'build',
  policy: { name: 'central', digest: sha256('policy') },
  asserted: { commit: 'c0ffee' },
};

type Options = {
  authority?: TestAuthority;
  signer?: Signer;
  now?: Date;
  at?: Date;
  rule?: Partial<SignerRule>;
  timestamps?: Signing['timestamps'];
};
const keyRule = ({ publicKey }: TestKeys): KeyRule => ({
  keyId: keyIdOf(publicKey),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
});

function byCertificate(options: Options & { keys?: TestKeys } = {}): Signing {
  const authority = options.authority ?? testAuthority();
  const leaf = authority.leaf(options.keys ? { keys: options.keys } : {});
  return {
    signer: options.signer ?? memorySigner(leaf.keys, leaf.der),
    rule: {
      id: 'build',
      certificate: true,
      workloads: [{ id: 'ci', issuer: 'https://issuer.example', ref: 'refs/heads/*' }],
      keys: [],
      ...options.rule,
    },
    timestamps: options.timestamps ?? {
      timestamp: async (signature) => authority.timestamp(signature, { at: options.at ?? NOON }),
    },
    trust: { root: parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'test'), keys: options.rule?.keys ?? [] },
    clock: { now: () => options.now ?? NOON },
  };
}
const byKey = (keys: TestKeys, options: Options = {}): Signing =>
  byCertificate({ signer: memorySigner(keys), rule: { certificate: false, workloads: [], keys: [keyRule(keys)] }, ...options });

async function sign(...[part, signing]: Parameters<typeof preparePart>): Promise<SignedPart> {
  return signPart(await preparePart(part, signing));
}

const TYPES = ['p256', 'p384', 'rsa2048', 'ed25519'] as const;

test.each(TYPES)('a part signed by a certified %s key verifies, and says what was signed by whom', async (type) => {
  const { bytes, evidence, verified } = await sign(PART, byCertificate({ keys: testKeys(type) }));
  expect(evidence).toBe(sha256(bytes));
  expect(parseBundle(bytes).timestamps).toHaveLength(1);
  const { asserted, ...rest } = PART;
  expect(verified.part).toMatchObject({
    ...rest,
    source: { asserted, certified: { issuer: 'https://issuer.example', ref: 'refs/heads/main' } },
  });
  expect(verified.author).toMatchObject({ type: 'certificate', claims: { repository: 'https://git.example/acme/app' } });
  expect(verified.time.at).toBe(NOON.getTime());
});

test.each(TYPES)('a part signed by a pinned %s key verifies, and claims nothing as certified', async (type) => {
  const keys = testKeys(type, 'pinned');
  const { verified } = await sign(PART, byKey(keys));
  expect(verified.author).toEqual({ type: 'key', keyId: keyIdOf(keys.publicKey) });
  expect(verified.part.source).toEqual({ asserted: { commit: 'c0ffee' } });
});

test.each(['p256', 'p384', 'rsa2048'] as const)(
  'a file signed by a %s key verifies with its bytes and with its digest alone',
  async (type) => {
    for (const message of [FILE, undefined]) {
      const file = { digest: sha256(FILE), ...(message ? { message } : {}) };
      for (const signing of [byCertificate({ keys: testKeys(type) }), byKey(testKeys(type, 'pinned'))]) {
        const bytes = await signFile(file, signing);
        await checkFileSignature(bytes, { digest: sha256(FILE), message: FILE }, signing);
        await checkFileSignature(bytes, { digest: sha256(FILE) }, signing);
        const other = Buffer.from('another file');
        await expect(checkFileSignature(bytes, { digest: sha256(other), message: other }, signing)).rejects.toMatchObject({
          refusal: 'wrong-subject',
        });
        await expect(checkFileSignature(bytes, { digest: sha256(other) }, signing)).rejects.toMatchObject({
          refusal: 'wrong-subject',
        });
      }
    }
  },
);

test('a file signature by somebody else, or without a trusted time, is not the signer’s', async () => {
  const authority = testAuthority();
  const signing = byCertificate({ authority });
  const bytes = await signFile({ digest: sha256(FILE), message: FILE }, signing);
  const other = {
    ...signing,
    rule: { ...signing.rule, workloads: [{ id: 'ci', issuer: 'https://issuer.example', ref: 'refs/tags/*' }] },
  };
  await expect(checkFileSignature(bytes, { digest: sha256(FILE) }, other)).rejects.toMatchObject({
    refusal: 'identity-mismatch',
  });
  await expect(signFile({ digest: sha256(FILE) }, { ...other })).rejects.toBeInstanceOf(SignwrightError);
  const keys = testKeys('p256', 'pinned');
  const untimed = await signFile({ digest: sha256(FILE) }, byKey(keys));
  await expect(
    checkFileSignature(untimed, { digest: sha256(FILE) }, { ...byKey(keys), trust: { root: undefined, keys: [keyRule(keys)] } }),
  ).rejects.toMatchObject({ refusal: 'no-trusted-time' });
});

test('an Ed25519 key signs no file by its digest, and the refusal names the signer and the way out', async () => {
  await expect(signFile({ digest: sha256(FILE), message: FILE }, byKey(testKeys('ed25519')))).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/signer build has an Ed25519 key/),
    next: expect.stringContaining('--no-sidecars'),
  });
});

test('a job the policy does not name for the signer is denied, and nothing is returned', async () => {
  const signing = byCertificate({ rule: { workloads: [{ id: 'ci', issuer: 'https://issuer.example', ref: 'refs/tags/*' }] } });
  await expect(sign(PART, signing)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/^this run may not sign as build: .*not ci: ref is "refs\/heads\/main", not "refs\/tags\/\*"/),
  });
});

test('a key whose time has ended is denied', async () => {
  const keys = testKeys('p256', 'pinned');
  await expect(
    sign(PART, byKey(keys, { rule: { certificate: false, workloads: [], keys: [{ ...keyRule(keys), until: NOON.getTime() }] } })),
  ).rejects.toMatchObject({ code: 'denied' });
});

test.each([
  ['ahead', 301, /301 s ahead of the timestamp authority's/],
  ['behind', -301, /301 s behind the timestamp authority's/],
])('a clock that is %s is named', async (_, seconds, why) => {
  const now = new Date(NOON.getTime() + seconds * 1000);
  await expect(sign(PART, byCertificate({ now }))).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(why),
    next: expect.stringContaining('nothing was written'),
  });
});

test('a clock five minutes off is close enough', async () => {
  await expect(sign(PART, byCertificate({ now: new Date(NOON.getTime() + 300_000) }))).resolves.toBeDefined();
});

test('a timestamp authority that is not reached stops signing with its own error', async () => {
  const unreachable = new SignwrightError('unreachable', 'no timestamp authority answers');
  const timestamps = { timestamp: async () => Promise.reject(unreachable) };
  await expect(sign(PART, byCertificate({ timestamps }))).rejects.toBe(unreachable);
  await expect(signFile({ digest: sha256(FILE) }, byCertificate({ timestamps }))).rejects.toBe(unreachable);
});

test.each([
  ['a timestamp over something else', { timestamps: { timestamp: async () => testAuthority().timestamp(Buffer.from('x')) } }],
  ['a timestamp after the certificate expired', { at: new Date('2027-02-01T00:00:00Z') }],
  [
    'an authority the trust root does not list',
    { timestamps: { timestamp: async (signature: Uint8Array) => testAuthority().timestamp(signature) } },
  ],
])('what does not verify is not returned: %s', async (_, options) => {
  await expect(sign(PART, byCertificate(options))).rejects.toMatchObject({
    code: 'verification',
    message: expect.stringContaining('what was just signed does not verify'),
  });
  await expect(signFile({ digest: sha256(FILE) }, byCertificate(options))).rejects.toMatchObject({ code: 'verification' });
});

test('a signer that answers with another signature, or another certificate, is caught', async () => {
  const authority = testAuthority();
  const leaf = authority.leaf();
  const lying = memorySigner(testKeys('p256', 'stranger'), leaf.der);
  await expect(sign(PART, byCertificate({ authority, signer: lying }))).rejects.toMatchObject({ code: 'verification' });
  await expect(signFile({ digest: sha256(FILE) }, byCertificate({ authority, signer: lying }))).rejects.toMatchObject({
    refusal: 'bad-signature',
  });
});

test('the part is written over exactly the digests that were given', async () => {
  const { verified } = await sign(PART, byCertificate());
  expect(verified.statement.subject).toEqual([{ name: 'dist/app.tgz', sha256: createHash('sha256').update(FILE).digest('hex') }]);
});
