import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkspace, TRIAL_REPOSITORY, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let here: Workspace;
let server: Server;
let origin: string;
/** Answers of the server, by path; others are the files of `central` in the workspace. */
const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
const asked: string[] = [];

const RULE = '  - { match: "dist/**", tier: internal }';
/** A central policy whose directories are this machine's, so that what is fetched can be signed by here. */
const central = (serial: number): string =>
  `${trialPolicy(RULE)
    .replaceAll('trial: .signwright/trial', `trial: ${here.path('.signwright/trial')}`)
    .replace('root: .signwright/trial/trusted-root.json', 'root: trust/trusted-root.json')}name: central\nserial: ${serial}\n`;

beforeAll(async () => {
  here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers.get(path);
    if (answer !== undefined) answer(request, response);
    else if (here.has(`served${path}`)) response.end(readFileSync(here.path(`served${path}`)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of ['trusted-root.json', 'trusted-root.issuers.json'])
    here.write(`served/policies/trust/${name}`, readFileSync(here.path(`.signwright/trial/${name}`)));
  await publish(3);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  here.remove();
});

/** Publishes a signed edition; its policy digest. */
async function publish(serial: number): Promise<string> {
  here.write('served/policies/central.yaml', central(serial));
  const { status, stdout, stderr } = await here.run(['policy', 'sign', 'served/policies/central.yaml', '--signer', 'build']);
  expect([status, stderr]).toEqual([0, '']);
  return /sha256:([0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
}

const IDENTITY =
  'identities: { security: { issuer: https://trial.signwright.invalid, subject: "https://trial.signwright.invalid/acme/app//**", root: .signwright/trial/trusted-root.json } }\n';
const SIGNED = 'signed-by: security, name: central';
const local = (place: string, pin: string): string =>
  `version: 1\nextends: { ${place}, ${pin} }\n${pin === SIGNED || pin.startsWith(SIGNED) ? IDENTITY : ''}`;
const byUrl = (path = '/policies/central.yaml'): string => `url: ${origin}${path}, allow-private: true`;

let runs = 0;
/** Runs by a local policy, on a machine that has seen nothing unless told. */
async function run(policy: string, args: readonly string[] = ['policy', 'check'], machine = `m${runs++}`) {
  here.write('local.yaml', policy);
  const place = args[0] === 'policy' ? ['local.yaml'] : ['--policy', 'local.yaml'];
  return here.run([...args, ...place], {
    env: { XDG_CACHE_HOME: here.path(`${machine}/cache`), XDG_STATE_HOME: here.path(`${machine}/state`) },
  });
}

describe('a policy on one that is fetched', () => {
  test('by signature signs and verifies, and what it rests on verifies later without the server', async () => {
    const policy = local(byUrl(), SIGNED);
    expect((await run(policy)).stderr).toContain('rests on a trial trust root');
    expect((await run(policy, ['sign', 'dist'])).status).toBe(0);
    expect((await run(policy, ['verify', 'dist'])).status).toBe(0);
    expect((await run(policy, ['evidence', 'export', 'dist', '--out', 'release.tar'])).status).toBe(0);
    const before = asked.length;
    const { status, stdout, stderr } = await here.run(['evidence', 'verify', 'release.tar', 'dist/a.bin']);
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('allow')]);
    expect(asked.length).toBe(before);
  });

  test('by signature takes the next edition as soon as it is there, and never an older one again', async () => {
    const policy = local(byUrl(), SIGNED);
    await publish(4);
    expect((await run(policy, undefined, 'rising')).status).toBe(0);
    await publish(3);
    const older = await run(policy, undefined, 'rising');
    expect([older.status, older.stdout]).toEqual([2, '']);
    expect(older.stderr).toContain('has the serial 3, and this machine has seen 4');
    const fresh = await run(local(byUrl(), `${SIGNED}, min-serial: 4`));
    expect([fresh.status, fresh.stderr]).toEqual([2, expect.stringContaining('has the serial 3, and 4 at least is wanted')]);
  });

  test('is not held against what somebody with a trust root of their own has signed in the same name', async () => {
    const stranger = await createWorkspace({ trial: false });
    await stranger.run(['trust', 'init', '--trial', '--repository', 'https://trial.signwright.invalid/acme/app']);
    stranger.write('central.yaml', `${trialPolicy(RULE)}name: central\nserial: 9000\n`);
    expect((await stranger.run(['policy', 'sign', 'central.yaml', '--signer', 'build'])).status).toBe(0);
    stranger.write('local.yaml', local('file: central.yaml', SIGNED));
    const env = { XDG_STATE_HOME: here.path('shared/state'), XDG_CACHE_HOME: here.path('shared/cache') };
    expect((await stranger.run(['policy', 'check', 'local.yaml'], { env })).status).toBe(0);
    await publish(3);
    expect((await run(local(byUrl(), SIGNED), undefined, 'shared')).status).toBe(0);
    stranger.remove();
  });

  test('by digest needs no network once it was loaded, and none that was tampered with here', async () => {
    const digest = await publish(3);
    const policy = local(byUrl(), `sha256: ${digest}`);
    expect((await run(policy, undefined, 'kept')).status).toBe(0);
    const before = asked.length;
    expect((await run(policy, undefined, 'kept')).status).toBe(0);
    expect(asked.length).toBe(before);
    const [kept = ''] = here.files('kept/cache/signwright/policies');
    appendFileSync(here.path(`kept/cache/signwright/policies/${kept}`), ' ');
    expect((await run(policy, undefined, 'kept')).status).toBe(0);
    expect(asked.length).toBeGreaterThan(before);
    const other = await run(local(byUrl(), `sha256: ${'a'.repeat(64)}`), undefined, 'kept');
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('has the policy digest')]);
  });

  test('by digest knows without the network too when its trust root ends', async () => {
    const owner = { issuer: 'https://trial.signwright.invalid', subject: `${TRIAL_REPOSITORY}//trial@refs/heads/main` };
    const owners = here.write(
      'served/policies/trust/trusted-root.owners.json',
      JSON.stringify({ version: 1, owners: [owner], threshold: 1 }),
    );
    const digest = await publish(3);
    const end = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
    const edition = ['--name', 'acme', '--trust-version', '1', '--expires', end, '--signer', 'build'];
    const root = 'served/policies/trust/trusted-root.json';
    const signed = await here.run(['trust', 'sign', root, ...edition, '--policy', 'served/policies/central.yaml']);
    expect([signed.status, signed.stderr]).toEqual([0, '']);
    const policy = local(byUrl(), `sha256: ${digest}`);
    expect((await run(policy, undefined, 'ending')).stderr).toContain('version 1 of the trust root acme expires');
    const before = asked.length;
    expect((await run(policy, undefined, 'ending')).stderr).toContain('version 1 of the trust root acme expires');
    expect(asked.length).toBe(before);
    for (const file of [owners, here.path('served/policies/trust/trusted-root.sigstore.json')]) rmSync(file);
  });

  test('uses what it has checked: each file is asked for once', async () => {
    const digest = await publish(3);
    let times = 0;
    answers.set('/policies/central.yaml', (_, response) => {
      times++;
      response.end(times === 1 ? central(3) : central(3).replace('dist/**', '**'));
    });
    expect((await run(local(byUrl(), `sha256: ${digest}`))).status).toBe(0);
    expect(times).toBe(1);
    expect((await run(local(byUrl(), `sha256: ${digest}`))).status).toBe(2);
    answers.clear();
  });

  test('refuses one that was changed on its way, and one signed by nobody', async () => {
    await publish(3);
    answers.set('/policies/central.yaml', (_, response) => void response.end(central(3).replace('dist/**', '**')));
    const changed = await run(local(byUrl(), SIGNED));
    expect([changed.status, changed.stderr]).toEqual([2, expect.stringContaining('it signs another policy')]);
    answers.clear();
    answers.set('/policies/central.yaml.sigstore.json', (_, response) => void response.writeHead(404).end());
    const unsigned = await run(local(byUrl(), SIGNED));
    expect([unsigned.status, unsigned.stderr]).toEqual([2, expect.stringContaining('must be signed by')]);
    answers.clear();
  });

  test.each([
    ['a redirect to where clouds keep secrets', 302, 'http://169.254.169.254/latest/meta-data/'],
    ['a redirect into a private network', 301, 'https://10.0.0.1/central.yaml'],
    ['a redirect to another path', 307, '/policies/central.yaml'],
  ])('follows no redirect: %s', async (_what, status, location) => {
    answers.set('/moved.yaml', (_, response) => void response.writeHead(status, { location }).end());
    const ran = await run(local(byUrl('/moved.yaml'), SIGNED));
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining(`redirects elsewhere (${status})`)]);
    expect(ran.stderr).toMatch(/local\.yaml:2:\d+: extends\.url/);
  });

  test('does not ask in a private network unless it says so', async () => {
    const before = asked.length;
    const ran = await run(local(`url: ${origin}/policies/central.yaml`, SIGNED));
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('extends.url: ')]);
    const metadata = await run(local('url: https://169.254.169.254/a.yaml, allow-private: true', SIGNED));
    expect([metadata.status, metadata.stderr]).toEqual([2, expect.stringContaining('leads to 169.254.169.254')]);
    expect(asked.length).toBe(before);
  });

  test('reads no more than it may', async () => {
    answers.set('/huge.yaml', (_, response) => void response.end(Buffer.alloc(5 * 1024 * 1024, '#')));
    const huge = await run(local(byUrl('/huge.yaml'), SIGNED));
    expect([huge.status, huge.stderr]).toEqual([2, expect.stringContaining('is larger than 4194304 bytes')]);
    answers.set('/endless.yaml', (_, response) => {
      const more = (): void => void response.write(Buffer.alloc(65536, '#'), (error) => error ?? setImmediate(more));
      more();
    });
    const endless = await run(local(byUrl('/endless.yaml'), SIGNED));
    expect([endless.status, endless.stderr]).toEqual([2, expect.stringContaining('is larger than 4194304 bytes')]);
  });

  test('is inconclusive where the server is not there', async () => {
    const ran = await run(local('url: http://127.0.0.1:1/central.yaml, allow-private: true', SIGNED));
    expect([ran.status, ran.stdout]).toEqual([3, '']);
  });

  test('tells nothing of what is at an address that is no policy', async () => {
    answers.set('/secret', (_, response) => void response.end('token: glpat-SuperSecretToken123456'));
    const { status, stdout, stderr } = await run(local(byUrl('/secret'), SIGNED));
    expect(status).toBe(2);
    expect(stderr).toContain('is not a valid policy');
    expect(stdout + stderr).not.toContain('glpat');
  });
});

describe('a policy on one in a git repository', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', here.path('served'), '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: here.directory },
    });

  test('is read at a branch or tag, with the files of that commit, by signature or digest and never by the ref alone', async () => {
    const digest = await publish(5);
    git('init', '--quiet', '-b', 'main');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'five');
    git('tag', 'v5');
    const byGit = (ref: string): string =>
      `git: "file://${here.path('served')}#${ref}:policies/central.yaml", allow-private: true`;
    expect((await run(local(byGit('main'), SIGNED))).status).toBe(0);
    await publish(6);
    git('commit', '--quiet', '-am', 'six');
    const policy = local(byGit('main'), SIGNED);
    expect((await run(policy, ['sign', 'dist'])).status).toBe(0);
    expect((await run(local(byGit('v5'), `sha256: ${digest}`))).status).toBe(0);
    const moved = await run(local(byGit('main'), `sha256: ${digest}`));
    expect([moved.status, moved.stderr]).toEqual([2, expect.stringContaining('has the policy digest')]);
    const alone = await run(`version: 1\nextends: { ${byGit('main')} }\n`);
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('"sha256", "signed-by" is needed')]);
    rmSync(here.path('served/.git'), { recursive: true });
  });

  test('on this machine is not read unless private places are allowed', async () => {
    const ran = await run(local(`git: "file://${here.path('served')}#main"`, SIGNED));
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('extends.git: ')]);
  });
});
