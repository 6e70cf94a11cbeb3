import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuersPathOf, parseTrustRoot } from '@signwright/signing-core';
import { hasOpenssl, openssl, opensslTimestampKey } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addToTrustRoot, createTrialDomain } from './index.ts';

let parent: string;
let ca: string;
let leafOnly: string;
let tsa: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'signwright-trust-root-'));
  const { directory } = await createTrialDomain(join(parent, 'trial'), { now: new Date() });
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  ca = `${await read('trial-ca.pem')}${await read('trial-root.pem')}`;
  leafOnly = `${await read('trial-tsa.pem')}${await read('trial-root.pem')}`;
  if (hasOpenssl) tsa = opensslTimestampKey(parent).certificateChain;
});
afterAll(() => rm(parent, { recursive: true, force: true }));

let count = 0;
async function newFile(content?: string): Promise<string> {
  const path = join(parent, `root-${count++}.json`);
  if (content !== undefined) await writeFile(path, content);
  return path;
}
const issuers = ['https://gitlab.acme.example'];
const read = async (path: string) => parseTrustRoot(await readFile(path), await readFile(issuersPathOf(path)), path);

describe('adding to a trust root', () => {
  it('makes one where there is none, with the issuers the authority may assert', async () => {
    const path = await newFile();
    await addToTrustRoot(path, { certificateAuthority: ca, issuers, from: new Date('2026-11-01T00:00:00Z') });
    const root = await read(path);
    expect(root.certificateAuthorities).toHaveLength(1);
    expect(root.certificateAuthorities[0]).toMatchObject({ issuers, validFrom: Date.parse('2026-11-01T00:00:00Z') });
    expect((await readdir(parent)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('says which certificates of an authority live too briefly to be revoked, where it is told', async () => {
    const path = await newFile();
    await addToTrustRoot(path, { certificateAuthority: ca, issuers, withoutRevocation: '10m' });
    expect((await read(path)).certificateAuthorities[0]).toMatchObject({ issuers, withoutRevocation: 600 });
    const without = await newFile();
    await addToTrustRoot(without, { certificateAuthority: ca, issuers });
    expect((await read(without)).certificateAuthorities[0]?.withoutRevocation).toBeUndefined();
  });

  it.each(['8d', '10', 'never'])('takes nothing else for that: %s', async (withoutRevocation) => {
    const asking = addToTrustRoot(await newFile(), { certificateAuthority: ca, issuers, withoutRevocation });
    await expect(asking).rejects.toMatchObject({ code: 'usage', next: expect.stringContaining('of 7 days at the most') });
  });

  it('keeps what is there as it is', async () => {
    const path = await newFile();
    const trial = join(parent, 'trial', 'trusted-root.json');
    await writeFile(path, await readFile(trial));
    await writeFile(issuersPathOf(path), await readFile(issuersPathOf(trial)));
    const before = JSON.parse(await readFile(path, 'utf8'));
    if (!hasOpenssl) return;
    await addToTrustRoot(path, { timestampAuthority: tsa, issuers: [] });
    const after = JSON.parse(await readFile(path, 'utf8'));
    expect(after.certificateAuthorities).toEqual(before.certificateAuthorities);
    expect(after.timestampAuthorities.slice(0, 1)).toEqual(before.timestampAuthorities);
    expect((await read(path)).timestampAuthorities).toHaveLength(2);
  });

  it('trusts a certificate authority for named issuers only', async () => {
    await expect(addToTrustRoot(await newFile(), { certificateAuthority: ca, issuers: [] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/OIDC issuers/),
    });
    await expect(addToTrustRoot(await newFile(), { issuers })).rejects.toMatchObject({ code: 'usage' });
  });

  it.each([
    'gitlab',
    '',
    'https://*.acme.example',
    'https://gitlab.acme.example/*',
    'http://gitlab.acme.example',
    'https://user@gitlab.acme.example',
    'https://gitlab.acme.example?x=1',
    'https://gitlab.acme.example ',
    'ftp://gitlab.acme.example',
    'http://localhost.acme.example',
  ])('refuses %j as an issuer', async (issuer) => {
    const path = await newFile();
    await expect(addToTrustRoot(path, { certificateAuthority: ca, issuers: [issuer] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('not the exact URL'),
    });
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['https://gitlab.acme.example/path', 'http://localhost:8080', 'http://[::1]/x'])('takes %j', async (issuer) => {
    const path = await newFile();
    await addToTrustRoot(path, { certificateAuthority: ca, issuers: [issuer] });
    expect((await read(path)).certificateAuthorities[0]?.issuers).toEqual([issuer]);
  });

  it('makes the directories it is to lie in', async () => {
    const path = join(parent, 'deep', 'er', 'root.json');
    await addToTrustRoot(path, { certificateAuthority: ca, issuers });
    expect((await read(path)).certificateAuthorities).toHaveLength(1);
  });

  it('refuses what is in it already', async () => {
    const path = await newFile();
    await addToTrustRoot(path, { certificateAuthority: ca, issuers });
    const before = await readFile(path);
    await expect(addToTrustRoot(path, { certificateAuthority: ca, issuers })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('in the trust root already'),
    });
    expect(await readFile(path)).toEqual(before);
  });

  it('refuses a chain that is none, and one whose certificates are not what they must be', async () => {
    const [first, root] = ca.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) as [string, string];
    const cases: [string, RegExp][] = [
      ['', /no certificate in PEM/],
      [first, /was not issued by itself/],
      [`${root}${first}`, /was not issued by/],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /cannot be read/],
      [leafOnly, /is not a certificate authority/],
    ];
    for (const [certificateAuthority, message] of cases) {
      const path = await newFile();
      await expect(addToTrustRoot(path, { certificateAuthority, issuers })).rejects.toThrow(message);
      await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    }
    await expect(addToTrustRoot(await newFile(), { timestampAuthority: ca, issuers: [] })).rejects.toThrow(/timeStamping alone/);
  });

  it.skipIf(!hasOpenssl)('refuses a timestamp authority whose purpose is not marked critical', async () => {
    const at = (name: string) => join(parent, name);
    const csr = [
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at('soft.key'),
      '-out',
      at('soft.csr'),
    ];
    openssl([...csr, '-subj', '/CN=soft']);
    await writeFile(at('soft.ext'), 'extendedKeyUsage=timeStamping\n');
    const issuer = ['-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial', '-extfile', at('soft.ext')];
    openssl(['x509', '-req', '-in', at('soft.csr'), '-out', at('soft.pem'), ...issuer]);
    const timestampAuthority = `${await readFile(at('soft.pem'), 'utf8')}${await readFile(at('root.pem'), 'utf8')}`;
    await expect(addToTrustRoot(await newFile(), { timestampAuthority, issuers: [] })).rejects.toThrow(/marked critical/);
  });

  it('refuses a file that no verifier would read, and leaves it', async () => {
    for (const content of [
      '{"mediaType":"x","mediaType":"x"}',
      '[]',
      '{"mediaType":"application/json"}',
      '{"certificateAuthorities":{}}',
    ]) {
      const path = await newFile(content);
      await expect(addToTrustRoot(path, { certificateAuthority: ca, issuers })).rejects.toMatchObject({ code: 'invalid-input' });
      expect(await readFile(path, 'utf8')).toBe(content);
    }
  });
});
