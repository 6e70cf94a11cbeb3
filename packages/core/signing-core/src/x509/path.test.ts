import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  LEAF_PROFILE,
  subjectAltName,
  type TestCertificate,
  type TestCertificateSpec,
  TRIAL_MARKER,
  testAuthority,
  testCertificate,
  testKeys,
} from '@signwright/testkit';
import { expect, test } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { type Authority, checkPath, type Purpose } from './path.ts';

const NOON = Date.parse('2026-06-01T12:00:00Z');
const day = (text: string): Date => new Date(`2026-${text}T00:00:00Z`);
const test1 = testAuthority();

/** What the path says: `ok`, or the code and the message it is refused with. */
function judge(
  leaf: TestCertificate,
  options: { chain?: TestCertificate[]; at?: number; purpose?: Purpose; window?: Partial<Authority> } = {},
): string {
  const { chain = [test1.ca, test1.root], at = NOON, purpose = 'codeSigning', window = {} } = options;
  const [first, ...rest] = chain.map((one) => parseCertificate(one.der));
  const authority: Authority = { chain: [first as NonNullable<typeof first>, ...rest], validFrom: 0, ...window };
  try {
    checkPath(parseCertificate(leaf.der), authority, at, purpose);
    return 'ok';
  } catch (error) {
    return `${(error as { refusal: string }).refusal}: ${(error as Error).message}`;
  }
}

const CA = [basicConstraints(true), keyUsage(0x04)];
const under = (ca: TestCertificateSpec): { leaf: TestCertificate; chain: TestCertificate[] } => {
  const issuer = testCertificate({ subject: 'other CA', issuer: test1.root, extensions: CA, ...ca });
  return { leaf: test1.leaf({ issuer }), chain: [issuer, test1.root] };
};

test('a leaf of the CA is trusted while everything above it is valid', () => {
  expect(judge(test1.leaf())).toBe('ok');
});

test.each([
  ['expired at the trusted time', { notAfter: day('05-01') }, /^untrusted-certificate: .*was valid from .* not at/],
  ['not yet valid', { notBefore: day('07-01') }, /^untrusted-certificate: .*was valid from/],
  [
    'signed by another key than the CA has',
    { signedWith: testKeys('p256', 'stranger').privateKey },
    /^untrusted-certificate: .*was not issued by/,
  ],
  ['signed with SHA-1', { hash: 'sha1' }, /^untrusted-certificate: .*signed with 1\.2\.840\.10045\.4\.1, too weak/],
  ['of an RSA key of 1024 bits', { keys: testKeys('rsa1024') }, /^untrusted-certificate: .*RSA key of 1024 bits/],
  ['of a P-521 key', { keys: testKeys('p521') }, /^untrusted-certificate: .*secp521r1/],
  ['of an RSA-PSS key', { keys: testKeys('rsa-pss') }, /^untrusted-certificate: .*rsa-pss/],
  [
    'for servers',
    { extensions: [keyUsage(0x80), extendedKeyUsage(['serverAuth'])] },
    /^certificate-profile: .*not for codeSigning/,
  ],
  [
    'for any purpose',
    { extensions: [keyUsage(0x80), extendedKeyUsage(['any'])] },
    /^certificate-profile: .*does not say it is for/,
  ],
  ['for no purpose', { extensions: [keyUsage(0x80)] }, /^certificate-profile: .*does not say it is for codeSigning/],
  [
    'a CA',
    { extensions: [basicConstraints(true), extendedKeyUsage(['codeSigning'])] },
    /^certificate-profile: .*not one that signs data/,
  ],
  [
    'for key exchange only',
    { extensions: [keyUsage(0x20), extendedKeyUsage(['codeSigning'])] },
    /^certificate-profile: .*not one that signs data/,
  ],
  [
    'with a critical extension we do not know',
    { extensions: [...LEAF_PROFILE, { oid: '1.2.3', value: Buffer.of(5, 0), critical: true }] },
    /^certificate-profile: .*critical extension 1\.2\.3/,
  ],
] as [string, TestCertificateSpec, RegExp][])('a leaf %s is refused', (_, spec, why) => {
  expect(judge(test1.leaf(spec))).toMatch(why);
});

test.each(['p384', 'rsa2048', 'ed25519'] as const)('a leaf of a %s key is trusted', (type) => {
  expect(judge(test1.leaf({ keys: testKeys(type) }))).toBe('ok');
});

test.each([
  ['p384', 'sha384'],
  ['rsa2048', 'sha512'],
  ['ed25519', 'sha256'],
] as const)('a CA with a %s key may sign with %s', (type, hash) => {
  const issuer = testCertificate({ subject: 'strong CA', issuer: test1.root, extensions: CA, keys: testKeys(type, 'CA') });
  expect(judge(test1.leaf({ issuer, hash }), { chain: [issuer, test1.root] })).toBe('ok');
});

test('an unknown extension that is not critical is passed over', () => {
  expect(judge(test1.leaf({ extensions: [...LEAF_PROFILE, { oid: '1.2.3', value: Buffer.of(5, 0) }] }))).toBe('ok');
});

test.each([
  ['without basic constraints', { extensions: [keyUsage(0x04)] }, /other CA is not a CA/],
  ['that says it is none', { extensions: [basicConstraints(false), keyUsage(0x04)] }, /other CA is not a CA/],
  [
    'that may not sign certificates',
    { extensions: [basicConstraints(true), keyUsage(0x80)] },
    /other CA is not a CA that may sign/,
  ],
  ['for timestamps', { extensions: [...CA, extendedKeyUsage(['timeStamping'])] }, /other CA is not for codeSigning/],
  ['that has expired', { notAfter: day('05-01') }, /other CA was valid from/],
  ['signed with SHA-1', { hash: 'sha1' }, /other CA is signed with/],
  ['of an RSA key of 1024 bits', { keys: testKeys('rsa1024') }, /other CA: .*1024 bits/],
  ['that the root did not sign', { signedWith: testKeys('p256', 'stranger').privateKey }, /other CA was not issued by/],
  [
    'with a critical extension we do not know',
    { extensions: [...CA, { oid: '2.5.29.36', value: Buffer.of(0x30, 0), critical: true }] },
    /critical extension 2\.5\.29\.36 \(policy constraints\)/,
  ],
] as [string, TestCertificateSpec, RegExp][])('a CA %s certifies nobody', (_, spec, why) => {
  const { leaf, chain } = under(spec);
  expect(judge(leaf, { chain })).toMatch(why);
});

test('a CA for any purpose, or for several with ours among them, may certify', () => {
  for (const purposes of [['any'], ['serverAuth', 'codeSigning']] as const) {
    const { leaf, chain } = under({ extensions: [...CA, extendedKeyUsage(purposes)] });
    expect(judge(leaf, { chain })).toBe('ok');
  }
});

test('path lengths are kept', () => {
  const top = testCertificate({ subject: 'top', extensions: [basicConstraints(true, 0), keyUsage(0x04)] });
  const middle = testCertificate({ subject: 'middle', issuer: top, extensions: CA });
  expect(judge(test1.leaf({ issuer: middle }), { chain: [middle, top] })).toMatch(/top allows 0 CAs below it, not 1/);
  expect(judge(test1.leaf({ issuer: top }), { chain: [top] })).toBe('ok');
});

test('a leaf whose issuer only has the right name, or the right key, is refused', () => {
  const sameName = testCertificate({
    subject: 'test CA',
    keys: testKeys('p256', 'impostor'),
    issuer: test1.root,
    extensions: CA,
  });
  expect(judge(test1.leaf({ issuer: sameName }))).toMatch(/was not issued by/);
  const sameKey = testCertificate({ subject: 'renamed CA', keys: test1.ca.keys, issuer: test1.root, extensions: CA });
  expect(judge(test1.leaf({ issuer: sameKey }))).toMatch(/was not issued by/);
});

test('an authority counts within its own trusted period, both ends included, however long its certificates live', () => {
  const window = { validFrom: NOON, validUntil: NOON + 1000 };
  expect(judge(test1.leaf(), { window, at: NOON - 1 })).toMatch(/test CA was not trusted at/);
  expect(judge(test1.leaf(), { window, at: NOON })).toBe('ok');
  expect(judge(test1.leaf(), { window, at: NOON + 1000 })).toBe('ok');
  expect(judge(test1.leaf(), { window, at: NOON + 1001 })).toMatch(/test CA was not trusted at/);
});

test('a certificate lives to the last second it names and not beyond', () => {
  const leaf = test1.leaf({ notBefore: new Date(NOON), notAfter: new Date(NOON + 5000) });
  expect([NOON - 1, NOON, NOON + 5000, NOON + 5001].map((at) => judge(leaf, { at }) === 'ok')).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('a trial authority anywhere on the path marks what rests on it', () => {
  const development = (leaf: TestCertificate, chain: TestCertificate[]): boolean => {
    const [first, ...rest] = chain.map((one) => parseCertificate(one.der));
    return checkPath(
      parseCertificate(leaf.der),
      { chain: [first as NonNullable<typeof first>, ...rest], validFrom: 0 },
      NOON,
      'codeSigning',
    ).development;
  };
  expect(development(test1.leaf(), [test1.ca, test1.root])).toBe(false);
  expect(development(test1.leaf({ extensions: [...LEAF_PROFILE, TRIAL_MARKER] }), [test1.ca, test1.root])).toBe(true);
  const trial = testCertificate({
    subject: 'trial CA',
    issuer: test1.root,
    extensions: [...CA, { ...TRIAL_MARKER, critical: true }],
  });
  expect(development(test1.leaf({ issuer: trial }), [trial, test1.root])).toBe(true);
});

test('a leaf for timestamps must be for them alone, and say so critically', () => {
  const tsa = (extensions: TestCertificateSpec['extensions'] & {}): string =>
    judge(testCertificate({ subject: 'TSA', issuer: test1.tsaRoot, extensions }), {
      chain: [test1.tsaRoot],
      purpose: 'timeStamping',
    });
  expect(tsa([extendedKeyUsage(['timeStamping'], true)])).toBe('ok');
  expect(tsa([extendedKeyUsage(['timeStamping'])])).toMatch(/marked critical/);
  expect(tsa([extendedKeyUsage(['timeStamping', 'codeSigning'], true)])).toMatch(/for timeStamping alone/);
  expect(tsa([extendedKeyUsage(['codeSigning'], true)])).toMatch(/not for timeStamping/);
  expect(tsa([subjectAltName(['uri', 'https://x.example'])])).toMatch(/does not say it is for timeStamping/);
});
