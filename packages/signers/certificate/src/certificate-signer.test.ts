import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateIssuer, certificateRequest, type IdentityProvider } from '@signwright/signing-core';
import { hasOpenssl, openssl, signerContract } from '@signwright/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { createCertificateSigner } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-certificate-signer-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string): string => join(directory, name);

const identity: IdentityProvider = { idToken: async (audience) => `token for ${audience}` };
const asked: { csr: Buffer; token: string }[] = [];

/** A certificate authority by OpenSSL, which checks the request's own signature. */
const issuer: CertificateIssuer = {
  async issue(csr, token) {
    asked.push({ csr: Buffer.from(csr), token });
    writeFileSync(at('request.der'), csr);
    openssl(['req', '-inform', 'DER', '-in', at('request.der'), '-verify', '-noout']);
    writeFileSync(at('leaf.ext'), 'subjectAltName=critical,URI:https://ci.example/job\nextendedKeyUsage=codeSigning\n');
    const own = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('leaf.ext')];
    openssl(['x509', '-req', '-inform', 'DER', '-in', at('request.der'), '-outform', 'DER', '-out', at('leaf.der'), ...own]);
    return [readFileSync(at('leaf.der'))];
  },
};

describe.skipIf(!hasOpenssl)('the certificate signer', () => {
  if (hasOpenssl) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('ca.key')];
    openssl(['req', '-x509', ...key, '-out', at('ca.pem'), '-subj', '/CN=Test CA']);
  }
  const make = (by: CertificateIssuer = issuer) => createCertificateSigner({ issuer: by, identity, audience: 'sigstore' });

  signerContract('a certified key in memory', () => make());

  it('asks with a token for the issuer’s audience and a request that proves its key', async () => {
    await make();
    expect(asked.at(-1)?.token).toBe('token for sigstore');
    writeFileSync(at('seen.der'), asked.at(-1)?.csr ?? '');
    const text = openssl(['req', '-inform', 'DER', '-in', at('seen.der'), '-noout', '-text', '-verify']).toString();
    expect(text).toMatch(/ASN1 OID: prime256v1/);
    expect(text).toMatch(/Subject:\s*\n/);
  });

  it('makes a new key each time', async () => {
    const [one, two] = await Promise.all([(await make()).publicKey(), (await make()).publicKey()]);
    expect(one.equals(two)).toBe(false);
  });

  it('refuses a certificate for another key, none, or something else', async () => {
    const foreign: CertificateIssuer = {
      issue: (_, token) =>
        issuer.issue(certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey), token),
    };
    await expect(make(foreign)).rejects.toMatchObject({ code: 'verification', message: expect.stringMatching(/another key/) });
    await expect(make({ issue: async () => [] })).rejects.toMatchObject({ code: 'verification' });
    await expect(make({ issue: async () => [Buffer.from('x')] })).rejects.toMatchObject({ code: 'verification' });
  });
});
