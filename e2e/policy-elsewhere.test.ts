import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createWorkspace, loopbackCertificate, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveGit } from './git-server.ts';

/** Holds the central policy's repository, `policy.git`. */
let central: Workspace;
/** An application's repository: no policy in it. */
let here: Workspace;
let server: Server;
let origin: string;
const asked: string[] = [];

const git = (directory: string, ...args: string[]): string =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], { encoding: 'utf8' });

beforeAll(async () => {
  central = await createWorkspace();
  here = await createWorkspace({ trial: false, files: { 'dist/a.bin': 'a' } });
  const tls = loopbackCertificate();
  here.write('ca.pem', tls.ca);
  server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    asked.push(request.url ?? '');
    serveGit(central.directory, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const trial = central.path('.signwright/trial');
  for (const name of ['trusted-root.json', 'trusted-root.issuers.json'])
    central.write(`work/trust/${name}`, central.read(`.signwright/trial/${name}`));
  const policy = trialPolicy('  - { match: "dist/**", tier: internal }')
    .replaceAll('trial: .signwright/trial', `trial: ${trial}`)
    .replace('root: .signwright/trial/trusted-root.json', 'root: trust/trusted-root.json');
  central.write('work/signwright.yaml', `${policy}name: central\nserial: 3\n`);
  git(central.path('work'), 'init', '--quiet', '-b', 'main');
  git(central.path('work'), 'add', '-A');
  git(central.path('work'), 'commit', '--quiet', '-m', 'three');
  git(central.directory, 'clone', '--quiet', '--bare', 'work', 'policy.git');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  central.remove();
  here.remove();
});

test('a repository without a policy signs and verifies by one that git fetches over https, and later without the network', async () => {
  const checked = await central.run(['policy', 'check', 'work/signwright.yaml', '--output', 'json']);
  const { digest } = JSON.parse(checked.stdout) as { digest: string };
  here.write('anchor.yaml', `policy-sha256: ${digest}\n`);
  const env = { GIT_SSL_CAINFO: here.path('ca.pem'), XDG_CACHE_HOME: here.path('cache'), XDG_STATE_HOME: here.path('state') };
  const by = ['--policy', `${origin}/policy.git#main`, '--anchor', 'anchor.yaml'];
  expect(await here.run(['sign', 'dist', ...by], { env })).toMatchObject({ status: 0 });
  expect(asked.some((path) => path.startsWith('/policy.git/info/refs'))).toBe(true);
  asked.length = 0;
  expect(await here.run(['verify', 'dist', ...by], { env })).toMatchObject({ status: 0 });
  expect(asked).toEqual([]);
});

test('git is not let believe a certificate that nobody here trusts', async () => {
  const env = { XDG_CACHE_HOME: here.path('other/cache'), XDG_STATE_HOME: here.path('other/state') };
  const by = ['--policy', `${origin}/policy.git#main`, '--anchor', 'anchor.yaml'];
  const { status, stdout, stderr } = await here.run(['verify', 'dist', ...by], { env });
  expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('GIT_SSL_CAINFO')]);
});
