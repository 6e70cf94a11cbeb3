import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createWorkspace, loopbackCertificate, TRIAL_REPOSITORY, trialPolicy, type Workspace } from '@signwright/testkit';
import type { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createProgram } from '../program.ts';

const RULE = '  - { match: "dist/**", tier: internal }';
const TRUST = '.signwright/trial';

/** Where the central policy is kept and served. */
let central: Workspace;
/** An application's repository: no policy in it. */
let here: Workspace;
let server: Server;
let origin: string;
let ca: string;
let digests: { readonly digest: string; readonly issuersDigest: string };
const asked: string[] = [];
const instead = new Map<string, string>();

beforeAll(async () => {
  central = await createWorkspace();
  here = await createWorkspace({ trial: false, files: { 'dist/a.bin': 'a' } });
  const tls = loopbackCertificate();
  ca = here.write('tls/ca.pem', tls.ca);
  server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const file = `served${path}`;
    if (instead.has(path)) response.end(instead.get(path));
    else if (central.has(file)) response.end(readFileSync(central.path(file)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of ['trusted-root.json', 'trusted-root.issuers.json'])
    central.write(`served/acme/trust/${name}`, readFileSync(central.path(`${TRUST}/${name}`)));
  const shown = await central.run(['trust', 'show', 'served/acme/trust/trusted-root.json', '--output', 'json']);
  digests = JSON.parse(shown.stdout) as typeof digests;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  central.remove();
  here.remove();
});
beforeEach(() => {
  asked.length = 0;
  instead.clear();
});

/** The central policy: its trial authorities are named by their paths from `/`, for it lies in no directory when it is fetched. */
const policy = (serial: number, trial = central.path(TRUST)): string =>
  `${trialPolicy(RULE)
    .replaceAll(`trial: ${TRUST}`, `trial: ${trial}`)
    .replace(`root: ${TRUST}/trusted-root.json`, 'root: trust/trusted-root.json')}name: central\nserial: ${serial}\n`;

/** Publishes a signed edition. @returns its policy digest. */
async function publish(serial: number, text = policy(serial)): Promise<string> {
  central.write('served/acme/central.yaml', text);
  const { status, stdout, stderr } = await central.run(['policy', 'sign', 'served/acme/central.yaml', '--signer', 'build']);
  expect([status, stderr]).toEqual([0, '']);
  return /sha256:[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
}

const signedBy = (serial: number, subject = `${TRIAL_REPOSITORY}//trial@refs/heads/main`): string =>
  `name: central
signed-by: { issuer: https://trial.signwright.invalid, subject: "${subject}" }
min-serial: ${serial}
trust-root-sha256: ${digests.digest}
trust-root-issuers-sha256: ${digests.issuersDigest}
`;

let runs = 0;
/** Runs in the application's repository, on a machine that has seen nothing unless told. */
async function run(args: readonly string[], anchor: string | undefined, machine = `m${runs++}`, at: string = url()) {
  if (anchor !== undefined) here.write('anchors/anchor.yaml', anchor);
  const held = anchor === undefined ? [] : ['--anchor', 'anchors/anchor.yaml'];
  const env = {
    XDG_CACHE_HOME: here.path(`${machine}/cache`),
    XDG_STATE_HOME: here.path(`${machine}/state`),
    NODE_EXTRA_CA_CERTS: ca,
  };
  return here.run([...args, ...(args[1] === 'check' ? [at] : ['--policy', at]), ...held], { env });
}

const url = (): string => `${origin}/acme/central.yaml`;

describe('a policy that is fetched', () => {
  test('by signature signs and verifies files of a repository without one; it verifies later without the server', async () => {
    await publish(3);
    for (const args of [['plan'], ['sign', 'dist'], ['verify', 'dist']]) {
      const { status, stdout, stderr } = await run(args, signedBy(3));
      expect([args, status, stderr], stdout).toEqual([args, 0, expect.not.stringContaining('error')]);
      expect(stdout).toContain('dist/a.bin');
    }
    expect(here.has('signwright.yaml')).toBe(false);
    expect((await run(['evidence', 'export', 'dist', '--out', 'release.tar'], signedBy(3))).status).toBe(0);
    asked.length = 0;
    const later = await here.run(['evidence', 'verify', 'release.tar', 'dist/a.bin', '--anchor', 'anchors/anchor.yaml']);
    expect([later.status, later.stdout + later.stderr]).toEqual([0, expect.stringContaining('as anchors/anchor.yaml pins it')]);
    expect(asked).toEqual([]);
  });

  test('is what a job judges by, with an anchor given as text', async () => {
    await publish(3);
    expect((await run(['sign', 'dist'], signedBy(3))).status).toBe(0);
    const env = { SIGNWRIGHT_POLICY: url(), SIGNWRIGHT_ANCHOR: signedBy(3), NODE_EXTRA_CA_CERTS: ca };
    const { status, stdout, stderr } = await here.run(['job', 'verify'], { env });
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining('dist/a.bin')]);
    const result = JSON.parse(here.read('signwright-reports/result.json')) as { policy: object };
    expect(result.policy).toMatchObject({ source: url(), from: 'SIGNWRIGHT_POLICY', name: 'central', serial: 3 });
  });

  test('is kept with the evidence as the same piece that a checkout of it makes', async () => {
    await publish(3);
    const fetched = ['sign', 'dist', '--evidence', 'one', '--no-sidecars'];
    expect((await run(fetched, signedBy(3))).status).toBe(0);
    const snapshots = (): string[] =>
      here.files('one/evidence').filter((name) => here.read(`one/evidence/${name}`).includes('policy-snapshot/v1'));
    const before = snapshots();
    const env = { XDG_STATE_HOME: here.path('checkout') };
    const local = ['--policy', central.path('served/acme/central.yaml'), '--anchor', 'anchors/anchor.yaml'];
    expect((await here.run([...fetched, ...local], { env })).status).toBe(0);
    expect([before.length, snapshots()]).toEqual([1, before]);
  });

  test('by signature is refused where somebody else signed it, nobody did, or it is an older edition', async () => {
    await publish(3);
    for (const [anchor, why] of [
      [signedBy(4), "the policy's serial is 3, and the anchor wants 4 at least"],
      [signedBy(3, `${TRIAL_REPOSITORY}//other@refs/heads/main`), 'it must be signed by'],
      [signedBy(3).replace('name: central', 'name: other'), "the policy's name is central, and the anchor wants other"],
    ] as const) {
      const { status, stdout, stderr } = await run(['verify', 'dist'], anchor);
      expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(why)]);
    }
    rmSync(central.path('served/acme/central.yaml.sigstore.json'));
    const unsigned = await run(['verify', 'dist'], signedBy(3));
    expect([unsigned.status, unsigned.stderr]).toEqual([2, expect.stringContaining('the policy is not signed')]);
  });

  test('by signature never goes back to an older edition on a machine that has seen a newer one', async () => {
    await publish(5);
    expect((await run(['plan'], signedBy(3), 'rising')).status).toBe(0);
    await publish(4);
    const older = await run(['plan'], signedBy(3), 'rising');
    expect([older.status, older.stderr]).toEqual([2, expect.stringContaining('has the serial 4, and this machine has seen 5')]);
  });

  test('by digest needs no network once it was loaded, and none that was tampered with here', async () => {
    const anchor = `policy-sha256: ${await publish(3)}\n`;
    expect((await run(['plan'], anchor, 'kept')).status).toBe(0);
    asked.length = 0;
    expect((await run(['sign', 'dist'], anchor, 'kept')).status).toBe(0);
    expect(asked).toEqual([]);
    const [kept = ''] = here.files('kept/cache/signwright/policies');
    appendFileSync(here.path(`kept/cache/signwright/policies/${kept}`), ' ');
    expect((await run(['plan'], anchor, 'kept')).status).toBe(0);
    expect(asked).toContain('/acme/central.yaml');
  });

  test('by digest is refused where it is another, and that one is not kept', async () => {
    await publish(3);
    const other = await run(['plan'], `policy-sha256: sha256:${'a'.repeat(64)}\n`, 'other');
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('the policy digest is sha256:')]);
    expect(here.files('other/cache/signwright/policies')).toEqual([]);
  });

  test('without an anchor is refused before anything is asked, with what to do', async () => {
    const { status, stdout, stderr } = await run(['plan'], undefined);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('nothing says what it must be')]);
    expect(stderr).toContain('pin it: --anchor FILE with policy-sha256');
    expect((await here.run(['policy', 'diff', url(), url()])).stderr).toContain('nothing says what it must be');
    expect(asked).toEqual([]);
  });

  test('may lie in a private network, but never where clouds keep their metadata', async () => {
    const metadata = await run(['plan'], signedBy(3), undefined, 'https://169.254.169.254/latest/central.yaml');
    expect([metadata.status, metadata.stderr]).toEqual([2, expect.stringContaining('leads to 169.254.169.254')]);
  });

  test('is asked for with TLS verified', async () => {
    await publish(3);
    const { status, stderr } = await here.run(['plan', '--policy', url(), '--anchor', 'anchors/anchor.yaml']);
    expect([status === 0, stderr]).toEqual([false, expect.stringContaining('127.0.0.1')]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['http://policies.acme.example/central.yaml', 'it is not an https URL of a file'],
    ['https://policies.acme.example/central.yaml?token=x', 'it is not an https URL of a file'],
    ['https://ann@policies.acme.example/central.yaml', 'it is not an https URL of a file'],
    ['https://policies.acme.example/a/../central.yaml', 'it is not in its plain form'],
    ['https://gitlab.acme.example/security/policy.git#', 'it is not a repository'],
    ['https://gitlab.acme.example/security/policy.git#--upload-pack=x', 'it is not a repository'],
    ['https://ann@gitlab.acme.example/security/policy.git#main', 'it names a user'],
    ['ftp://policies.acme.example/central.yaml', 'it is not an https URL of a file'],
    ['file:///etc/passwd', 'it is not an https URL of a file'],
  ])('has an address in its one form: %s is none', async (named, why) => {
    const { status, stdout, stderr } = await run(['plan'], signedBy(3), undefined, named);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(why)]);
    expect(stderr).toContain('https://HOST/GROUP/PROJECT.git#REF:FILE');
  });

  test('names no directory relative to itself, and says in which line it does', async () => {
    instead.set('/acme/central.yaml', policy(3, TRUST));
    const { status, stdout, stderr } = await run(['plan'], signedBy(3));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/127\.0\.0\.1:\d+\/acme\/central\.yaml:2:\d+/);
    expect(stderr).toContain('there is no directory the path could start at');
  });

  test('tells nothing of what is at an address that is no policy', async () => {
    for (const found of ['token: glpat-SuperSecretToken123456', 'version: 1\nglpat-SuperSecretToken123456: x', '\u0000']) {
      instead.set('/acme/central.yaml', found);
      const { status, stdout, stderr } = await run(['plan'], signedBy(3));
      expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('is no policy')]);
      expect(stderr).not.toContain('glpat');
    }
  });

  test('that is not there is said to be missing, and a server that is not there is inconclusive', async () => {
    const missing = await run(['plan'], signedBy(3), undefined, `${origin}/acme/none.yaml`);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('/acme/none.yaml')]);
    const down = await run(['plan'], signedBy(3), undefined, 'https://127.0.0.1:1/central.yaml');
    expect([down.status, down.stdout]).toEqual([3, '']);
  });

  test('is nothing to write beside', async () => {
    for (const args of [
      ['policy', 'sign', url(), '--signer', 'build'],
      ['signer', 'rotate', 'build', '--policy', url(), '--anchor', 'anchors/anchor.yaml'],
      ['init', '--policy', url()],
    ]) {
      const { status, stderr } = await here.run(args);
      expect([args, status, stderr]).toEqual([args, 2, expect.stringContaining('the policy has to be a file here')]);
    }
  });
});

describe('a policy that is fetched from a git repository', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', central.path('served'), '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: central.directory },
    });
  const at = (ref: string, file: string): string => `file://${central.path('served')}#${ref}${file}`;

  beforeAll(() => {
    mkdirSync(central.path('served'), { recursive: true });
    git('init', '--quiet', '-b', 'main');
  });

  test('is read at a branch or tag, with the files of that commit', async () => {
    const five = await publish(5);
    git('add', '-A');
    git('commit', '--quiet', '-m', 'five');
    git('tag', 'v5');
    await publish(6);
    git('commit', '--quiet', '-am', 'six');
    expect((await run(['sign', 'dist'], signedBy(6), undefined, at('main', ':acme/central.yaml'))).status).toBe(0);
    const old = await run(['plan'], signedBy(6), undefined, at('v5', ':acme/central.yaml'));
    expect([old.status, old.stderr]).toEqual([2, expect.stringContaining("the policy's serial is 5")]);
    const pinned = `policy-sha256: ${five}\n`;
    expect((await run(['verify', 'dist'], pinned, 'git', at('v5', ':acme/central.yaml'))).status).toBe(0);
    git('tag', '-d', 'v5');
    expect((await run(['verify', 'dist'], pinned, 'git', at('v5', ':acme/central.yaml'))).status).toBe(0);
    const checked = await run(['policy', 'check'], pinned, 'git', at('v5', ':acme/central.yaml'));
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('#v5:acme/central.yaml is valid')]);
    expect((await run(['plan'], pinned, undefined, at('v5', ':acme/central.yaml'))).status).toBe(2);
  });

  test('may be at the top of it, and build on another file of it, but on nothing outside', async () => {
    await publish(7);
    central.write(
      'served/signwright.yaml',
      `version: 1\nname: team\nextends: { file: acme/central.yaml, sha256: ${await publish(7)} }\n`,
    );
    git('add', '-A');
    git('commit', '--quiet', '-m', 'seven');
    const { stdout } = await central.run(['policy', 'check', 'served/signwright.yaml']);
    const anchor = `policy-sha256: ${/policy digest (\S+)/.exec(stdout)?.[1]}\n`;
    const planned = await run(['plan'], anchor, undefined, at('main', ''));
    expect([planned.status, planned.stdout]).toEqual([0, expect.stringContaining('dist/a.bin')]);
    central.write('served/acme/out.yaml', `version: 1\nextends: { file: ../../signwright.yaml, sha256: ${'a'.repeat(64)} }\n`);
    git('add', '-A');
    git('commit', '--quiet', '-m', 'out');
    const out = await run(['plan'], anchor, undefined, at('main', ':acme/out.yaml'));
    expect([out.status, out.stderr]).toEqual([2, expect.stringContaining('builds on nothing outside of its place')]);
  });
});

test('every command that takes a policy takes an anchor', () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const without = all(createProgram(new AbortController().signal, () => undefined))
    .filter(({ options }) => options.some(({ long }) => long === '--policy'))
    .filter(({ options }) => !options.some(({ long }) => long === '--anchor'));
  expect(without.map((command) => command.name())).toEqual(['init']);
});
