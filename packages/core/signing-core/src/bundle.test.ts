import { testAuthority, testCertificate } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bundle, type NewBundle, parseBundle, writeBundle } from './bundle.ts';
import { IN_TOTO } from './envelope.ts';
import { SignwrightError } from './error.ts';

const authority = testAuthority();
const leaf = authority.leaf().der;
const message: NewBundle = {
  content: { type: 'message', hash: 'sha256', digest: Buffer.alloc(32, 7), signature: Buffer.from('signature') },
  key: { type: 'certificate', der: leaf },
  timestamps: [Buffer.from('a timestamp')],
};
const envelope: NewBundle = {
  content: {
    type: 'envelope',
    envelope: { payloadType: IN_TOTO, payload: Buffer.from('{}'), signature: Buffer.from('signature') },
  },
  key: { type: 'public-key', hint: 'a hint' },
  timestamps: [],
};
const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const older = (version: string): string => `application/vnd.dev.sigstore.bundle+json;version=${version}`;

type Fields = { [name: string]: unknown };
const change = (
  bundle: NewBundle,
  edit: (json: Fields & { verificationMaterial: Fields; dsseEnvelope: Fields; messageSignature: Fields }) => void,
): Buffer => {
  const json = JSON.parse(writeBundle(bundle).toString());
  edit(json);
  return Buffer.from(JSON.stringify(json));
};
const chain = (...ders: Buffer[]): Fields => ({ certificates: ders.map((one) => ({ rawBytes: one.toString('base64') })) });
const withChain = (mediaType: string, ...ders: Buffer[]): Buffer =>
  change(message, (json) => {
    json['mediaType'] = mediaType;
    json.verificationMaterial = { x509CertificateChain: chain(...ders) };
  });

const readAgain = ({ content, key, timestamps }: Bundle): NewBundle => ({ content, key, timestamps });

test('what is written is read as it was', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const content: fc.Arbitrary<NewBundle['content']> = fc.oneof(
    fc.record({
      type: fc.constant('message' as const),
      hash: fc.constantFrom('sha256', 'sha384', 'sha512'),
      digest: bytes,
      signature: bytes,
    }),
    fc.record({
      type: fc.constant('envelope' as const),
      envelope: fc.record({ payloadType: fc.string(), payload: bytes, signature: bytes }),
    }),
  );
  const key: fc.Arbitrary<NewBundle['key']> = fc.oneof(
    fc.record({ type: fc.constant('certificate' as const), der: bytes }),
    fc.record({ type: fc.constant('public-key' as const), hint: fc.string() }),
  );
  fc.assert(
    fc.property(fc.record({ content, key, timestamps: fc.array(bytes, { maxLength: 3 }) }), (bundle) => {
      expect(readAgain(parseBundle(writeBundle(bundle)))).toEqual(bundle);
    }),
  );
});

test('what we write is version 0.3, one line, without a key id that cosign would look for', () => {
  const text = writeBundle(envelope).toString();
  expect(text).toMatch(/^\{"mediaType":"application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json",[^\n]*\}\n$/);
  expect(text).not.toContain('keyid');
});

test.each([older('0.1'), older('0.2')])('a certificate chain is accepted in %s: its leaf counts', (mediaType) => {
  expect(parseBundle(withChain(mediaType, leaf, authority.ca.der)).key).toEqual({ type: 'certificate', der: leaf });
});

test('the media types of version 0.3 are both read', () => {
  for (const mediaType of [V03, older('0.3')]) {
    expect(parseBundle(change(message, (json) => (json['mediaType'] = mediaType))).content.type).toBe('message');
  }
});

test.each([
  [
    'of a later version',
    change(message, (json) => (json['mediaType'] = 'application/vnd.dev.sigstore.bundle.v0.4+json')),
    'not a Sigstore bundle of version 0.1 to 0.3',
  ],
  ['of version 99', change(message, (json) => (json['mediaType'] = older('99'))), 'not a Sigstore bundle'],
  ['without media type', change(message, (json) => delete json['mediaType']), 'mediaType is missing'],
  ['with a certificate chain in version 0.3', withChain(V03, leaf, authority.ca.der), 'version 0.3 carries the leaf alone'],
  ['with a chain in the older name of version 0.3', withChain(older('0.3'), leaf), 'version 0.3 carries the leaf alone'],
  ['with a root in its chain', withChain(older('0.1'), leaf, authority.ca.der, authority.root.der), 'hold a root'],
  ['with an empty chain', withChain(older('0.1')), 'must hold a leaf'],
  [
    'with an endless chain',
    withChain(older('0.1'), leaf, ...Array.from({ length: 9 }, () => authority.ca.der)),
    'at most 8 issuers',
  ],
  [
    'with two signatures',
    change(envelope, (json) => (json.dsseEnvelope['signatures'] = [{ sig: 'AA==' }, { sig: 'AA==' }])),
    'must hold one signature, not 2',
  ],
  ['without a signature', change(envelope, (json) => (json.dsseEnvelope['signatures'] = [])), 'must hold one signature, not 0'],
  [
    'with both a file signature and an envelope',
    change(message, (json) => Object.assign(json, { dsseEnvelope: JSON.parse(writeBundle(envelope).toString()).dsseEnvelope })),
    'either messageSignature or dsseEnvelope',
  ],
  [
    'with neither',
    change(message, (json) => delete (json as Fields)['messageSignature']),
    'either messageSignature or dsseEnvelope',
  ],
  [
    'with a certificate and a key',
    change(message, (json) => (json.verificationMaterial['publicKey'] = { hint: 'x' })),
    'exactly one of',
  ],
  ['with nobody to have signed it', change(message, (json) => delete json.verificationMaterial['certificate']), 'exactly one of'],
  ['with an unknown field', change(message, (json) => (json['extra'] = 1)), 'unknown field "extra"'],
  [
    'with an unknown field of its material',
    change(message, (json) => (json.verificationMaterial['extra'] = 1)),
    'unknown field "extra"',
  ],
  [
    'with an unknown field of its signature',
    change(message, (json) => (json.messageSignature['extra'] = 1)),
    'unknown field "extra"',
  ],
  [
    'with an unknown field of its envelope',
    change(envelope, (json) => (json.dsseEnvelope['extra'] = 1)),
    'unknown field "extra"',
  ],
  [
    'with base64 without padding',
    change(message, (json) => (json.messageSignature['signature'] = 'AA')),
    'signature is not base64',
  ],
  [
    'with base64 of another alphabet',
    change(message, (json) => (json.messageSignature['signature'] = '-_-_')),
    'signature is not base64',
  ],
  [
    'with base64 that has stray bits',
    change(message, (json) => (json.messageSignature['signature'] = 'AB==')),
    'signature is not base64',
  ],
  [
    'with base64 in lines',
    change(message, (json) => (json.messageSignature['signature'] = 'AAAA\nAAAA')),
    'signature is not base64',
  ],
  [
    'with SHA-1',
    change(message, (json) => (json.messageSignature['messageDigest'] = { algorithm: 'SHA1', digest: '' })),
    'not SHA2_256, SHA2_384 or SHA2_512',
  ],
  [
    'with a hash named as a property of every object',
    change(message, (json) => (json.messageSignature['messageDigest'] = { algorithm: 'constructor', digest: '' })),
    'not SHA2_256',
  ],
  [
    'with a signature that is no text',
    change(message, (json) => (json.messageSignature['signature'] = { length: 1 })),
    'must be text',
  ],
  [
    'with more timestamps than anyone makes',
    writeBundle({ ...message, timestamps: Array.from({ length: 33 }, () => Buffer.of(1)) }),
    'rfc3161Timestamps are 33, more than 32',
  ],
  [
    'with more log entries than anyone makes',
    change(message, (json) => (json.verificationMaterial['tlogEntries'] = Array(33).fill({}))),
    'tlogEntries are 33, more than 32',
  ],
  [
    'with timestamps that are no list',
    change(message, (json) => (json.verificationMaterial['timestampVerificationData'] = { rfc3161Timestamps: { length: 0 } })),
    'must be a list',
  ],
  ['that is a list', Buffer.from('[]'), 'must be an object'],
  ['that is null', Buffer.from('null'), 'must be an object'],
  [
    'with a key there twice',
    Buffer.from(writeBundle(message).toString().replace('{', `{"mediaType":"${V03}",`)),
    'has the key "mediaType" twice',
  ],
])('a bundle %s is refused', (_, bytes, why) => {
  expect(() => parseBundle(bytes, 'it')).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(why) }),
  );
});

test('as many timestamps, log entries and issuers as are allowed are read', () => {
  const most = writeBundle({ ...message, timestamps: Array.from({ length: 32 }, () => Buffer.of(1)) });
  expect(parseBundle(most).timestamps).toHaveLength(32);
  const entries = change(message, (json) => (json.verificationMaterial['tlogEntries'] = Array(32).fill({})));
  expect(parseBundle(entries).logEntries).toBe(32);
  const issuers = withChain(older('0.1'), leaf, ...Array.from({ length: 8 }, () => authority.ca.der));
  expect(parseBundle(issuers).key.type).toBe('certificate');
});

test('a bundle cut short anywhere is refused', () => {
  const bytes = writeBundle(envelope);
  for (let length = 0; length < bytes.length - 1; length++) {
    expect(() => parseBundle(bytes.subarray(0, length))).toThrow(SignwrightError);
  }
});

test('a huge bundle is refused before it is read', () => {
  const huge = { length: 97 * 1024 * 1024 } as Uint8Array;
  expect(() => parseBundle(huge)).toThrow('at most 100663296 are read');
});

test('a certificate in the chain that is none is refused in our words', () => {
  expect(() => parseBundle(withChain(older('0.1'), leaf, Buffer.from('none')))).toThrow(
    "a certificate of the bundle's chain cannot be read",
  );
  expect(() => parseBundle(withChain(older('0.1'), leaf, testCertificate({ version: 1 }).der))).toThrow('not version 3');
});
