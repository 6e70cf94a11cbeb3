import { basicConstraints, keyUsage, testAuthority, testCertificate } from '@signwright/testkit';
import { expect, test } from 'vitest';
import type { Json } from './formats/strict-json.ts';
import { parseTrustRoot, type TrustRoot } from './trust-root.ts';

const authority = testAuthority();
const read = (root: Uint8Array, issuers?: Uint8Array): TrustRoot => parseTrustRoot(root, issuers, 'trust.json');
type Changeable = { [key: string]: Changeable } & Changeable[] & string;
/** The trust root with its JSON changed by `change`. */
const changed = (change: (json: Changeable) => void): Buffer => {
  const json = JSON.parse(authority.trustedRoot().toString()) as Changeable;
  change(json);
  return Buffer.from(JSON.stringify(json));
};
const set = (at: Changeable | undefined, key: string, value: Json | undefined): void => {
  (at as unknown as { [key: string]: Json | undefined })[key] = value;
};
const logKey = { rawBytes: Buffer.from('key').toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256' };
const log = (publicKey: Json): Json => ({
  baseUrl: 'https://log.example',
  hashAlgorithm: 'SHA2_256',
  publicKey,
  logId: { keyId: 'AAAA' },
});

test('a trust root is read: authorities, when they are trusted, and what they may assert', () => {
  const root = read(authority.trustedRoot(), authority.issuers(['https://issuer.example']));
  expect(root.certificateAuthorities.map(({ chain, ...rest }) => [chain.map((one) => one.subjectText), rest])).toEqual([
    [['CN=test CA', 'CN=test root'], { validFrom: Date.parse('2026-01-01'), issuers: ['https://issuer.example'] }],
  ]);
  expect(root.timestampAuthorities.map(({ chain }) => chain.map((one) => one.subjectText))).toEqual([
    ['CN=test TSA', 'CN=test TSA root'],
  ]);
  expect(root.logs).toBe(0);
});

test('its digest is of what it says and not of how it is written', () => {
  const bytes = authority.trustedRoot();
  const json = JSON.parse(bytes.toString()) as { [key: string]: unknown };
  const reordered = JSON.stringify(Object.fromEntries(Object.entries(json).reverse()), null, 4);
  expect(read(Buffer.from(reordered)).digest).toBe(read(bytes).digest);
  expect(read(changed((root) => set(root['certificateAuthorities']?.[0], 'uri', 'https://other.example'))).digest).not.toBe(
    read(bytes).digest,
  );
});

const CA = (root: Changeable): Changeable | undefined => root['certificateAuthorities']?.[0];
test.each([
  ['an unknown field', (root) => set(root, 'extra', 1), 'unknown field "extra"'],
  [
    'an unknown field of an authority',
    (root) => set(CA(root), 'trusted', true),
    'certificateAuthorities[0] has the unknown field "trusted"',
  ],
  ['another media type', (root) => set(root, 'mediaType', 'application/json'), 'mediaType must be'],
  ['no media type', (root) => set(root, 'mediaType', undefined), 'mediaType is missing'],
  ['no validity', (root) => set(CA(root), 'validFor', undefined), 'certificateAuthorities[0].validFor must be an object'],
  ['no start of validity', (root) => set(CA(root), 'validFor', { end: '2027-01-01T00:00:00Z' }), 'validFor.start is missing'],
  [
    'an end before its start',
    (root) => set(CA(root), 'validFor', { start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z' }),
    'ends before it starts',
  ],
  [
    'an end at its start',
    (root) => set(CA(root), 'validFor', { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z' }),
    'ends before it starts',
  ],
  ['a day that does not exist', (root) => set(CA(root), 'validFor', { start: '2026-02-31T00:00:00Z' }), 'is not a time like'],
  ['an hour 24', (root) => set(CA(root), 'validFor', { start: '2026-02-01T24:00:00Z' }), 'is not a time like'],
  ['a time without zone', (root) => set(CA(root), 'validFor', { start: '2026-02-01T00:00:00' }), 'is not a time like'],
  ['an empty chain', (root) => set(CA(root), 'certChain', { certificates: [] }), 'must hold 1 to 8 certificates'],
  ['no chain', (root) => set(CA(root), 'certChain', undefined), 'certChain must be an object'],
  [
    'a chain without end',
    (root) =>
      set(CA(root), 'certChain', {
        certificates: Array.from({ length: 9 }, () => ({ rawBytes: authority.root.der.toString('base64') })),
      }),
    'must hold 1 to 8',
  ],
  [
    'a certificate that is none',
    (root) => set(CA(root), 'certChain', { certificates: [{ rawBytes: 'AAAA' }] }),
    'certificates[0] cannot be read',
  ],
  [
    'a certificate in other base64',
    (root) => set(CA(root), 'certChain', { certificates: [{ rawBytes: authority.root.der.toString('base64url') }] }),
    'rawBytes is not base64',
  ],
  [
    'a log without key',
    (root) => set(root, 'tlogs', [{ baseUrl: 'https://log.example' }]),
    'tlogs[0].publicKey must be an object',
  ],
  [
    'a log whose key has no validity',
    (root) => set(root, 'tlogs', [log(logKey)]),
    'tlogs[0].publicKey.validFor must be an object',
  ],
  [
    'a log whose key has no start of validity',
    (root) => set(root, 'tlogs', [log({ ...logKey, validFor: {} })]),
    'tlogs[0].publicKey.validFor.start is missing',
  ],
  [
    'a certificate log whose key has no start of validity',
    (root) => set(root, 'ctlogs', [log({ ...logKey, validFor: {} })]),
    'ctlogs[0].publicKey.validFor.start is missing',
  ],
] as [string, (root: Changeable) => void, string][])('a trust root with %s is refused', (_, change, why) => {
  expect(() => read(changed(change))).toThrow(
    expect.objectContaining({
      code: 'invalid-input',
      message: expect.stringMatching(/^the trust root trust\.json|^certificateAuthorities/),
    }),
  );
  expect(() => read(changed(change))).toThrow(why);
});

test('a chain with something above its first certificate that is no CA is refused', () => {
  const noCa = testCertificate({ subject: 'no CA', extensions: [basicConstraints(false), keyUsage(0x04)] });
  const chains = { timestampAuthorities: [{ chain: [authority.tsa.der, noCa.der] }] };
  expect(() => read(authority.trustedRoot(chains))).toThrow('timestampAuthorities[0].certChain.certificates[1] is not a CA');
});

test('a certificate authority whose first certificate issues nothing is refused where it is listed', () => {
  const chains = { certificateAuthorities: [{ chain: [authority.leaf().der, authority.ca.der] }] };
  expect(() => read(authority.trustedRoot(chains))).toThrow('certificateAuthorities[0].certChain.certificates[0] is not a CA');
});

test('a period without end is written by leaving it out or as null', () => {
  for (const end of [undefined, null]) {
    expect(
      read(changed((root) => set(CA(root), 'validFor', { start: '2026-01-01T00:00:00Z', ...(end === undefined ? {} : { end }) })))
        .certificateAuthorities[0],
    ).not.toHaveProperty('validUntil');
  }
});

test('without its companion a trust root lets no authority assert an issuer', () => {
  expect(read(authority.trustedRoot()).certificateAuthorities[0]?.issuers).toBeUndefined();
  const other = Buffer.from(
    JSON.stringify({ version: 1, certificateAuthorities: [{ sha256: 'ab'.repeat(32), issuers: ['https://issuer.example'] }] }),
  );
  expect(read(authority.trustedRoot(), other).certificateAuthorities[0]?.issuers).toBeUndefined();
});

test.each([
  ['of another version', { version: 2, certificateAuthorities: [] }, 'version must be 1'],
  ['with an unknown field', { version: 1, certificateAuthorities: [], default: 'any' }, 'unknown field "default"'],
  [
    'with a fingerprint in capitals',
    { version: 1, certificateAuthorities: [{ sha256: 'AB'.repeat(32), issuers: [] }] },
    'lower-case hex',
  ],
  [
    'that lists an authority twice',
    { version: 1, certificateAuthorities: [0, 1].map((n) => ({ sha256: 'ab'.repeat(32), issuers: [`https://${n}.example`] })) },
    'is listed twice',
  ],
  [
    'with an issuer that is no text',
    { version: 1, certificateAuthorities: [{ sha256: 'ab'.repeat(32), issuers: [1] }] },
    'issuers[0] must be text',
  ],
])('a companion %s is refused', (_, json, why) => {
  expect(() => read(authority.trustedRoot(), Buffer.from(JSON.stringify(json)))).toThrow(why);
});

const brief = (withoutRevocation: unknown): Buffer => {
  const { certificateAuthorities, ...rest } = JSON.parse(authority.issuers().toString()) as { certificateAuthorities: object[] };
  return Buffer.from(
    JSON.stringify({ ...rest, certificateAuthorities: certificateAuthorities.map((one) => ({ ...one, withoutRevocation })) }),
  );
};

test.each([
  ['10m', 600],
  ['90s', 90],
  ['24h', 86_400],
  ['7d', 604_800],
])('a companion lets the leaves of an authority that live %s do without revocation', (text, seconds) => {
  expect(read(authority.trustedRoot(), brief(text)).certificateAuthorities[0]?.withoutRevocation).toBe(seconds);
});

test('without it every leaf of an authority needs an answer', () => {
  expect(read(authority.trustedRoot(), authority.issuers()).certificateAuthorities[0]?.withoutRevocation).toBeUndefined();
});

test.each(['8d', '1y', '0m', '010m', '10', '10 m', '', '-1m', '1.5h'])('%j is no such duration', (text) => {
  expect(() => read(authority.trustedRoot(), brief(text))).toThrow(
    /certificateAuthorities\[0\]\.withoutRevocation must be (text|a duration such as 10m or 24h, of 7 days at the most)/,
  );
});

test('a trust root with a duplicate key is refused, in itself and in its companion', () => {
  const twice = Buffer.from(authority.trustedRoot().toString().replace('{', '{"ctlogs":[],'));
  expect(() => read(twice)).toThrow('has the key "ctlogs" twice');
  expect(() => read(authority.trustedRoot(), Buffer.from('{"version":1,"version":1}'))).toThrow('twice');
});
