import {
  der,
  extendedKeyUsage,
  fulcioExtension,
  subjectAltName,
  TEST_SAN,
  testAuthority,
  type testCertificate,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { type CertifiedIdentity, identityOf } from './claims.ts';

const authority = testAuthority();
const profile = extendedKeyUsage(['codeSigning']);
const identity = (...extensions: Parameters<typeof testCertificate>[0]['extensions'] & {}): CertifiedIdentity =>
  identityOf(parseCertificate(authority.leaf({ extensions: [profile, ...extensions] }).der));
const ISSUER = fulcioExtension(8, 'https://issuer.example');
const SAN = subjectAltName(['uri', TEST_SAN]);

test('every claim is read from the extension Fulcio has for it', () => {
  expect(identityOf(parseCertificate(authority.leaf({ workload: { 23: 'production' } }).der))).toEqual({
    san: TEST_SAN,
    issuer: 'https://issuer.example',
    claims: {
      runner: 'self-hosted',
      repository: 'https://git.example/acme/app',
      ref: 'refs/heads/main',
      'repository-id': '4711',
      trigger: 'push',
      environment: 'production',
      subject: 'project:acme/app:ref:main',
    },
  });
});

test('what a certificate does not say is not there', () => {
  expect(identity(ISSUER, SAN)).toEqual({ san: TEST_SAN, issuer: 'https://issuer.example', claims: {} });
});

describe('a certificate without any of these extensions', () => {
  const bare = parseCertificate(authority.leaf({ extensions: [profile, SAN] }).der);

  test('is of the one issuer its authority may assert, and its name is its subject', () => {
    const subject = { san: TEST_SAN, issuer: 'https://ci.example', claims: { subject: TEST_SAN } };
    expect(identityOf(bare, { issuers: ['https://ci.example'] })).toEqual(subject);
  });

  test.each([
    ['no authority is known', undefined],
    ['its authority may assert nobody', {}],
    ['its authority may assert several', { issuers: ['https://ci.example', 'https://other.example'] }],
  ])('has no identity where %s', (_, from) => {
    expect(() => identityOf(bare, from)).toThrow(expect.objectContaining({ refusal: 'certificate-profile' }));
  });

  test('and with an e-mail address for its name has none: nobody certified a subject', () => {
    const person = parseCertificate(authority.leaf({ extensions: [profile, subjectAltName(['email', 'ci@acme.example'])] }).der);
    expect(() => identityOf(person, { issuers: ['https://ci.example'] })).toThrow(
      expect.objectContaining({ refusal: 'certificate-profile' }),
    );
  });

  test('and one with some of them, but no issuer, is never taken as its authority’s', () => {
    const some = parseCertificate(
      authority.leaf({ extensions: [profile, SAN, fulcioExtension(12, 'https://git.example/x')] }).der,
    );
    expect(() => identityOf(some, { issuers: ['https://ci.example'] })).toThrow(
      expect.objectContaining({ refusal: 'certificate-profile' }),
    );
  });
});

describe('the environments of a certificate', () => {
  const list = (...names: Buffer[]) => ({ oid: '2.25.1879087246.2', value: der.sequence(...names) });

  test.each([false, true])('are read, whether it is critical (%s) or not', (critical) => {
    const extension = { ...list(der.utf8String('test'), der.utf8String('staging')), critical };
    expect(identity(ISSUER, SAN, extension)).toMatchObject({ environments: ['test', 'staging'] });
  });

  test('are read where its authority stands for its issuer', () => {
    const bare = authority.leaf({ extensions: [profile, SAN, list(der.utf8String('test'))] });
    const read = identityOf(parseCertificate(bare.der), { issuers: ['https://ci.example'] });
    expect(read.environments).toEqual(['test']);
  });

  test.each([
    ['none', list()],
    ['an empty one', list(der.utf8String(''))],
    ['one with a newline', list(der.utf8String('test\n'))],
    ['another kind of text', list(der.tlv(0x13, Buffer.from('test')))],
    ['a set', { oid: '2.25.1879087246.2', value: der.set(der.utf8String('test')) }],
    ['a bare text', { oid: '2.25.1879087246.2', value: der.utf8String('test') }],
    ['no DER', { oid: '2.25.1879087246.2', value: Buffer.from('test') }],
  ])('that are %s refuse it', (_, extension) => {
    expect(() => identity(ISSUER, SAN, extension)).toThrow(expect.objectContaining({ refusal: 'certificate-profile' }));
  });
});

test('an e-mail address is a name', () => {
  expect(identity(ISSUER, subjectAltName(['email', 'dev@acme.example'])).san).toBe('dev@acme.example');
});

test.each([
  ['no name', []],
  ['no name but an empty list', [subjectAltName()]],
  ['two names', [subjectAltName(['uri', TEST_SAN], ['uri', 'https://other.example'])]],
  ['an address beside its name', [subjectAltName(['uri', TEST_SAN], ['email', 'dev@acme.example'])]],
  ['a host beside its name', [subjectAltName(['uri', TEST_SAN], ['dns', 'acme.example'])]],
  ['a host as its name', [subjectAltName(['dns', 'acme.example'])]],
  ['another kind of name', [subjectAltName(['other', 'dev'])]],
  ['an empty name', [subjectAltName(['uri', ''])]],
  ['a name with a NUL', [subjectAltName(['email', 'dev@acme.example\0.evil.example'])]],
  ['a name with a newline', [subjectAltName(['uri', `${TEST_SAN}\n`])]],
  ['a name beyond ASCII', [subjectAltName(['uri', 'https://acm\u00e9.example'])]],
  ['a name in pieces', [{ oid: '2.5.29.17', value: der.sequence(der.explicit(6, der.implicit(6, Buffer.from(TEST_SAN)))) }]],
  ['a malformed name', [{ oid: '2.5.29.17', value: Buffer.from('no DER') }]],
])('a certificate with %s has no identity', (_, names) => {
  expect(() => identity(ISSUER, ...names)).toThrow(expect.objectContaining({ refusal: 'certificate-profile' }));
});

const raw = (value: Buffer) => ({ oid: '1.3.6.1.4.1.57264.1.12', value });
test.each([
  ['bare text', raw(Buffer.from('https://git.example/acme/app'))],
  ['nothing', raw(Buffer.alloc(0))],
  ['an empty text', raw(der.utf8String(''))],
  ['a trailing newline', raw(der.utf8String('https://git.example/acme/app\n'))],
  ['a NUL', raw(der.utf8String('https://git.example/acme\0/app'))],
  ['a line separator', raw(der.utf8String('https://git.example/acme/app\u2028'))],
  ['another string type', raw(der.tlv(0x16, Buffer.from('https://git.example/acme/app')))],
  ['two strings', raw(Buffer.concat([der.utf8String('https://git.example/acme/app'), der.utf8String('x')]))],
  ['bytes that are no UTF-8', raw(der.tlv(0x0c, Buffer.of(0xff, 0xfe)))],
  ['a string in pieces', raw(der.tlv(0x2c, der.utf8String('https://git.example/acme/app')))],
])('a claim with %s refuses the certificate instead of meaning something', (_, extension) => {
  expect(() => identity(ISSUER, SAN, extension)).toThrow(expect.objectContaining({ refusal: 'certificate-profile' }));
});

test('a byte order mark in a claim is part of it', () => {
  expect(identity(ISSUER, SAN, raw(der.utf8String('\ufeffhttps://git.example/acme/app'))).claims.repository).toBe(
    '\ufeffhttps://git.example/acme/app',
  );
});

test('a certificate without an OIDC issuer has no identity; the older extension is read where the newer is not there', () => {
  const older = { oid: '1.3.6.1.4.1.57264.1.1', value: Buffer.from('https://older.example') };
  expect(() => identity(SAN)).toThrow('names no OIDC issuer');
  expect(identity(SAN, older).issuer).toBe('https://older.example');
  expect(identity(SAN, older, ISSUER).issuer).toBe('https://issuer.example');
  expect(() => identity(SAN, { ...older, value: Buffer.from('https://older.example\n') })).toThrow('names no OIDC issuer');
  expect(() => identity(SAN, older, fulcioExtension(8, ''))).toThrow('is empty');
});
