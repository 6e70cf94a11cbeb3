import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { checkSigned, keyIdOf, loadTrustRoot, parseTrustRoot, type Signing, signTrustRoot } from '@signwright/signing-core';
import { createWorkspace, freshKeys, memorySigner, testAuthority, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const OWNERS = ['ann', 'bob', 'mallory'] as const;
type Owner = (typeof OWNERS)[number];
const KEYS = Object.fromEntries(OWNERS.map((name) => [name, freshKeys()])) as Record<Owner, ReturnType<typeof freshKeys>>;
const publicKey = (name: Owner): string => KEYS[name].publicKey.export({ type: 'spki', format: 'pem' }).toString();
const JOB = {
  issuer: 'https://trial.signwright.invalid',
  subject: 'https://trial.signwright.invalid/acme/app//trial@refs/heads/main',
};
const ROOT = 'trust/trusted-root.json';
const NAMES = ['trusted-root.json', 'trusted-root.issuers.json'];

const POLICY = `version: 1
trust: { root: trust/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: https://trial.signwright.invalid, repository: "https://trial.signwright.invalid/acme/*" } }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
${OWNERS.map((name) => `  ${name}: { keys: [{ ref: keys/${name}.pem, public-key: keys/${name}.pub }] }\n`).join('')}tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;

let here: Workspace;
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');

beforeAll(async () => {
  here = await createWorkspace({ policy: POLICY, files: { 'dist/a.bin': 'a' } });
  for (const name of OWNERS) {
    here.write(`keys/${name}.pem`, KEYS[name].privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    here.write(`keys/${name}.pub`, publicKey(name));
  }
});
afterAll(() => here.remove());

const ownersText = (owners: readonly (Owner | 'build')[], threshold = 1): string =>
  JSON.stringify({
    version: 1,
    owners: owners.map((name) => (name === 'build' ? JOB : { publicKey: publicKey(name) })),
    threshold,
  });

type Spec = {
  readonly version?: number;
  readonly expires?: string;
  readonly owners?: string;
  readonly signers?: readonly Owner[];
  readonly name?: string;
  /** Issuers the CA may assert beside its own. */
  readonly issuers?: readonly string[];
};

/** Writes an edition of the trial root into a directory, signed by keys. */
async function edition(directory: string, spec: Spec = {}): Promise<void> {
  const { version = 1, expires = day(365), owners = ownersText(['ann']), signers = ['ann'], name = 'acme', issuers = [] } = spec;
  rmSync(here.path(directory), { recursive: true, force: true });
  for (const file of NAMES) here.write(`${directory}/${file}`, readFileSync(here.path(`.signwright/trial/${file}`)));
  const beside = JSON.parse(here.read(`${directory}/trusted-root.issuers.json`)) as {
    certificateAuthorities: { issuers: string[] }[];
  };
  beside.certificateAuthorities[0]?.issuers.push(...issuers);
  here.write(`${directory}/trusted-root.issuers.json`, JSON.stringify(beside));
  here.write(`${directory}/trusted-root.owners.json`, owners);
  const found = await load(directory);
  const signed = {
    name,
    version,
    expires: Date.parse(expires),
    root: found.root.digest,
    issuers: found.issuersDigest,
    owners: found.owners?.digest ?? found.root.digest,
  };
  for (const [at, signer] of signers.entries())
    here.write(
      `${directory}/trusted-root.${at === 0 ? '' : `${at + 1}.`}sigstore.json`,
      await signTrustRoot(signed, signingAs(signer)),
    );
}

function signingAs(name: Owner): Signing {
  const authority = testAuthority();
  const at = new Date('2026-06-01T12:00:00Z');
  const keys = [{ keyId: keyIdOf(KEYS[name].publicKey), publicKey: publicKey(name) }];
  return {
    signer: memorySigner(KEYS[name]),
    rule: { id: name, certificate: false, workloads: [], keys },
    timestamps: { timestamp: async (signature) => authority.timestamp(signature, { at }) },
    trust: { root: parseTrustRoot(authority.trustedRoot(), undefined, 'test'), keys },
    clock: { now: () => at },
  };
}

async function load(directory: string) {
  const found = await loadTrustRoot(here.path(`${directory}/trusted-root.json`), async (path) => {
    const name = `${directory}/${basename(path)}`;
    return here.has(name) ? readFileSync(here.path(name)) : undefined;
  });
  if (found === undefined) throw new Error('no trust root');
  return found;
}

/** All that lies in a directory. */
const all = (directory: string): Record<string, string> =>
  Object.fromEntries(here.files(directory).map((name) => [name, here.read(`${directory}/${name}`)]));
const update = (from: string, ...more: string[]) => here.run(['trust', 'update', '--from', from, '--root', ROOT, ...more]);
const sign = (file: string, version: number, signer: string, ...more: string[]) =>
  here.run([
    'trust',
    'sign',
    file,
    '--name',
    'acme',
    '--trust-version',
    `${version}`,
    '--expires',
    '2099-06-30',
    '--signer',
    signer,
    ...more,
  ]);

beforeEach(async () => {
  await edition('trust');
});

describe('signwright trust sign', () => {
  test('signs an edition as several owners, by key and certificate, which is then taken as an update', async () => {
    await edition('trust', { owners: ownersText(['ann', 'build'], 2), signers: [] });
    expect(await sign(ROOT, 1, 'ann')).toMatchObject({ status: 0, stderr: '' });
    expect(await sign(ROOT, 1, 'build')).toMatchObject({ status: 0, stderr: '' });
    const again = await sign(ROOT, 1, 'ann');
    expect(again.stdout).toContain('trusted-root.sigstore.json: the trust root acme, version 1, until 2099-06-30');
    expect(again.stdout).toContain('signatures: 2');
    expect((await here.run(['trust', 'show', ROOT])).stdout).toMatch(
      /acme, version 1, until 2099-06-30.*\n {2}signed by .*, .*\n/,
    );

    await edition('next', { owners: ownersText(['ann', 'build'], 2), signers: [], issuers: ['https://gitlab.acme.example'] });
    expect(await sign('next/trusted-root.json', 2, 'ann')).toMatchObject({ status: 0 });
    const before = all('trust');
    const early = await update('next');
    expect([early.status, early.stdout, all('trust')]).toEqual([1, '', before]);
    expect(early.stderr).toContain('1 of its own owners has signed it, and 2 must');
    expect(await sign('next/trusted-root.json', 2, 'build')).toMatchObject({ status: 0 });
    expect(await update('next')).toMatchObject({ status: 0, stderr: '' });
    expect(all('trust')).toEqual(all('next'));
  });

  test('signs what was changed in place with a higher version alone, and leaves no older signature', async () => {
    await edition('trust', { owners: ownersText(['ann', 'bob']), signers: ['ann', 'bob'] });
    here.write('trust/trusted-root.owners.json', ownersText(['ann']));
    const taken = await sign(ROOT, 1, 'ann');
    expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining('version 1 of it is signed already')]);
    expect(taken.stderr).toContain('sign it as version 2');
    expect(await sign(ROOT, 2, 'ann')).toMatchObject({ status: 0 });
    expect(here.files('trust').filter((name) => name.includes('sigstore'))).toEqual(['trusted-root.sigstore.json']);
    await expect(load('trust').then(checkSigned)).resolves.toMatchObject({ edition: { version: 2 } });
  });

  test('warns whoever is no owner', async () => {
    const { status, stderr } = await sign(ROOT, 2, 'bob');
    expect([status, stderr]).toEqual([0, expect.stringContaining('is none of the owners in trust/trusted-root.owners.json')]);
  });

  test.each([
    [
      'without owners',
      (): void => rmSync(here.path('trust/trusted-root.owners.json')),
      [],
      'trusted-root.owners.json is missing',
    ],
    ['with an end that is past', (): void => undefined, ['--expires', '2020-01-01'], '--expires is past'],
    ['with a version of 0', (): void => undefined, ['--trust-version', '0'], 'whole number'],
    ['under another name', (): void => undefined, ['--name', 'other'], 'keeps its name'],
    ['as nobody', (): void => undefined, ['--signer', 'nobody'], 'its signers are'],
  ])('refuses to sign one %s, and writes nothing', async (_what, spoil, more, says) => {
    spoil();
    const before = all('trust');
    const { status, stdout, stderr } = await sign(ROOT, 2, 'ann', ...more);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    expect(all('trust')).toEqual(before);
  });
});

describe('signwright trust update', () => {
  test('says what changes, and with --check does nothing more', async () => {
    await edition('next', { version: 2, owners: ownersText(['ann', 'bob']), issuers: ['https://gitlab.acme.example'] });
    const before = all('trust');
    const told = await update('next', '--check');
    expect(told).toMatchObject({ status: 0, stderr: '' });
    expect(told.stdout).toContain('the trust root acme, version 2 (so far version 1), until');
    expect(told.stdout).toMatch(
      /\n {2}\+ .*Signwright trial certificate authority.* may assert https:\/\/gitlab\.acme\.example\n/,
    );
    expect(told.stdout).toMatch(/\n {2}\+ owner the key /);
    expect(told.stdout).not.toMatch(/\n {2}- /);
    expect(told.stdout).toMatch(/trust-root-issuers-sha256/);
    expect(all('trust')).toEqual(before);
    expect(await update('next/trusted-root.json')).toMatchObject({ status: 0, stderr: '' });
    expect(all('trust')).toEqual(all('next'));
    const again = await update('next');
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('is the newest edition there: acme, version 2')]);
  });

  test('takes companions and signatures away that the next edition has not', async () => {
    await edition('trust', { owners: ownersText(['ann', 'bob'], 2), signers: ['ann', 'bob'] });
    await edition('next', { version: 2, signers: ['ann', 'bob'], owners: ownersText(['ann']) });
    await edition('last', { version: 3, signers: ['ann'] });
    expect(await update('next')).toMatchObject({ status: 0 });
    expect(await update('last')).toMatchObject({ status: 0 });
    expect(all('trust')).toEqual(all('last'));
  });

  test.each([
    ['an older edition', { version: 1 }, 'it is version 1, and 2 is in use'],
    ['another edition of that version', { version: 2, issuers: ['https://evil.example'] }, 'two editions with the version 2'],
    ['an edition that has expired', { version: 3, expires: '2026-07-01T00:00:00Z' }, 'it expired 2026-07-01'],
    ['one that nobody signed', { version: 3, signers: [] }, 'nobody has signed it'],
    [
      'one by a stranger',
      { version: 3, owners: ownersText(['mallory']), signers: ['mallory'] },
      '0 of the owners of the trust root in use',
    ],
    [
      'one by one owner, twice',
      { version: 3, signers: ['ann', 'ann'], owners: ownersText(['ann']) },
      '1 of the owners of the trust root in use has signed it, and 2 must',
    ],
    [
      'one by an owner in use and one it brings',
      { version: 3, signers: ['ann', 'mallory'], owners: ownersText(['ann', 'mallory']) },
      '1 of the owners of the trust root in use',
    ],
    ['another trust root', { version: 3, name: 'playground', signers: ['ann', 'bob'] }, 'it is the trust root "playground"'],
  ] as [string, Spec, string][])('refuses %s, and writes nothing', async (_what, spec, says) => {
    await edition('trust', { version: 2, owners: ownersText(['ann', 'bob'], 2), signers: ['ann', 'bob'] });
    await edition('next', { signers: ['ann', 'bob'], owners: ownersText(['ann', 'bob'], 2), ...spec });
    const before = all('trust');
    const { status, stdout, stderr } = await update('next');
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining(says)]);
    expect(stderr).toContain('→');
    expect(all('trust')).toEqual(before);
  });

  test.each(['trusted-root.json', 'trusted-root.issuers.json', 'trusted-root.owners.json'])(
    'refuses an old signature over a changed %s',
    async (name) => {
      await edition('next', { version: 2 });
      const changed = here
        .read(`next/${name}`)
        .replace('https://trial.signwright.invalid', 'https://evil.example')
        .replace('"threshold":1', '"threshold": 1, "version2":1');
      here.write(
        `next/${name}`,
        name.endsWith('owners.json')
          ? ownersText(['mallory', 'ann'])
          : name.endsWith('root.json')
            ? changed.replace(/"start": "20/, '"start": "19')
            : changed,
      );
      const { status, stdout, stderr } = await update('next');
      expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining('is not what was signed as version 2')]);
    },
  );

  test('starts from a root that was never signed, by the name its owners give it', async () => {
    await edition('trust', { signers: [] });
    await edition('next', { version: 4 });
    const nameless = await update('next');
    expect([nameless.status, nameless.stderr]).toEqual([2, expect.stringContaining('--name NAME')]);
    expect((await update('next', '--name', 'other')).status).toBe(1);
    expect(await update('next', '--name', 'acme')).toMatchObject({ status: 0 });
    expect(all('trust')).toEqual(all('next'));
  });

  test('starts from no root that its owners have not signed as it is, nor from one nobody owns', async () => {
    await edition('next', { version: 2 });
    here.write('trust/trusted-root.owners.json', ownersText(['ann', 'mallory']));
    const changed = await update('next');
    expect([changed.status, changed.stderr]).toEqual([2, expect.stringContaining('in use is not the edition signed beside it')]);
    await edition('trust', { signers: [] });
    rmSync(here.path('trust/trusted-root.owners.json'));
    expect(await update('next')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('trusted-root.owners.json is missing'),
    });
    rmSync(here.path('trust'), { recursive: true });
    expect(await update('next')).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no trust root') });
  });
});

describe('an update over the network', () => {
  let server: Server;
  let origin: string;
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? '';
      const answer = answers.get(path);
      if (answer !== undefined) answer(request, response);
      else if (here.has(`next${path}`)) response.end(readFileSync(here.path(`next${path}`)));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    answers.clear();
    await edition('next', { version: 2 });
  });

  test('takes every file from beside the root, named or not', async () => {
    expect((await update(`${origin}/`, '--allow-private', '--check')).stdout).toContain('version 2 (so far version 1)');
    expect(await update(`${origin}/trusted-root.json`, '--allow-private')).toMatchObject({ status: 0, stderr: '' });
    expect(all('trust')).toEqual(all('next'));
  });

  test('asks no private address unless it is allowed', async () => {
    const { status, stderr } = await update(`${origin}/trusted-root.json`);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/127\.0\.0\.1|http:/)]);
  });

  test.each([
    ['to where clouds keep secrets', 302, 'http://169.254.169.254/latest/meta-data/'],
    ['into a private network', 301, 'https://10.0.0.1/trusted-root.json'],
    ['to another path', 307, '/trusted-root.json'],
  ])('follows no redirect %s', async (_what, status, location) => {
    answers.set('/trusted-root.sigstore.json', (_, response) => void response.writeHead(status, { location }).end());
    const before = all('trust');
    const refused = await update(`${origin}/trusted-root.json`, '--allow-private');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('redirects elsewhere')]);
    expect(all('trust')).toEqual(before);
  });

  test('reads no body without end', async () => {
    answers.set('/trusted-root.json', (_, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    const { status, stderr } = await update(`${origin}/trusted-root.json`, '--allow-private');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/larger|more than|at most/)]);
  });

  test.each([
    ['ftp://trust.acme.example/trusted-root.json'],
    ['https://user:secret@trust.acme.example/trusted-root.json'],
    ['https://trust.acme.example/trusted-root.json?x=1'],
  ])('takes no address like %s', async (from) => {
    const { status, stderr } = await update(from);
    expect([status, stderr]).toEqual([2, expect.stringContaining('no plain https: address')]);
    expect(stderr).not.toContain('secret');
  });
});

describe('an update that is killed', () => {
  test('is finished by the next one, however far it was', async () => {
    for (const milliseconds of [120, 160, 200, 240, 280, 320, 360]) {
      await edition('trust', { owners: ownersText(['ann', 'bob']), signers: ['ann', 'bob'] });
      await edition('next', { version: 2, issuers: ['https://gitlab.acme.example'] });
      const running = here.start(['trust', 'update', '--from', 'next', '--root', ROOT]);
      setTimeout(() => running.process.kill('SIGKILL'), milliseconds);
      await running.finished;
      expect(await update('next')).toMatchObject({ status: 0 });
      expect(all('trust')).toEqual({ ...all('next'), ...leftovers() });
    }
  });

  test('half of it counts for nothing until then', async () => {
    await edition('next', { version: 2, issuers: ['https://gitlab.acme.example'] });
    const next = all('next');
    const write = Object.fromEntries(Object.entries(next).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
    here.write('trust/trusted-root.update.json', JSON.stringify({ version: 1, write, remove: [] }));
    here.write('trust/trusted-root.issuers.json', next['trusted-root.issuers.json'] ?? '');
    for (const command of [['verify'], ['sign'], ['policy', 'check']]) {
      const { status, stdout, stderr } = await here.run(command);
      expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('is not the edition signed beside it')]);
      expect(stderr).toContain('signwright trust update');
    }
    const finished = await update('next');
    expect([finished.status, finished.stderr]).toEqual([0, expect.stringContaining('that was cut off is finished now')]);
    expect(all('trust')).toEqual(next);
    expect((await here.run(['policy', 'check'])).status).toBe(0);
  });

  /** What a killed process leaves: files it had not renamed yet. */
  function leftovers(): Record<string, string> {
    return Object.fromEntries(Object.entries(all('trust')).filter(([name]) => name.startsWith('.signwright-tmp-')));
  }
});

describe('a trust root that ends', () => {
  const verify = (...more: string[]) => here.run(['verify', '--output', 'json', ...more]);

  test('is warned of for 30 days, then signs nothing and lets nothing through until it is updated', async () => {
    await edition('trust', { expires: day(29) });
    const signed = await here.run(['sign']);
    expect([signed.status, signed.stderr]).toEqual([
      0,
      expect.stringMatching(/expires .*, in 28 days \(signwright trust update\)/),
    ]);
    const good = await verify();
    expect([good.status, good.stderr]).toEqual([0, expect.stringContaining('expires')]);
    const later = await verify('--at', day(30));
    expect(later.status).toBe(3);
    expect(later.stdout).toContain('trust-root-expired');
    expect(later.stdout).toContain('signwright trust update');

    await edition('trust', { expires: '2026-07-01T00:00:00Z' });
    expect((await verify()).status).toBe(3);
    const [before, refused] = [here.evidence().size, await here.run(['sign'])];
    expect([refused.status, refused.stdout, here.evidence().size]).toEqual([2, '', before]);
    expect(refused.stderr).toContain('version 1 of the trust root acme expired 2026-07-01');
    expect((await here.run(['doctor'])).stdout).toContain('expired 2026-07-01');
    expect((await here.run(['trust', 'show', ROOT])).stdout).toContain('acme, version 1, expired 2026-07-01');

    await edition('next', { version: 2 });
    expect(await update('next')).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
  });

  test('does not spoil what was put aside with it', async () => {
    await edition('trust', { expires: day(1) });
    expect((await here.run(['sign'])).status).toBe(0);
    expect((await here.run(['evidence', 'export', 'dist', '--out', 'release.tar'])).status).toBe(0);
    writeFileSync(here.path('signwright.yaml'), '');
    const { status, stdout, stderr } = await here.run(['evidence', 'verify', 'release.tar', 'dist/a.bin', '--at', day(400)]);
    writeFileSync(here.path('signwright.yaml'), POLICY);
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('allow')]);
  });

  test('has none where nobody signed it', async () => {
    await edition('trust', { signers: [] });
    expect((await here.run(['sign'])).stderr).not.toContain('expires');
    expect((await verify('--at', day(9000))).status).toBe(0);
  });
});

test('signwright trust show tells edition and owners, and of files that do not belong together', async () => {
  const show = await here.run(['trust', 'show', ROOT, '--output', 'json']);
  expect(JSON.parse(show.stdout)).toMatchObject({
    edition: { name: 'acme', version: 1, expired: false },
    owners: { threshold: 1, owners: [{ publicKey: publicKey('ann') }] },
  });
  here.write('trust/trusted-root.owners.json', ownersText(['mallory']));
  const { status, stdout } = await here.run(['trust', 'show', ROOT]);
  expect([status, stdout]).toEqual([0, expect.stringContaining('NOT the edition signed beside it: its owners file is not')]);
});
