import { crlDistributionPoints, der, ocspAccess, type TestExtension, testAuthority } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { type RevocationPlaces, revocationPlaces } from './revocation-places.ts';

const authority = testAuthority();
const places = (...extensions: TestExtension[]): RevocationPlaces =>
  revocationPlaces(parseCertificate(authority.leaf({ extensions }).der));
const name = (uri: string): Buffer => der.implicit(6, Buffer.from(uri));

test('a certificate names its CRLs and its responder', () => {
  expect(places(crlDistributionPoints('http://a.example/x', 'https://b.example/y'), ocspAccess('http://ocsp.example'))).toEqual({
    crls: ['http://a.example/x', 'https://b.example/y'],
    ocsp: ['http://ocsp.example'],
  });
  expect(places()).toEqual({ crls: [], ocsp: [] });
});

test('only http addresses are places, each once, without a password', () => {
  const uris = [
    'ldap://a.example/x',
    'file:///etc/passwd',
    'http://u:p@a.example/',
    'nonsense',
    'http://a.example/x',
    'http://a.example/x',
  ];
  expect(places(crlDistributionPoints(...uris)).crls).toEqual(['http://a.example/x']);
  expect(places(ocspAccess('ftp://ocsp.example')).ocsp).toEqual([]);
});

test('a CRL that another CA makes is not asked for, and who issued it is no responder', () => {
  const indirect = der.sequence(
    der.explicit(0, der.explicit(0, name('http://a.example'))),
    der.explicit(2, der.explicit(4, der.sequence())),
  );
  expect(places({ oid: '2.5.29.31', value: der.sequence(indirect) }).crls).toEqual([]);
  const issuers = der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), name('http://ca.example/ca.cer'));
  expect(places({ oid: '1.3.6.1.5.5.7.1.1', value: der.sequence(issuers) }).ocsp).toEqual([]);
});

test.each([
  ['places for CRLs', { oid: '2.5.29.31', value: der.sequence(der.sequence(der.explicit(0))) }],
  ['names', { oid: '2.5.29.31', value: Buffer.from('none') }],
  ['an address beyond ASCII', ocspAccess('http://\u00e9.example')],
  ['an access without a place', { oid: '1.3.6.1.5.5.7.1.1', value: der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.48.1'))) }],
])('malformed %s are an error', (_, extension) => {
  expect(() => places(extension)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
});
