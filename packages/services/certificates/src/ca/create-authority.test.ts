import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyIdOf, OID, parseCertificate, type Signer, SignwrightError, signWithKey } from '@signwright/signing-core';
import { freshKeys, hasOpenssl, memorySigner, openssl, type TestKeyType, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certifyIntermediate, createAuthority, type NewAuthority } from './create-authority.ts';

const now = new Date('2026-11-23T12:00:00Z');
const DAY = 24 * 60 * 60;
const PASSPHRASE = Buffer.from('correct horse battery');
let directory: string;
let keyFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signwright-ca-'));
  keyFile = join(directory, 'root.key');
});
afterEach(() => rmSync(directory, { recursive: true }));

const memoryRoot = { signer: memorySigner(testKeys('p384', 'root')) };
const create = (some: Partial<NewAuthority> = {}) =>
  createAuthority(
    { organization: 'Acme', root: memoryRoot, signer: memorySigner(testKeys('p256', 'intermediate')), ...some },
    now,
  );

describe('a CA that is made', () => {
  test.each<[TestKeyType, TestKeyType]>([
    ['p384', 'p256'],
    ['p256', 'p384'],
    ['rsa2048', 'ed25519'],
    ['ed25519', 'rsa2048'],
  ])('with a root key of type %s and an intermediate of type %s is one for OpenSSL too', async (rootType, type) => {
    const root = { signer: memorySigner(testKeys(rootType, 'root')) };
    const made = await create({
      root,
      signer: memorySigner(testKeys(type, 'intermediate')),
      rootCrl: 'http://crl.example/root.crl',
    });
    expect(made.intermediate.isSignedBy(made.root)).toBe(true);
    expect(made.root.isSignedBy(made.root)).toBe(true);
    expect(keyIdOf(made.intermediate.publicKey)).toBe(keyIdOf(testKeys(type, 'intermediate').publicKey));
    expect((made.root.notAfter - made.root.notBefore) / DAY / 1000).toBe(3650);
    expect((made.intermediate.notAfter - made.intermediate.notBefore) / DAY / 1000).toBe(1825);
    if (!hasOpenssl) return;
    const files = (['root', 'intermediate'] as const).map((name) => {
      const path = join(directory, name);
      writeFileSync(path, `-----BEGIN CERTIFICATE-----\n${made[name].der.toString('base64')}\n-----END CERTIFICATE-----\n`);
      return path;
    });
    const at = String(now.getTime() / 1000);
    openssl(['verify', '-x509_strict', '-attime', at, '-CAfile', files[0] ?? '', files[1] ?? '']);
    const text = openssl(['x509', '-in', files[1] ?? '', '-noout', '-text']).toString();
    for (const said of [
      'CA:TRUE, pathlen:0',
      'Certificate Sign, CRL Sign\n',
      'Code Signing\n',
      'URI:http://crl.example/root.crl',
    ])
      expect(text).toContain(said);
    expect(text).not.toContain('Digital Signature');
    const rootText = openssl(['x509', '-in', files[0] ?? '', '-noout', '-text']).toString();
    expect(rootText).toContain('CA:TRUE, pathlen:1');
  });

  test('has names and serial numbers that no other has', async () => {
    const one = await create();
    const other = await create({ signer: memorySigner(freshKeys()) });
    expect(one.intermediate.subjectText).toMatch(/^O=Acme, CN=Signing CA [0-9a-f]{8}$/);
    expect(one.intermediate.subjectText).not.toBe(other.intermediate.subjectText);
    expect(one.root.subjectText).toBe(other.root.subjectText);
    expect(one.root.serialNumber).not.toEqual(other.root.serialNumber);
  });

  test("has its root's key in an encrypted file, for its owner alone, which signs for a further intermediate", async () => {
    const made = await create({ root: { keyFile, passphrase: PASSPHRASE } });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const pem = readFileSync(keyFile, 'utf8');
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(() => createPrivateKey({ key: pem, passphrase: 'another' })).toThrow();
    const key = createPrivateKey({ key: pem, passphrase: PASSPHRASE });
    const signer: Signer = {
      publicKey: async () => made.root.publicKey,
      certificate: async () => undefined,
      sign: (request) => signWithKey(key, request),
    };
    const wanted = { organization: 'Acme', signer: memorySigner(freshKeys()), validity: 30 * DAY };
    const further = await certifyIntermediate({ signer, certificate: made.root }, wanted, now);
    expect(further.isSignedBy(made.root)).toBe(true);
    if (hasOpenssl) openssl(['pkey', '-in', keyFile, '-passin', `pass:${PASSPHRASE}`, '-noout']);
  });

  test('does not overwrite a file, and leaves none where it comes to nothing', async () => {
    writeFileSync(keyFile, 'another key');
    await expect(create({ root: { keyFile, passphrase: PASSPHRASE } })).rejects.toMatchObject({
      code: 'configuration',
      where: keyFile,
    });
    expect(readFileSync(keyFile, 'utf8')).toBe('another key');
    const other = join(directory, 'other.key');
    const signer = {
      ...memoryRoot.signer,
      publicKey: () => Promise.reject(new SignwrightError('unreachable', 'the KMS is down')),
    };
    await expect(create({ signer, root: { keyFile: other, passphrase: PASSPHRASE } })).rejects.toThrow('is down');
    expect(() => statSync(other)).toThrow('ENOENT');
    await expect(create({ root: { keyFile: join(directory, 'none', 'x'), passphrase: PASSPHRASE } })).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  test.each<[string, Partial<NewAuthority>, RegExp]>([
    ['a short passphrase', { root: { keyFile: '/nowhere', passphrase: Buffer.from('swordfish') } }, /shorter than 12/],
    ['a weak key', { signer: memorySigner(testKeys('rsa1024')) }, /1024 bits/],
    ["the root's own key for the intermediate", { signer: memoryRoot.signer }, /is the root's own/],
    ['an organisation of two lines', { organization: 'Acme\nCN=evil' }, /one line/],
    ['an organisation that is too long for X.509', { organization: 'a'.repeat(65) }, /1 to 64/],
    ['an intermediate that outlives its root', { validity: 3651 * DAY }, /after the root/],
    ['a CA of an hour', { validity: 3600 }, /from a day to a hundred years/],
  ])('is not made with %s', async (_, some, message) => {
    await expect(create(some)).rejects.toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
  });
});

test('an intermediate is certified anew under its name, by its root alone', async () => {
  const { root: certificate, intermediate } = await create();
  const wanted = { organization: 'Acme', signer: memorySigner(testKeys('p256', 'intermediate')) };
  const again = await certifyIntermediate({ ...memoryRoot, certificate }, wanted, new Date('2030-01-01'));
  expect(again.subject).toEqual(intermediate.subject);
  expect(again.notAfter).toBeGreaterThan(intermediate.notAfter);
  expect(again.extensions.get(OID.subjectKeyIdentifier)).toEqual(intermediate.extensions.get(OID.subjectKeyIdentifier));
  const other = { signer: memorySigner(freshKeys()), certificate };
  await expect(certifyIntermediate(other, wanted, now)).rejects.toMatchObject({ code: 'configuration' });
  expect(parseCertificate(again.der).isSignedBy(certificate)).toBe(true);
});
