import { createHash, sign } from 'node:crypto';
import { fulcioExtension, LEAF_PROFILE, TEST_SAN, type TestCertificate, testAuthority, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { APPROVAL } from './approvals/approval.ts';
import { REVIEW } from './approvals/review.ts';
import { WAIVER } from './approvals/waiver.ts';
import { type NewBundle, writeBundle } from './bundle.ts';
import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { canonicalJson } from './formats/canonical-json.ts';
import { sha256 } from './formats/digest.ts';
import { keyIdOf } from './keys.ts';
import { RELEASE_PART } from './release-part.ts';
import type { KeyRule } from './requirement.ts';
import { parseTrustRoot } from './trust-root.ts';
import { type EvidenceTrust, type Verified, type VerifiedStatement, verifyEvidence } from './verify-evidence.ts';

const authority = testAuthority();
const root = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'test');
const pinned = testKeys('p256', 'pinned');
const ruleOf = ({ publicKey }: typeof pinned): KeyRule => ({
  keyId: keyIdOf(publicKey),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
});
const TRUST: EvidenceTrust = { root, keys: [ruleOf(pinned)] };

const CERTIFIED = {
  issuer: 'https://issuer.example',
  san: TEST_SAN,
  runner: 'self-hosted',
  repository: 'https://git.example/acme/app',
  ref: 'refs/heads/main',
  'repository-id': '4711',
  trigger: 'push',
  subject: 'project:acme/app:ref:main',
};
const HEX = 'ab'.repeat(32);
type Fields = { [name: string]: unknown };

/** The statement of a part over one file, with fields replaced. */
function statement(
  change: { statement?: Fields; predicate?: Fields; artifact?: Fields; certified?: Fields | undefined } = {},
): string {
  const certified = 'certified' in change ? change.certified : CERTIFIED;
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'dist/app.tgz', digest: { sha256: HEX } }],
    predicateType: RELEASE_PART,
    predicate: {
      artifacts: [{ name: 'dist/app.tgz', kind: 'package', requirements: sha256('requirements'), ...change.artifact }],
      environment: 'default',
      signer: 'build',
      policy: { digest: sha256('policy') },
      source: { ...(certified ? { certified } : {}), asserted: { commit: 'c0ffee' } },
      ...change.predicate,
    },
    ...change.statement,
  });
}

type Making = {
  by?: TestCertificate | 'key';
  payloadType?: string;
  timestamp?: (signature: Buffer) => Buffer[];
  change?: Partial<NewBundle>;
};

function bundle(payload: string, { by = authority.leaf(), payloadType = IN_TOTO, timestamp, change }: Making = {}): Buffer {
  const keys = by === 'key' ? pinned : by.keys;
  const signature = sign(
    keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256',
    preAuthEncoding(payloadType, Buffer.from(payload)),
    keys.privateKey,
  );
  return writeBundle({
    content: { type: 'envelope', envelope: { payloadType, payload: Buffer.from(payload), signature } },
    key: by === 'key' ? { type: 'public-key', hint: keyIdOf(keys.publicKey) } : { type: 'certificate', der: by.der },
    timestamps: timestamp?.(signature) ?? [authority.timestamp(signature)],
    ...change,
  });
}

const verify = (bytes: Buffer, trust = TRUST): ReturnType<typeof verifyEvidence> => verifyEvidence(sha256(bytes), bytes, trust);
const refusal = async (bytes: Buffer, trust = TRUST): Promise<string> => {
  const answer = await verify(bytes, trust);
  return 'code' in answer ? `${answer.code}: ${answer.message}` : 'accepted';
};

test('a part signed by a certificate proves who signed which bytes, when', async () => {
  const bytes = bundle(statement());
  const { issuer, san, ...claims } = CERTIFIED;
  expect(await verify(bytes)).toMatchObject({
    evidence: sha256(bytes),
    time: { at: Date.parse('2026-06-01T12:00:00Z'), authority: 'CN=test TSA' },
    author: { type: 'certificate', issuer, san, claims },
    development: false,
    byDigest: new Map([[`sha256:${HEX}`, [0]]]),
  });
});

test('a part signed by a pinned key proves the key', async () => {
  expect(await verify(bundle(statement({ certified: undefined }), { by: 'key' }))).toMatchObject({
    author: { type: 'key', keyId: keyIdOf(pinned.publicKey) },
  });
});

test.each(['p384', 'rsa2048', 'ed25519'] as const)('a part may be signed by a %s key', async (type) => {
  expect(await refusal(bundle(statement(), { by: authority.leaf({ keys: testKeys(type) }) }))).toBe('accepted');
});

test('a Statement v0.1 is read too', async () => {
  expect(await refusal(bundle(statement({ statement: { _type: 'https://in-toto.io/Statement/v0.1' } })))).toBe('accepted');
});

test.each([
  [
    'a subject of another name',
    statement({ statement: { subject: [{ name: 'dist/other.tgz', digest: { sha256: HEX } }] } }),
    /^malformed: .*artifacts\[0\]\.name is not the name of the subject/,
  ],
  [
    'a subject without a name',
    statement({ statement: { subject: [{ digest: { sha256: HEX } }] } }),
    /^malformed: .*is not the name of the subject/,
  ],
  [
    'a subject without SHA-256',
    statement({ statement: { subject: [{ name: 'dist/app.tgz', digest: { sha512: HEX } }] } }),
    /^malformed: .*is not a SHA-256 digest/,
  ],
  [
    'a digest in capitals',
    statement({ statement: { subject: [{ name: 'dist/app.tgz', digest: { sha256: HEX.toUpperCase() } }] } }),
    /^malformed: .*is not a SHA-256 digest/,
  ],
  [
    'more subjects than artifacts',
    statement({ statement: { subject: [0, 1].map((n) => ({ name: `${n}`, digest: { sha256: HEX } })) } }),
    /^malformed: .*not as many as the subjects/,
  ],
  ['no subject', statement({ statement: { subject: [] } }), /^malformed: .*at least one artifact/],
  ['another statement type', statement({ statement: { _type: 'https://in-toto.io/Statement/v2' } }), /^malformed: .*_type/],
  ['an unknown field', statement({ statement: { extra: 1 } }), /^malformed: .*unknown field "extra"/],
  ['an unknown field of its predicate', statement({ predicate: { extra: 1 } }), /^malformed: .*unknown field "extra"/],
  ['an unknown field of an artifact', statement({ artifact: { extra: 1 } }), /^malformed: .*unknown field "extra"/],
  ['an unknown kind', statement({ artifact: { kind: 'constructor' } }), /^malformed: .*kind is not one of/],
  [
    'a name that leads out',
    statement({ artifact: { name: '../app.tgz' }, statement: { subject: [{ name: '../app.tgz', digest: { sha256: HEX } }] } }),
    /^malformed: .*not a plain relative path/,
  ],
  [
    'requirements that are no digest',
    statement({ artifact: { requirements: 'none' } }),
    /^malformed: .*requirements is not a SHA-256/,
  ],
  [
    'a policy digest that is none',
    statement({ predicate: { policy: { digest: 'sha256:x' } } }),
    /^malformed: .*policy\.digest is not/,
  ],
  [
    'a claim that is no text',
    statement({ certified: { ...CERTIFIED, ref: ['refs/heads/main'] } }),
    /^malformed: .*certified\["ref"\] must be text/,
  ],
  [
    'duplicate keys',
    statement().replace('{', '{"predicateType":"https://slsa.dev/provenance/v1",'),
    /^malformed: .*has the key "predicateType" twice/,
  ],
  [
    'duplicate keys deep inside',
    statement().replace('"kind"', '"kind":"sbom","\\u006bind"'),
    /^malformed: .*has the key "kind" twice/,
  ],
  ['bytes that are no JSON', 'not JSON', /^malformed: .*is not JSON/],
  [
    'a repository the certificate does not certify',
    statement({ certified: { ...CERTIFIED, repository: 'https://git.example/acme/other' } }),
    /^claims-differ: it says "repository" is certified as "https:\/\/git\.example\/acme\/other"/,
  ],
  [
    'a claim the certificate does not make',
    statement({ certified: { ...CERTIFIED, environment: 'production' } }),
    /^claims-differ: it says "environment" is certified as "production"; the certificate says nothing/,
  ],
  [
    'a claim left out',
    statement({ certified: { ...CERTIFIED, ref: undefined } }),
    /^claims-differ: it says "ref" is certified as nothing/,
  ],
  ['no certified claims', statement({ certified: undefined }), /^claims-differ/],
  [
    'a claim named to break the terminal',
    statement({ certified: { ...CERTIFIED, '\u009b2J': 'x' } }),
    /^claims-differ: it says "\\u009b2J"/,
  ],
])('a signed payload with %s proves nothing', async (_, payload, why) => {
  expect(await refusal(bundle(payload))).toMatch(why);
});

test.each([
  ['another type', 'https://slsa.dev/provenance/v1'],
  ['a type that only begins like that of parts', `${RELEASE_PART}x`],
])('a signed statement of %s is an attestation of its subjects, and never a part', async (_, predicateType) => {
  const subject = [
    { name: 'a', digest: { sha256: HEX } },
    { name: 'b', digest: { sha512: 'cd'.repeat(64) } },
  ];
  const answer = await verify(bundle(statement({ statement: { predicateType, subject } })));
  expect(answer).toMatchObject({
    said: { type: 'attestation' },
    statement: { predicateType },
    digests: new Set([`sha256:${HEX}`]),
    author: { type: 'certificate', san: TEST_SAN },
  });
  expect(answer).not.toHaveProperty('part');
});

test.each([
  [
    'about nothing that has a SHA-256',
    statement({ statement: { predicateType: 'https://slsa.dev/provenance/v1', subject: [{ name: 'a', digest: { md5: 'x' } }] } }),
    /^wrong-subject/,
  ],
  [
    'of an approval that is none',
    statement({ statement: { predicateType: APPROVAL }, predicate: { decision: 'maybe' } }),
    /^malformed: the approval:? /,
  ],
  ['of a waiver that is none', statement({ statement: { predicateType: WAIVER } }), /^malformed: the waiver:? /],
  ['of a review that is none', statement({ statement: { predicateType: REVIEW } }), /^malformed: the review:? /],
])('a signed statement %s proves nothing', async (_, payload, why) => {
  expect(await refusal(bundle(payload))).toMatch(why);
});

test('a key certifies no claims, so a part it signed may state none', async () => {
  expect(await refusal(bundle(statement(), { by: 'key' }))).toMatch(/^claims-differ: .*a key certifies none/);
});

test.each([
  [
    'signed as another payload type',
    bundle(statement(), { payloadType: 'application/json' }),
    /^wrong-predicate: it signs no in-toto statement/,
  ],
  ['without a timestamp', bundle(statement(), { timestamp: () => [] }), /^no-trusted-time/],
  [
    'by a key, without a timestamp',
    bundle(statement({ certified: undefined }), { by: 'key', timestamp: () => [] }),
    /^no-trusted-time/,
  ],
  [
    'timestamped over something else',
    bundle(statement(), { timestamp: () => [authority.timestamp(Buffer.from('x'))] }),
    /^bad-timestamp: .*over something else/,
  ],
  [
    'timestamped before its certificate was valid',
    bundle(statement(), { by: authority.leaf({ notBefore: new Date('2026-06-01T12:00:01Z') }) }),
    /^untrusted-certificate: .*was valid from/,
  ],
  [
    'timestamped after its certificate expired',
    bundle(statement(), { by: authority.leaf({ notAfter: new Date('2026-06-01T11:59:59Z') }) }),
    /^untrusted-certificate: .*was valid from/,
  ],
  [
    'by a certificate of another authority',
    bundle(statement(), { by: testAuthority().leaf() }),
    /^untrusted-certificate: .*was not issued by/,
  ],
  [
    'by a certificate that is none',
    bundle(statement(), { change: { key: { type: 'certificate', der: Buffer.from('none') } } }),
    /^certificate-profile: the bundle's certificate cannot be read/,
  ],
  [
    'by a certificate for something else',
    bundle(statement(), {
      by: authority.leaf({
        extensions: [...LEAF_PROFILE.filter(({ oid }) => oid !== '2.5.29.37'), fulcioExtension(8, 'https://issuer.example')],
      }),
    }),
    /^certificate-profile: .*does not say it is for codeSigning/,
  ],
  [
    'by a certificate without an issuer',
    bundle(statement(), { by: authority.leaf({ workload: { 8: undefined } }) }),
    /^certificate-profile: .*names no OIDC issuer/,
  ],
  ['by a P-521 key', bundle(statement(), { by: authority.leaf({ keys: testKeys('p521') }) }), /^bad-signature: .*secp521r1/],
  [
    'under a hint at a key that is not pinned',
    bundle(statement({ certified: undefined }), {
      by: 'key',
      change: { key: { type: 'public-key', hint: keyIdOf(testKeys('p256', 'stranger').publicKey) } },
    }),
    /^key-not-listed/,
  ],
  [
    'under a hint at a property of every object',
    bundle(statement({ certified: undefined }), { by: 'key', change: { key: { type: 'public-key', hint: '__proto__' } } }),
    /^key-not-listed/,
  ],
  ['that is no bundle', Buffer.from('{}'), /^malformed: the evidence: /],
  ['that is empty', Buffer.alloc(0), /^malformed: the evidence: is empty/],
])('evidence %s proves nothing', async (_, bytes, why) => {
  expect(await refusal(bytes)).toMatch(why);
});

test('a signature moved to another payload, or another signature, does not hold', async () => {
  const other = bundle(statement({ predicate: { environment: 'production' } }));
  const swapped = JSON.parse(bundle(statement()).toString()) as { dsseEnvelope: { payload: string } };
  swapped.dsseEnvelope.payload = (JSON.parse(other.toString()) as typeof swapped).dsseEnvelope.payload;
  expect(await refusal(Buffer.from(JSON.stringify(swapped)))).toMatch(/^bad-signature/);
});

test('a file signature is refused as evidence, however good it is', async () => {
  const leaf = authority.leaf();
  const file = Buffer.from(statement());
  const signature = sign('sha256', file, leaf.keys.privateKey);
  const digest = createHash('sha256').update(file).digest();
  const change = {
    content: { type: 'message' as const, hash: 'sha256', digest, signature },
    timestamps: [authority.timestamp(signature)],
  };
  expect(await refusal(bundle(statement(), { by: leaf, change }))).toMatch(/^wrong-predicate: it signs a file and no statement/);
});

test('an issuer counts only where the trust root lets the authority assert it', async () => {
  const with_ = (issuers: Buffer | undefined): EvidenceTrust => ({
    ...TRUST,
    root: parseTrustRoot(authority.trustedRoot(), issuers, 'test'),
  });
  const bytes = bundle(statement());
  expect(await refusal(bytes, with_(undefined))).toMatch(/^issuer-not-asserted: .*assert no issuer$/);
  expect(await refusal(bytes, with_(authority.issuers([])))).toMatch(/^issuer-not-asserted: .*assert no issuer$/);
  expect(await refusal(bytes, with_(authority.issuers(['https://issuer.example.evil', 'https://issuer.example/'])))).toMatch(
    /^issuer-not-asserted/,
  );
  expect(await refusal(bytes, with_(authority.issuers(['https://other.example', 'https://issuer.example'])))).toBe('accepted');
});

test('without a trust root nothing by a certificate or a timestamp is believed', async () => {
  const none: EvidenceTrust = { ...TRUST, root: undefined };
  expect(await refusal(bundle(statement()), none)).toMatch(/^no-trusted-time/);
  expect(await refusal(bundle(statement({ certified: undefined }), { by: 'key' }), none)).toMatch(/^no-trusted-time/);
});

test('a pinned key whose id is not its own is no key', async () => {
  const bytes = bundle(statement({ certified: undefined }), { by: 'key' });
  const swapped = { ...ruleOf(testKeys('p256', 'stranger')), keyId: keyIdOf(pinned.publicKey) };
  expect(await refusal(bytes, { ...TRUST, keys: [swapped] })).toMatch(/^key-not-listed/);
});

test('of several timestamps the earliest good one counts, and one bad one beside it does no harm', async () => {
  const at = (hour: number) => new Date(`2026-06-01T${hour}:00:00Z`);
  const times = (signature: Buffer): Buffer[] => [
    authority.timestamp(signature, { at: at(15) }),
    authority.timestamp(Buffer.from('other'), { at: at(10) }),
    testAuthority().timestamp(signature, { at: at(11) }),
    authority.timestamp(signature, { at: at(14) }),
  ];
  expect(await verify(bundle(statement(), { timestamp: times }))).toMatchObject({ time: { at: at(14).getTime() } });
});

test('what rests on a trial authority, for its certificate or its time, says so', async () => {
  const trial = testAuthority({ trial: true });
  const both = parseTrustRoot(
    authority.trustedRoot({
      certificateAuthorities: [authority, trial].map(({ ca, root: top }) => ({ chain: [ca.der, top.der] })),
      timestampAuthorities: [authority, trial].map(({ tsa, tsaRoot }) => ({ chain: [tsa.der, tsaRoot.der] })),
    }),
    Buffer.from(
      canonicalJson({
        version: 1,
        certificateAuthorities: [authority, trial].map(({ ca }) => ({
          sha256: createHash('sha256').update(ca.der).digest('hex'),
          issuers: ['https://issuer.example'],
        })),
      }),
    ),
    'test',
  );
  const development = async (bytes: Buffer): Promise<boolean> => {
    const answer = await verify(bytes, { ...TRUST, root: both });
    expect(answer).not.toHaveProperty('message');
    return (answer as Verified).development;
  };
  expect(await development(bundle(statement()))).toBe(false);
  expect(await development(bundle(statement(), { by: trial.leaf() }))).toBe(true);
  expect(await development(bundle(statement(), { timestamp: (signature) => [trial.timestamp(signature)] }))).toBe(true);
  expect(
    await development(
      bundle(statement({ certified: undefined }), { by: 'key', timestamp: (signature) => [trial.timestamp(signature)] }),
    ),
  ).toBe(true);
});

test('the same bytes under two names are both found', async () => {
  const names = ['a', 'b'];
  const payload = statement({
    statement: { subject: names.map((name) => ({ name, digest: { sha256: HEX } })) },
    predicate: { artifacts: names.map((name) => ({ name, kind: 'file', requirements: sha256('requirements') })) },
  });
  expect(await verify(bundle(payload))).toMatchObject({ byDigest: new Map([[`sha256:${HEX}`, [0, 1]]]) });
});

test('a trust root that cannot be used is an error of ours to fix, not a fault of the evidence', async () => {
  const publicKey = { rawBytes: 'AAAA', keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start: '2026-01-01T00:00:00Z' } };
  const tlogs = [{ baseUrl: 'https://log.example', hashAlgorithm: 'SHA2_256', publicKey, logId: { keyId: 'AAAA' } }];
  const broken = parseTrustRoot(authority.trustedRoot({ tlogs }), authority.issuers(), 'test');
  const logged = JSON.parse(bundle(statement()).toString()) as { verificationMaterial: { tlogEntries?: object[] } };
  logged.verificationMaterial.tlogEntries = [{}];
  await expect(verify(Buffer.from(JSON.stringify(logged)), { ...TRUST, root: broken })).rejects.toMatchObject({
    code: 'configuration',
  });
});

test.each(['constructor', 'toString', 'valueOf'])(
  'a claim called %s, as every object has one, is refused like any other',
  async (name) => {
    const bytes = bundle(statement({ certified: { ...CERTIFIED, [name]: 'x' } }));
    expect(await verifyEvidence(sha256(bytes), bytes, TRUST)).toMatchObject({ code: 'claims-differ' });
  },
);

/** The same certificate read twice has functions of its own. */
const inDer = (path: Verified['reliedOn']): unknown =>
  path?.map(({ certificate, issuer, ...rest }) => ({ ...rest, certificate: certificate.der, issuer: issuer.der }));
const plain = (proven: Verified | VerifiedStatement): unknown => ({
  ...proven,
  reliedOn: inDer(proven.reliedOn),
  time: { ...proven.time, reliedOn: inDer(proven.time.reliedOn) },
});

test('a bit flipped anywhere in evidence is refused, or changes nothing that is proven', async () => {
  for (const bytes of [bundle(statement()), bundle(statement({ certified: undefined }), { by: 'key' })]) {
    const evidence = sha256(bytes);
    const right = await verifyEvidence(evidence, bytes, TRUST);
    expect(right).not.toHaveProperty('message');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        const answer = await verifyEvidence(evidence, flipped, TRUST);
        if (!('code' in answer)) expect(plain(answer)).toEqual(plain(right as Verified));
      }),
      { numRuns: 700 },
    );
  }
});
