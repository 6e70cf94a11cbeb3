import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKeyReference } from './key-reference.ts';

const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:eu-north-1:111122223333:key/${ID}`;
const GOOGLE = 'projects/acme/locations/eu/keyRings/signing/cryptoKeys/release';

describe('a key reference', () => {
  test.each([
    ['keys/release.pem', { scheme: 'file', path: 'keys/release.pem' }],
    ['/keys/a:b', { scheme: 'file', path: '/keys/a:b' }],
    ['awskms:///alias/release-signing', { scheme: 'awskms', key: 'alias/release-signing' }],
    ['awskms:///alias/team/release', { scheme: 'awskms', key: 'alias/team/release' }],
    [`awskms:///${ID}?region=eu-west-1`, { scheme: 'awskms', key: ID, region: 'eu-west-1' }],
    [`awskms:///mrk-${ID.replaceAll('-', '')}`, { scheme: 'awskms', key: `mrk-${ID.replaceAll('-', '')}` }],
    [`awskms:///${ARN}`, { scheme: 'awskms', key: ARN, region: 'eu-north-1' }],
    ['awskms://kms.acme.example:8443/alias/x', { scheme: 'awskms', endpoint: 'https://kms.acme.example:8443', key: 'alias/x' }],
    ['awskms://localhost:4566/alias/x', { scheme: 'awskms', endpoint: 'http://localhost:4566', key: 'alias/x' }],
    [`gcpkms://${GOOGLE}/cryptoKeyVersions/7`, { scheme: 'gcpkms', version: `${GOOGLE}/cryptoKeyVersions/7` }],
    [`gcpkms://${GOOGLE}/versions/7`, { scheme: 'gcpkms', version: `${GOOGLE}/cryptoKeyVersions/7` }],
    [
      `azurekms://acme.vault.azure.net/release/${'0f'.repeat(16)}`,
      { scheme: 'azurekms', vault: 'https://acme.vault.azure.net', key: 'release', version: '0f'.repeat(16) },
    ],
    ['azurekms://acme.vault.azure.net/release', { scheme: 'azurekms', vault: 'https://acme.vault.azure.net', key: 'release' }],
    ['hashivault://release', { scheme: 'hashivault', key: 'release', mount: 'transit', login: 'token', loginMount: 'token' }],
    [
      'hashivault://release?address=https://vault.acme.example:8200&mount=teams/transit&version=3&namespace=acme&login=jwt&role=ci&login-mount=gitlab',
      {
        scheme: 'hashivault',
        address: 'https://vault.acme.example:8200',
        mount: 'teams/transit',
        version: 3,
        namespace: 'acme',
        login: 'jwt',
        role: 'ci',
        loginMount: 'gitlab',
      },
    ],
    [
      'pkcs11:token=Release%20keys;object=signing;id=%01%ff?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin',
      {
        scheme: 'pkcs11',
        token: 'Release keys',
        object: 'signing',
        id: Buffer.from([1, 255]),
        modulePath: '/usr/lib/softhsm/libsofthsm2.so',
        pinSource: '/run/secrets/pin',
      },
    ],
    ['pkcs11:object=signing;type=private;slot-id=3?pin-source=/pin', { scheme: 'pkcs11', slotId: 3, pinSource: '/pin' }],
  ])('%s is read', (text, expected) => {
    expect(parseKeyReference(text)).toMatchObject({ text, ...expected });
  });

  test.each([
    ['awskms://alias/x', /names no key/],
    ['awskms:///x', /names no key/],
    ['awskms:alias/x', /does not begin with awskms:\/\//],
    [`awskms:///${ARN}?region=eu-west-1`, /region says another/],
    ['awskms:///alias/x?regoin=eu-west-1', /nothing here is called "regoin"/],
    ['awskms:///alias/x?region=a&region=b', /twice/],
    ['awskms://user:pw@host/alias/x', /names no host/],
    [`gcpkms://${GOOGLE}`, /no version/],
    [`gcpkms://${GOOGLE}/cryptoKeyVersions/latest`, /no version/],
    [`gcpkms://${GOOGLE}/cryptoKeyVersions/1?x=1`, /nothing here is called/],
    ['azurekms://acme.vault.azure.net', /names no key/],
    ['azurekms://acme.vault.azure.net/release/latest', /names no key/],
    ['hashivault://../release', /names no key/],
    ['hashivault://release?login=ldap', /no login "ldap"/],
    ['hashivault://release?login=jwt', /names no role/],
    ['hashivault://release?login=jwt&role=ci', /names no address/],
    ['hashivault://release?mount=../sys', /no path of a mount/],
    ['hashivault://release?address=http://vault.example', /would speak http/],
    ['hashivault://release?token=hvs.secret', /nothing here is called "token"/],
    ['pkcs11:token=x', /neither object nor id/],
    ['pkcs11:object=x?module-name=softhsm', /"module-name" is none of/],
    ['pkcs11:object=x?module-path=./evil.so', /not an absolute path/],
    ['pkcs11:object=x?pin-source=|/bin/pin', /must be percent-encoded/],
    ['pkcs11:object=x?pin-source=%7c/bin/pin', /no absolute path/],
    ['pkcs11:object=x;object=y', /object twice/],
    ['pkcs11:object=x;type=cert', /not private/],
    ['s3://bucket/key', /there is no scheme "s3"/],
  ])('%s is refused', (text, message) => {
    expect(() => parseKeyReference(text)).toThrow(expect.objectContaining({ code: 'configuration' }));
    expect(() => parseKeyReference(text)).toThrow(message);
  });

  test('that holds a PIN is refused, and the PIN not shown', () => {
    for (const text of ['pkcs11:object=x?pin-value=1234567', 'pkcs11:object=x;pin-value=1234567'])
      try {
        parseKeyReference(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'configuration', message: /holds a PIN/ });
        expect(String(error)).not.toContain('1234567');
      }
  });

  test('that somebody put a secret into is refused without showing it', () => {
    for (const text of [
      'hashivault://release?token=hunter2',
      'hashivault://release?address=https://u:hunter2@vault.example',
      'awskms://AKIA:hunter2@host/alias/x',
      'pkcs11:object=x?pin-source=hunter2',
    ])
      try {
        parseKeyReference(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'configuration' });
        expect(String(error)).not.toContain('hunter2');
      }
  });

  test('whatever it is, is read or refused, never a defect', () => {
    const schemes = fc.constantFrom('awskms://', 'gcpkms://', 'azurekms://', 'hashivault://', 'pkcs11:', '');
    fc.assert(
      fc.property(schemes, fc.string({ unit: fc.constantFrom(...'/:?&=;%@.a1- []') }), (scheme, rest) => {
        try {
          expect(parseKeyReference(scheme + rest).text).toBe(scheme + rest);
        } catch (error) {
          expect(error).toMatchObject({ name: 'SignwrightError', code: 'configuration' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
