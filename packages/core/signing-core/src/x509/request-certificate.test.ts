import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl, memorySigner, openssl, type TestKeyType, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { keyIdOf } from '../keys.ts';
import { requestCertificate } from './certificate-request.ts';
import { parseCertificateRequest } from './parse-certificate-request.ts';

const TYPES: readonly TestKeyType[] = ['p256', 'p384', 'rsa2048', 'ed25519'];

test.each(TYPES)(
  'a certificate is asked for by a key of %s, wherever it is: nothing but the key, and signed by it',
  async (type) => {
    const keys = testKeys(type, 'certificate request');
    const csr = await requestCertificate(memorySigner(keys));
    const read = parseCertificateRequest(csr);
    expect(keyIdOf(read.publicKey)).toBe(keyIdOf(keys.publicKey));
    expect(read).toMatchObject({ subjectEmpty: true, names: [], extensions: [] });
  },
);

test.skipIf(!hasOpenssl).each(TYPES)('openssl takes the request of a key of %s', async (type) => {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-csr-'));
  try {
    const path = join(directory, 'request.der');
    writeFileSync(path, await requestCertificate(memorySigner(testKeys(type, 'certificate request'))));
    expect(openssl(['req', '-inform', 'DER', '-in', path, '-verify', '-noout', '-subject']).toString()).toMatch(/subject=\s*$/m);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
