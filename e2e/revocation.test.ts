import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkspace, hasOpenssl, testAuthority, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleBy, type OpensslAuthority, type OpensslLeaf, opensslAuthority } from './openssl-authority.ts';
import { freePort } from './scenario.ts';

const HOUR = 3_600_000;
const REVOKED = new Date('2026-07-01T12:00:00Z');
const INVALID = new Date('2026-06-15T12:00:00Z');
const at = (from: Date, hours: number): Date => new Date(+from + hours * HOUR);

/** OpenSSL's word for each reason, what it means for what was signed before, and whether it has an invalidity date. */
const REASONS: readonly (readonly [reason: string, shown: string, badSince: Date | 'always'])[] = [
  ['', 'unspecified', 'always'],
  ['unspecified', 'unspecified', 'always'],
  ['keyCompromise', 'keyCompromise', 'always'],
  ['keyTime', 'keyCompromise', INVALID],
  ['CACompromise', 'cACompromise', 'always'],
  ['CAkeyTime', 'cACompromise', INVALID],
  ['affiliationChanged', 'affiliationChanged', REVOKED],
  ['superseded', 'superseded', REVOKED],
  ['cessationOfOperation', 'cessationOfOperation', REVOKED],
  ['certificateHold', 'certificateHold', 'always'],
];

const tsa = testAuthority();
let ca: OpensslAuthority;
let leaf: OpensslLeaf;
let here: Workspace;
let server: Server;
let responder: ChildProcess | undefined;
let ocspPort: number;
let served: Buffer | number;
let asked: number;

const policy = (revocation: string): string =>
  trialPolicy('  - { match: "vendor/**", vendor: acme }')
    .replace('timestamp:', `revocation: ${revocation}, timestamp:`)
    .replace(
      'signers:',
      'identities: { acme: { issuer: https://issuer.example, subject: "https://git.example/acme/*//ci.yml@refs/heads/*", root: trust/vendor.json } }\nsigners:',
    );

beforeAll(async () => {
  if (!hasOpenssl) return;
  server = createServer((_, response) => {
    asked++;
    if (typeof served === 'number') response.writeHead(served).end();
    else response.end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  ca = opensslAuthority(() => `crlDistributionPoints = URI:http://127.0.0.1:${port}/ca.crl`);
  leaf = ca.leaf('signer');
  const raw = Buffer.from(ca.rootPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  here = await createWorkspace({
    policy: policy('{ mode: require, allow-private: true }'),
    files: {
      'prefer.yaml': policy('{ mode: prefer, allow-private: true }'),
      'off.yaml': policy('{ mode: off }'),
      'public.yaml': policy('{ mode: require }'),
      'trust/vendor.json': tsa.trustedRoot({ certificateAuthorities: [{ chain: [raw] }] }),
    },
  });
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
  responder?.kill();
  ca?.remove();
  here?.remove();
});
beforeEach(() => {
  if (!hasOpenssl) return;
  rmSync(here.path('cache'), { recursive: true, force: true });
  asked = 0;
});

/** A vendor's file, and its bundle in the store; each of its own bytes. */
let count = 0;
async function signed(when: Date, by = leaf): Promise<string> {
  const content = `content ${count++}`;
  const name = `vendor/${count}.tgz`;
  here.write(name, content);
  here.write(`${count}.sigstore.json`, bundleBy(by, content, when, tsa));
  const added = await here.run(['evidence', 'add', `${count}.sigstore.json`, '--policy', 'off.yaml']);
  expect([added.status, added.stderr]).toEqual([0, '']);
  return name;
}

type Judged = {
  readonly status: number | null;
  readonly result: string;
  readonly code: string;
  readonly refused: string;
  readonly message: string;
};
async function verify(file: string, more: readonly string[] = [], cache = 'cache'): Promise<Judged> {
  const env = { XDG_CACHE_HOME: here.path(cache) };
  const { status, stdout, stderr } = await here.run(['verify', file, '--output', 'json', '--quiet', ...more], { env });
  expect(stderr).toBe('');
  const { verdicts } = JSON.parse(stdout) as {
    verdicts: { result: string; outcomes: { code: string; message: string; refused: { code: string; message: string }[] }[] }[];
  };
  const [outcome] = verdicts[0]?.outcomes ?? [];
  const [refused] = outcome?.refused ?? [];
  return {
    status,
    result: verdicts[0]?.result ?? '',
    code: outcome?.code ?? '',
    refused: refused?.code ?? '',
    message: refused?.message ?? outcome?.message ?? '',
  };
}

describe.skipIf(!hasOpenssl)('a CRL that OpenSSL makes, over http', () => {
  test('lets through what it does not list, and OpenSSL agrees', async () => {
    ca.mark(leaf, undefined);
    served = ca.crl();
    expect(await verify(await signed(INVALID))).toMatchObject({ status: 0, result: 'allow' });
    expect(
      opensslSays(['verify', '-CAfile', ca.path('root.pem'), '-CRLfile', ca.path('crl.pem'), '-crl_check', leaf.pem]),
    ).toContain(': OK');
  });

  test.each(REASONS)(
    'that lists it for the reason %j refuses what is bad by it, and nothing else',
    async (reason, shown, bad) => {
      const invalid = reason.endsWith('Time') ? { invalidFrom: INVALID } : {};
      ca.mark(leaf, { at: REVOKED, ...(reason === '' ? {} : { reason }), ...invalid });
      served = ca.crl();
      const crl = opensslSays(['crl', '-in', ca.path('crl.pem'), '-noout', '-text']);
      expect(crl).toContain('Revoked Certificates:');
      expect(
        opensslSays(['verify', '-CAfile', ca.path('root.pem'), '-CRLfile', ca.path('crl.pem'), '-crl_check', leaf.pem]),
      ).toContain('certificate revoked');
      const bound = bad === 'always' ? INVALID : bad;
      const after = await verify(await signed(at(bound, 1)));
      expect(after).toMatchObject({ status: 1, result: 'deny', refused: 'certificate-revoked' });
      expect(after.message).toContain(`was revoked at ${REVOKED.toISOString()} (${shown}), as the CRL http://127.0.0.1`);
      const before = await verify(await signed(at(bound, -1)));
      if (bad === 'always') expect(before).toMatchObject({ status: 1, refused: 'certificate-revoked' });
      else expect(before).toMatchObject({ status: 0, result: 'allow' });
      const then = at(bound, 2).toISOString();
      expect(await verify(await signed(at(bound, 1)), ['--at', then])).toMatchObject({
        status: 1,
        refused: 'certificate-revoked',
      });
    },
  );

  test('that is stale, missing, of somebody else or too large leaves it unknown: exit 3 where it is required', async () => {
    ca.mark(leaf, undefined);
    const file = await signed(INVALID);
    const other = opensslAuthority(() => '');
    const stale = ca.crl({ from: at(new Date(), -48), until: at(new Date(), -24) });
    const cases: [Buffer | number, string][] = [
      [stale, 'it is stale'],
      [404, 'there is nothing at'],
      [503, 'is broken (503)'],
      [other.crl(), 'did not sign it'],
      [Buffer.from('<html>'), 'cannot be read'],
      [Buffer.alloc(33 * 1024 * 1024, 0x30), 'is larger than'],
    ];
    other.remove();
    for (const [what, why] of cases) {
      served = what;
      const judged = await verify(file);
      expect(judged).toMatchObject({ status: 3, result: 'inconclusive', code: 'revocation-unknown' });
      expect(judged.message).toContain(why);
      expect(await verify(file, ['--policy', 'prefer.yaml'])).toMatchObject({ status: 0 });
      rmSync(here.path('cache'), { recursive: true, force: true });
    }
  });

  test('is not asked for where nobody wants it, nor in private networks unless that is allowed', async () => {
    ca.mark(leaf, { at: REVOKED, reason: 'keyCompromise' });
    served = ca.crl();
    const file = await signed(INVALID);
    asked = 0;
    expect(await verify(file, ['--policy', 'off.yaml'])).toMatchObject({ status: 0 });
    const bound = await verify(file, ['--policy', 'public.yaml']);
    expect(bound).toMatchObject({ status: 3, code: 'revocation-unknown' });
    expect(bound.message).toContain('which is not a public address');
    expect(asked).toBe(0);
    expect(await verify(file, ['--policy', 'prefer.yaml'])).toMatchObject({ status: 1, refused: 'certificate-revoked' });
  });

  test('is kept, and an earlier one that comes later is refused', async () => {
    ca.mark(leaf, undefined);
    const earlier = ca.crl();
    const file = await signed(INVALID);
    ca.mark(leaf, { at: REVOKED, reason: 'superseded' });
    served = ca.crl();
    expect(await verify(file)).toMatchObject({ status: 0 });
    asked = 0;
    expect(await verify(file)).toMatchObject({ status: 0 });
    expect(asked).toBe(0);
    const late = await signed(at(REVOKED, 1));
    served = earlier;
    expect(await verify(late)).toMatchObject({ status: 1, refused: 'certificate-revoked' });
  });

  test('goes into an archive, which years later tells by it what was known', async () => {
    ca.mark(leaf, undefined);
    served = ca.crl();
    const file = await signed(INVALID);
    const env = { XDG_CACHE_HOME: here.path('cache') };
    const exported = await here.run(['evidence', 'export', file, '--out', 'archive.tar'], { env });
    expect([exported.status, exported.stderr]).toEqual([0, '']);
    served = 500;
    asked = 0;
    const judged = await here.run(['evidence', 'verify', 'archive.tar', '--output', 'json', '--quiet']);
    expect([judged.status, judged.stderr]).toEqual([0, '']);
    expect(judged.stdout).toContain('"result": "allow"');
    expect(asked).toBe(0);
    rmSync(here.path('archive.tar'));
    const without = await here.run(['evidence', 'export', file, '--out', 'archive.tar'], {
      env: { XDG_CACHE_HOME: here.path('none') },
    });
    expect(without.status).toBe(0);
    const unknown = await here.run(['evidence', 'verify', 'archive.tar', '--output', 'json', '--quiet']);
    expect(unknown.status).toBe(3);
    expect(unknown.stdout).toContain('no CRL of its issuer is kept with the evidence');
  });

  test('is looked at by doctor', async () => {
    served = ca.crl();
    const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`;
    here.write('given.yaml', policy(`{ mode: require, allow-private: true, crls: ["${place}"] }`));
    const env = { XDG_CACHE_HOME: here.path('cache') };
    const well = await here.run(['doctor', '--policy', 'given.yaml'], { env });
    expect(well.stdout).toMatch(/ok {4}CRL http:\S+: by CN=OpenSSL root, \d+ revoked, next due 20/);
    rmSync(here.path('cache'), { recursive: true, force: true });
    served = 404;
    const ill = await here.run(['doctor', '--policy', 'given.yaml'], { env });
    expect(ill.status).toBe(2);
    expect(ill.stdout).toMatch(/FAIL {2}CRL http:\S+: there is nothing at/);
  });
});

function opensslSays(args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('openssl', args);
  return `${stdout.toString()}${stderr.toString()}`;
}

describe.skipIf(!hasOpenssl)("OpenSSL's OCSP responder", () => {
  let own: OpensslAuthority;
  let certificate: OpensslLeaf;

  beforeAll(async () => {
    ocspPort = await freePort();
    own = opensslAuthority(() => `authorityInfoAccess = OCSP;URI:http://127.0.0.1:${ocspPort}/`);
    certificate = own.leaf('signer');
    const raw = Buffer.from(own.rootPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    here.write('trust/vendor.json', tsa.trustedRoot({ certificateAuthorities: [{ chain: [raw] }] }));
  });
  afterAll(() => own.remove());

  async function respond(more: readonly string[] = []): Promise<void> {
    await stopped();
    const files = ['-index', own.path('index.txt'), '-CA', own.path('root.pem'), '-rsigner', own.path('root.pem')];
    const args = ['ocsp', '-port', String(ocspPort), ...files, '-rkey', own.path('root.key'), ...more];
    responder = spawn('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve) => responder?.stderr?.once('data', () => resolve()));
  }

  async function stopped(): Promise<void> {
    const before = responder;
    if (before === undefined || before.exitCode !== null || before.signalCode !== null) return;
    const ended = new Promise((resolve) => before.once('exit', resolve));
    before.kill();
    await ended;
  }

  test('says that it is good, and is asked once for as long as that counts', async () => {
    await respond(['-nmin', '60']);
    const file = await signed(INVALID, certificate);
    expect(await verify(file)).toMatchObject({ status: 0, result: 'allow' });
    await stopped();
    expect(await verify(file)).toMatchObject({ status: 0 });
    const down = await verify(file, [], 'elsewhere');
    expect(down).toMatchObject({ status: 3, code: 'revocation-unknown' });
    expect(down.message).toContain('was not reached');
  });

  test('says that it is revoked, and since when', async () => {
    own.mark(certificate, { at: REVOKED, reason: 'superseded' });
    await respond(['-nmin', '60']);
    const judged = await verify(await signed(at(REVOKED, 1), certificate));
    expect(judged).toMatchObject({ status: 1, refused: 'certificate-revoked' });
    expect(judged.message).toContain(`(superseded), as the OCSP responder http://127.0.0.1:${ocspPort}/ of `);
    expect(await verify(await signed(at(REVOKED, -1), certificate))).toMatchObject({ status: 0 });
    await stopped();
  });
});
