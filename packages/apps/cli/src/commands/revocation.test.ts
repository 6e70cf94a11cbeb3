import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseBundle, parseCertificate } from '@signwright/signing-core';
import { createWorkspace, type TestCertificate, testCrl, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const HOUR = 3_600_000;
const RULES = '  - { match: "dist/**", tier: internal }';
const policy = (revocation: string): string => trialPolicy(RULES).replace('timestamp:', `revocation: ${revocation}, timestamp:`);

let here: Workspace;
let serial: Buffer;
beforeAll(async () => {
  here = await createWorkspace({
    policy: policy('{ mode: require }'),
    files: {
      'dist/a.bin': 'a',
      'given.yaml': policy('{ mode: require, crls: [ca.crl] }'),
      'prefer.yaml': policy('{ mode: prefer, crls: [ca.crl] }'),
      'off.yaml': trialPolicy(RULES),
    },
  });
});
afterAll(() => here.remove());

/** A CRL of the trial's CA. */
function crl(revoked: Parameters<typeof testCrl>[1] & {}): Buffer {
  const certificate = new X509Certificate(readFileSync(here.path('.signwright/trial/trial-ca.pem')));
  const privateKey = createPrivateKey(readFileSync(here.path('.signwright/trial/trial-ca.key')));
  const issuer = { name: parseCertificate(certificate.raw).subject, keys: { privateKey } } as unknown as TestCertificate;
  const now = Date.now();
  return testCrl(issuer, { thisUpdate: new Date(now - HOUR), nextUpdate: new Date(now + HOUR), ...revoked });
}

const env = (): { readonly env: Readonly<Record<string, string>> } => ({ env: { XDG_CACHE_HOME: here.path('cache') } });

describe('a trial under a policy that requires certificates to be known not to be revoked', () => {
  test('signs and verifies: what lives ten minutes needs nobody’s answer', async () => {
    const signed = await here.run(['sign', '--no-sidecars', '--quiet'], env());
    expect([signed.status, signed.stderr]).toEqual([0, '']);
    const verified = await here.run(['verify', 'dist/a.bin'], env());
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const [bundle] = here.evidence().values();
    const { key } = parseBundle(bundle as Buffer);
    serial = parseCertificate(key.type === 'certificate' ? key.der : Buffer.alloc(0)).serialNumber;
  });

  test('is told of what is revoked all the same', async () => {
    here.write('ca.crl', crl({ revoked: [{ serialNumber: serial, reason: 1 }] }));
    for (const file of ['given.yaml', 'prefer.yaml']) {
      const { status, stdout } = await here.run(['verify', 'dist/a.bin', '--policy', file], env());
      expect([file, status]).toEqual([file, 1]);
      expect(stdout).toContain('certificate-revoked');
      expect(stdout).toContain('as the CRL ');
    }
    expect(await here.run(['verify', 'dist/a.bin', '--policy', 'off.yaml'], env())).toMatchObject({ status: 0 });
  });

  test('does without an answer only where the trust root says so', async () => {
    const issuers = '.signwright/trial/trusted-root.issuers.json';
    const before = here.read(issuers);
    here.write(issuers, before.replace(/,\s*"withoutRevocation": "10m"/, ''));
    const { status, stdout } = await here.run(['verify', 'dist/a.bin'], env());
    here.write(issuers, before.replace('"10m"', '"1m"'));
    const longer = await here.run(['verify', 'dist/a.bin'], env());
    here.write(issuers, before);
    expect(status).toBe(3);
    expect(stdout).toContain('revocation-unknown');
    expect(stdout).toContain('it names neither a CRL nor an OCSP responder');
    expect(longer.status).toBe(3);
    expect(longer.stdout).toContain('may do without for certificates of 60 s, and this one is of 600 s');
  });

  test('shows and writes which certificates need no answer', async () => {
    const { stdout } = await here.run(['trust', 'show', '.signwright/trial/trusted-root.json']);
    expect(stdout).toContain('certificates of 600 s and less need no answer on revocation');
    here.write('chain.pem', `${here.read('.signwright/trial/trial-ca.pem')}${here.read('.signwright/trial/trial-root.pem')}`);
    const add = (...more: string[]) =>
      here.run(['trust', 'add', 'own/root.json', '--certificate-authority', 'chain.pem', ...more]);
    const bad = await add('--issuer', 'https://ci.example', '--without-revocation', '1y');
    expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('of 7 days at the most') as string]);
    expect(await add('--issuer', 'https://ci.example', '--without-revocation', '24h')).toMatchObject({ status: 0 });
    expect(here.read('own/root.issuers.json')).toContain('"withoutRevocation": "24h"');
  });
});
