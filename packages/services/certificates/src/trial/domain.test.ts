import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTrial, parseCertificate, parseTrustRoot } from '@signwright/signing-core';
import { hasOpenssl, openssl } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrialDomain, openTrialDomain, TRIAL_ISSUER, TRIAL_MARKER_OID } from '../index.ts';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'signwright-trial-'));
});
afterAll(() => rm(parent, { recursive: true, force: true }));

const now = new Date('2026-11-22T12:00:00.500Z');
let count = 0;
const fresh = () => join(parent, `${count++}`, '.signwright', 'trial');

async function trustOf(directory: string) {
  const domain = await openTrialDomain(directory);
  return parseTrustRoot(await readFile(domain.trustRootPath), await readFile(domain.issuersPath), domain.trustRootPath);
}

describe('a trial trust domain', () => {
  it('is a trust root whose every certificate is marked as trial, with the one issuer its CA may assert', async () => {
    const directory = fresh();
    await createTrialDomain(directory, { now });
    const root = await trustOf(directory);
    expect(root.certificateAuthorities.map((authority) => authority.issuers)).toEqual([[TRIAL_ISSUER]]);
    expect(root.certificateAuthorities.map((authority) => authority.withoutRevocation)).toEqual([600]);
    expect(root.timestampAuthorities).toHaveLength(1);
    for (const { chain, validFrom } of [...root.certificateAuthorities, ...root.timestampAuthorities]) {
      expect(chain.every((certificate) => isTrial(certificate))).toBe(true);
      expect(chain.every((certificate) => certificate.extensions.get(TRIAL_MARKER_OID)?.value.toString('hex') === '0500')).toBe(
        true,
      );
      expect(chain.every((certificate) => /trial/.test(certificate.subjectText))).toBe(true);
      expect(validFrom).toBeLessThan(now.getTime() - 1000);
    }
  });

  it('keeps its keys to its owner, and itself out of version control', async () => {
    const directory = fresh();
    await createTrialDomain(directory, { now });
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const names = await readdir(directory);
    expect(names.filter((name) => name.endsWith('.key')).sort()).toEqual(['trial-ca.key', 'trial-token.key', 'trial-tsa.key']);
    for (const name of names) expect([name, (await stat(join(directory, name))).mode & 0o777]).toEqual([name, 0o600]);
    const repository = join(directory, '..', '..');
    execFileSync('git', ['init', '-q'], { cwd: repository });
    expect(execFileSync('git', ['status', '--porcelain', '-uall'], { cwd: repository }).toString()).toBe('');
  });

  it('is never overwritten, and leaves nothing beside it', async () => {
    const directory = fresh();
    await createTrialDomain(directory, { now });
    const before = await readFile(join(directory, 'trial-ca.key'));
    await expect(createTrialDomain(directory, { now })).rejects.toMatchObject({ code: 'configuration', where: directory });
    expect(await readFile(join(directory, 'trial-ca.key'))).toEqual(before);
    expect(await readdir(join(directory, '..'))).toEqual(['trial']);
  });

  it('is made by one of two who make it at once', async () => {
    const directory = fresh();
    const results = await Promise.allSettled([1, 2, 3].map(() => createTrialDomain(directory, { now })));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))).toEqual([
      'configuration',
      'configuration',
    ]);
    expect(await readdir(join(directory, '..'))).toEqual(['trial']);
  });

  it('is not made in a place that somebody uses, even an empty one', async () => {
    const directory = fresh();
    await mkdir(directory, { recursive: true });
    await expect(createTrialDomain(directory, { now })).rejects.toMatchObject({ code: 'configuration' });
  });

  it('leaves nothing where it cannot be written, and says where', async () => {
    const file = join(parent, `${count++}`);
    await writeFile(file, 'a file');
    const directory = join(file, 'trial');
    await expect(createTrialDomain(directory, { now })).rejects.toMatchObject({ code: 'unreachable', where: directory });
    expect(await readFile(file, 'utf8')).toBe('a file');
  });

  it('says how to make one where there is none', async () => {
    await expect(openTrialDomain(fresh())).rejects.toMatchObject({
      code: 'configuration',
      next: expect.stringContaining('signwright trust init --trial'),
    });
  });

  it('refuses a key that others can read, and claims that are not plain text', async () => {
    const domain = await createTrialDomain(fresh(), { now });
    await chmod(join(domain.directory, 'trial-ca.key'), 0o644);
    await expect(domain.certificateAuthority()).rejects.toThrow(/by others/);
    const claims = JSON.parse(await readFile(domain.identityPath, 'utf8')) as object;
    for (const [change, message] of [
      [{ ref: 'refs/heads/main\n' }, /ref is not plain text/],
      [{ repository: 'acme/app' }, /repository is not an https/],
      [{ repository: undefined }, /repository is missing/],
      [{ admin: 'true' }, /unknown claim "admin"/],
    ] as const) {
      await writeFile(domain.identityPath, JSON.stringify({ ...claims, ...change }));
      await expect(domain.claims()).rejects.toThrow(message);
    }
  });

  it('refuses claims it could not certify before it writes anything', async () => {
    const directory = fresh();
    await expect(createTrialDomain(directory, { now, identity: { ref: '' } })).rejects.toMatchObject({ code: 'configuration' });
    await expect(stat(join(directory, '..'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(!hasOpenssl)('has chains that OpenSSL verifies for their purposes, and no other', async () => {
    const { directory } = await createTrialDomain(fresh(), { now: new Date() });
    const at = (name: string) => join(directory, name);
    const verify = (certificate: string, ...options: string[]) =>
      openssl(['verify', '-x509_strict', '-CAfile', at('trial-root.pem'), ...options, at(certificate)]).toString();
    expect(verify('trial-tsa.pem', '-purpose', 'timestampsign')).toMatch(/OK/);
    expect(verify('trial-ca.pem')).toMatch(/OK/);
    expect(() => verify('trial-tsa.pem', '-purpose', 'sslserver')).toThrow(/purpose/);
    const tsa = new X509Certificate(await readFile(at('trial-tsa.pem')));
    expect(parseCertificate(tsa.raw).extensions.get('2.5.29.37')?.critical).toBe(true);
  });
});
