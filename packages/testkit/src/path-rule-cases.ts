import { authority, leftOut, made, PATH_CASES_AT, type PathCase, row, type Said, type Spec, type Specs } from './path-case.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  type TestExtension,
} from './test-certificates.ts';
import { freshKeys, type TestKeys, testKeys } from './test-keys.ts';
import { integer, oid, sequence, tlv, utf8String } from './write-der.ts';

const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const PURPOSE = '2.5.29.37';
const SUBJECT_KEY = '2.5.29.14';
const AUTHORITY_KEY = '2.5.29.35';
const CA_USAGE = 0x06;
const SIGNATURE_USAGE = 0x80;

const later = new Date('2026-07-01T00:00:00Z');
const earlier = new Date('2026-05-01T00:00:00Z');
const UNKNOWN: TestExtension = { oid: '1.2.3.4', value: Buffer.of(5, 0) };
const critical = (extension: TestExtension): TestExtension => ({ ...extension, critical: true });
const stranger = (): TestKeys => testKeys('p256', 'stranger');

const dates = (): PathCase[] => [
  row('dates', 'all are valid', {}),
  row(
    'dates',
    'the leaf ends this very second',
    { leaf: { notAfter: PATH_CASES_AT } },
    { openssl: 'it ends before its last second; RFC 5280, 4.1.2.5, counts notAfter in' },
  ),
  row('dates', 'the leaf begins this very second', { leaf: { notBefore: PATH_CASES_AT } }),
  ...(['leaf', 'ca', 'root'] as const).flatMap((place) => [
    row('dates', `the ${place} has ended`, { [place]: { notAfter: earlier } }, { refused: /was valid from/ }),
    row('dates', `the ${place} has not begun`, { [place]: { notBefore: later } }, { refused: /was valid from/ }),
  ]),
];

const signatures = (): PathCase[] => [
  row('signatures', 'a P-384 CA signs with SHA-384', { ca: { keys: testKeys('p384', 'CA') }, leaf: { hash: 'sha384' } }),
  row('signatures', 'an RSA-2048 CA signs with SHA-256', { ca: { keys: testKeys('rsa2048', 'CA') } }),
  row('signatures', 'an Ed25519 CA', { ca: { keys: testKeys('ed25519', 'CA') } }),
  row('signatures', 'another key signed the leaf', { leaf: { signedWith: stranger().privateKey } }, { refused: /not issued by/ }),
  row('signatures', 'another key signed the CA', { ca: { signedWith: stranger().privateKey } }, { refused: /not issued by/ }),
  row('weak algorithms', 'the leaf is signed with SHA-1', { leaf: { hash: 'sha1' } }, { refused: /too weak or unknown/ }),
  row('weak algorithms', 'the CA is signed with SHA-1', { ca: { hash: 'sha1' } }, { refused: /too weak or unknown/ }),
  row('weak algorithms', 'an RSA key of 1024 bits', { leaf: { keys: testKeys('rsa1024') } }, { refused: /1024 bits/ }),
  row('weak algorithms', 'a CA of 1024 bits', { ca: { keys: testKeys('rsa1024', 'CA') } }, { refused: /1024 bits/ }),
  row(
    'weak algorithms',
    'a P-521 key',
    { leaf: { keys: testKeys('p521') } },
    { refused: /secp521r1/, openssl: 'it is strong; we have no signature algorithm for it' },
  ),
  row(
    'weak algorithms',
    'an RSA-PSS key',
    { leaf: { keys: testKeys('rsa-pss') } },
    { refused: /rsa-pss/, openssl: 'it is strong; we have no signature algorithm for it' },
  ),
];

function nameCases(): PathCase[] {
  const keys = freshKeys();
  const other = (subject: string): Buffer[] => {
    const root = authority({ subject: 'table root' });
    const real = authority({ subject: 'table CA', keys }, root);
    const named = authority({ subject, keys }, root);
    const profile = [keyUsage(SIGNATURE_USAGE), extendedKeyUsage(['codeSigning']), subjectAltName(['uri', 'https://x.example'])];
    return [made({ subject: 'table leaf' }, profile, real).der, named.der, root.der];
  };
  const from = (subject: string, said: Said): PathCase => {
    const [leaf = Buffer.alloc(0), ...chain] = other(subject);
    return { rule: 'names chain', what: `the CA is called "${subject}"`, leaf, chain, purpose: 'codeSigning', ...said };
  };
  return [
    from('table CA', {}),
    from('other CA', { refused: /not issued by/ }),
    from('TABLE ca', { refused: /not issued by/, openssl: 'it compares names without case; we compare their bytes' }),
  ];
}

const identifiers = (): PathCase[] => [
  row(
    'key identifiers',
    'none, which RFC 5280 asks of issuers alone',
    {
      root: { extensions: [leftOut(SUBJECT_KEY)] },
      ca: { extensions: [leftOut(SUBJECT_KEY), leftOut(AUTHORITY_KEY)] },
      leaf: { extensions: [leftOut(SUBJECT_KEY), leftOut(AUTHORITY_KEY)] },
    },
    { openssl: 'x509_strict wants them; RFC 5280, 6.1, judges paths without' },
  ),
  row(
    'key identifiers',
    "the leaf names another key of its CA's",
    { leaf: { extensions: [authorityKeyIdentifier(stranger())] } },
    { refused: /names another key/ },
  ),
];

const lengths = (root: number | undefined, ca: number | undefined, middle: Spec = {}): Specs => ({
  root: { extensions: [basicConstraints(true, root)] },
  middle,
  ca: { extensions: [basicConstraints(true, ca)] },
});
const authorities = (): PathCase[] => [
  row('path length', 'one CA under 1', lengths(2, 0)),
  row('path length', 'two CAs under 1', lengths(1, 0), { refused: /table root allows 1 CAs below it, not 2/ }),
  row('path length', 'a CA under 0', { root: { extensions: [basicConstraints(true, 0)] } }, { refused: /allows 0 CAs/ }),
  row('path length', 'a CA that renewed its key by itself does not count', lengths(1, 0, { subject: 'table root' })),
  row(
    'path length',
    'a leaf that has one',
    { leaf: { extensions: [{ ...basicConstraints(false, 0) }] } },
    { refused: /path length and is no CA/ },
  ),
  row('basic constraints', 'the leaf says that it is no CA', { leaf: { extensions: [basicConstraints(false)] } }),
  row('basic constraints', 'a CA without', { ca: { extensions: [leftOut(BASIC_CONSTRAINTS)] } }, { refused: /is not a CA/ }),
  row(
    'basic constraints',
    'a CA that says it is none',
    { ca: { extensions: [basicConstraints(false)] } },
    { refused: /is not a CA/ },
  ),
  row(
    'basic constraints',
    'a CA that says so, but not critically',
    { ca: { extensions: [{ ...basicConstraints(true), critical: false }] } },
    { refused: /does not say critically/ },
  ),
  row(
    'basic constraints',
    'a root that says so, but not critically',
    { root: { extensions: [{ ...basicConstraints(true), critical: false }] } },
    { openssl: 'x509_strict holds roots to what issuers must write; we take them from the trust root' },
  ),
  row(
    'basic constraints',
    'the leaf is a CA',
    { leaf: { extensions: [basicConstraints(true), keyUsage(SIGNATURE_USAGE | CA_USAGE)] } },
    { refused: /is not one that signs data/, withoutCodeSigning: ANY },
  ),
  row(
    'key usage',
    'a CA that may not sign certificates',
    { ca: { extensions: [keyUsage(0x02)] } },
    { refused: /is not a CA that may/ },
  ),
  row(
    'key usage',
    'a root that may not sign certificates',
    { root: { extensions: [keyUsage(0x02)] } },
    { refused: /is not a CA that may/ },
  ),
  row(
    'key usage',
    'a CA that says nothing of it',
    { ca: { extensions: [leftOut(KEY_USAGE)] } },
    { openssl: 'x509_strict wants it; RFC 5280, 6.1.4 (n), judges it where it is' },
  ),
  row(
    'key usage',
    'a leaf that may not sign',
    { leaf: { extensions: [keyUsage(0x20)] } },
    { refused: /is not one that signs data/, withoutCodeSigning: ANY },
  ),
];

const forPurposes = (place: 'leaf' | 'ca' | 'root', ...list: Parameters<typeof extendedKeyUsage>[0]): Specs => ({
  [place]: { extensions: [extendedKeyUsage(list)] },
});
const ANY = 'any purpose does not look at it';
const purposes = (): PathCase[] => [
  row('purposes', 'the leaf is for servers', forPurposes('leaf', 'serverAuth'), {
    refused: /is not for codeSigning/,
    withoutCodeSigning: ANY,
  }),
  row('purposes', 'the leaf is for everything', forPurposes('leaf', 'any'), {
    refused: /does not say it is for/,
    withoutCodeSigning: ANY,
  }),
  row(
    'purposes',
    'the leaf does not say',
    { leaf: { extensions: [leftOut(PURPOSE)] } },
    { refused: /does not say/, withoutCodeSigning: ANY },
  ),
  row('purposes', 'the CA is for code signing', forPurposes('ca', 'codeSigning')),
  row('purposes', 'the CA is for code signing and more', forPurposes('ca', 'serverAuth', 'codeSigning')),
  row('purposes', 'the CA is for everything', forPurposes('ca', 'any')),
  row('purposes', 'the CA is for timestamps', forPurposes('ca', 'timeStamping'), {
    refused: /table CA is not for codeSigning/,
    openssl: 'it does not nest purposes; we do',
  }),
  row('purposes', 'the root is for servers', forPurposes('root', 'serverAuth'), {
    refused: /table root is not for codeSigning/,
    openssl: 'it does not nest purposes; we do',
  }),
  row(
    'purposes',
    'a TSA for timestamps alone, critically',
    { leaf: { extensions: [extendedKeyUsage(['timeStamping'], true)] } },
    { purpose: 'timeStamping' },
  ),
  row(
    'purposes',
    'a TSA that does not say so critically',
    { leaf: { extensions: [extendedKeyUsage(['timeStamping'])] } },
    { purpose: 'timeStamping', refused: /marked critical/ },
  ),
  row(
    'purposes',
    'a TSA that signs code too',
    { leaf: { extensions: [extendedKeyUsage(['timeStamping', 'codeSigning'], true)] } },
    { purpose: 'timeStamping', refused: /alone/ },
  ),
];

const extensions = (): PathCase[] => [
  row('critical extensions', 'an unknown one that is not critical', {
    leaf: { extensions: [UNKNOWN] },
    ca: { extensions: [UNKNOWN] },
  }),
  ...(['leaf', 'ca', 'root'] as const).map((place) =>
    row(
      'critical extensions',
      `an unknown critical one in the ${place}`,
      { [place]: { extensions: [critical(UNKNOWN)] } },
      { refused: /critical extension 1\.2\.3\.4, which is not understood/ },
    ),
  ),
  row(
    'critical extensions',
    'one twice',
    { leaf: { extensions: [UNKNOWN, UNKNOWN] } },
    {
      refused: /is there twice/,
      openssl: 'it looks for it only among those it knows',
    },
  ),
  row(
    'critical extensions',
    'the purposes twice',
    { leaf: { extensions: [extendedKeyUsage(['codeSigning']), extendedKeyUsage(['codeSigning'])] } },
    { refused: /is there twice/ },
  ),
  row(
    'critical extensions',
    'the environments, which we enforce',
    { leaf: { extensions: [critical({ oid: '2.25.1879087246.2', value: sequence(utf8String('test')) })] } },
    { openssl: 'it does not know the extension' },
  ),
  ...(
    [
      ['certificate policies', '2.5.29.32', sequence(sequence(oid('2.5.29.32.0')))],
      ['policy constraints', '2.5.29.36', sequence(tlv(0x80, Buffer.of(0)))],
      ['inhibit any policy', '2.5.29.54', integer(0)],
      ['policy mappings', '2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4')))],
    ] as const
  ).flatMap(([what, id, value]) => [
    row(
      'policies',
      `${what}, critically`,
      { ca: { extensions: [{ oid: id, value, critical: true }] } },
      {
        refused: new RegExp(`\\(${what}\\), which is not understood`),
        openssl: 'it knows policies, and judges by them only when asked',
      },
    ),
    row('policies', `${what}, not critically`, { ca: { extensions: [{ oid: id, value }] } }),
  ]),
];

const serial = (place: 'leaf' | 'ca' | 'root', ...bytes: number[]): Specs => ({ [place]: { serialNumber: Buffer.from(bytes) } });
const twenty = Array.from({ length: 20 }, () => 0x41);
const SERIALS_LAX = 'it does not judge serial numbers';
const serials = (): PathCase[] => [
  row('serial numbers', 'of 20 bytes', serial('leaf', ...twenty)),
  row('serial numbers', 'of 21 bytes', serial('leaf', 0x41, ...twenty), {
    refused: /not positive, or over 20/,
    openssl: SERIALS_LAX,
  }),
  row('serial numbers', 'zero', serial('ca', 0), { refused: /not positive/, openssl: SERIALS_LAX }),
  row('serial numbers', 'negative', serial('leaf', 0x80, 1), { refused: /not positive/, openssl: SERIALS_LAX }),
  row('serial numbers', 'zero in a root', serial('root', 0)),
  row(
    'serial numbers',
    'one, twice by one issuer',
    { ...serial('root', 7), ...serial('ca', 7) },
    {
      refused: /have one serial number by one issuer/,
      openssl: SERIALS_LAX,
    },
  ),
  row(
    'version',
    'version 1',
    { leaf: { version: 1 } },
    { refused: /not version 3/, openssl: 'it still takes version 1 for a leaf' },
  ),
];

/** Each rule kept and each rule broken, but for names. */
export function ruleCases(): PathCase[] {
  return [
    ...dates(),
    ...signatures(),
    ...nameCases(),
    ...identifiers(),
    ...authorities(),
    ...purposes(),
    ...extensions(),
    ...serials(),
  ];
}
