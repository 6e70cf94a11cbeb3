import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkspace, testCertificate, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SECRET = { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
const days = (number: number): Date => new Date(Date.now() + number * 86_400_000);
const pem = (subject: string, until: number): string => {
  const { der } = testCertificate({ subject, notBefore: days(-60), notAfter: days(until) });
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
};
const policy = (webhook: string, alerts = 'alerts: [30d, 7d]'): string =>
  trialPolicy(
    '  - { match: "dist/**", tier: internal }',
    `certificates:
  inventory: inventory
  authorities: { acme: { fulcio: https://fulcio.acme.example } }
  profiles: { ci: { purpose: ci, authority: acme, validity: 10m, owner: platform, workloads: [ci] } }
  ${alerts}
notify: [{ webhook: "${webhook}", secret-env: HOOK, allow-private: true, on: [expiring] }]
`,
  );

type Told = { id: string; type: string; data: { threshold: number; certificate: { subject: string; owner?: string } } };

let here: Workspace;
let server: Server;
let told: Told[];
let answer: number;

beforeEach(async () => {
  told = [];
  answer = 204;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as Told;
      told.push({ id: String(request.headers['webhook-id']), type, data });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  here = await createWorkspace({
    policy: policy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`),
    files: { 'soon.pem': pem('soon', 10), 'later.pem': pem('later', 300) },
  });
  const taken = await here.run(['cert', 'import', 'soon.pem', 'later.pem', '--owner', 'ann', '--purpose', 'terminals']);
  expect(taken, taken.stderr).toMatchObject({ status: 0 });
});
afterEach(() => {
  server.close();
  here.remove();
});
const alerts = (...args: string[]): ReturnType<Workspace['run']> => here.run(['cert', 'alerts', ...args], { env: SECRET });

test('somebody is told once, by webhook, line and exit code', async () => {
  expect(await alerts('--dry-run')).toMatchObject({ status: 1 });
  expect(told).toEqual([]);
  const first = await alerts();
  expect(first, first.stderr).toMatchObject({
    status: 1,
    stdout: /^terminals, CN=soon \(serial [0-9a-f]+\) ends at .*, in 9 days \(threshold 30 days\); owner: ann\n$/,
  });
  expect(told).toMatchObject([
    { type: 'expiring', data: { threshold: 30 * 86_400, certificate: { subject: 'CN=soon', owner: 'ann' } } },
  ]);
  expect(await alerts()).toMatchObject({ status: 0, stdout: 'nothing new\n' });
  expect(told).toHaveLength(1);
});

test('who could not be told is told the next time, by the same id', async () => {
  answer = 400;
  expect(await alerts()).toMatchObject({ status: 3, stderr: /could not be told/ });
  answer = 204;
  expect(await alerts()).toMatchObject({ status: 1 });
  expect(await alerts()).toMatchObject({ status: 0 });
  const [first, second] = told.map(({ id }) => id);
  expect(told).toHaveLength(2);
  expect(first).toBe(second);
});

test('two that run at once write it down once, and tell by one id', async () => {
  const both = await Promise.all([alerts(), alerts()]);
  expect(both.map(({ status }) => status)).not.toContain(3);
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  const shown = JSON.parse((await here.run(['cert', 'show', 'soon.pem', '--output', 'json'])).stdout) as { alerted: number[] };
  expect(shown.alerted).toEqual([30 * 86_400]);
  expect(await alerts()).toMatchObject({ status: 0 });
});

test.each([
  ['GitHub', { GITHUB_ACTIONS: 'true' }, '::warning title=a certificate ends soon::terminals, CN=100%25 #'],
  ['Azure Pipelines', { TF_BUILD: 'True' }, '##vso[task.logissue type=warning]terminals, CN=100%AZP25 #'],
  ['GitLab', { GITLAB_CI: 'true' }, 'WARNING: a certificate ends soon: terminals, CN=100% #'],
  ['Jenkins', { JENKINS_URL: 'https://jenkins.example' }, 'WARNING: a certificate ends soon: terminals, CN=100% #'],
])('in %s it is a warning of the job, whatever the certificate says', async (_, env, expected) => {
  here.write('odd.pem', pem('100% ##vso[task.complete]::error::x', 5));
  await here.run(['cert', 'import', 'odd.pem', '--purpose', 'terminals']);
  const { status, stdout } = await here.run(['cert', 'alerts', '--ci', '--dry-run'], { env: { ...SECRET, ...env } });
  expect(status).toBe(1);
  expect(stdout.startsWith(expected), stdout).toBe(true);
  expect(stdout.split('\n')).toHaveLength(3);
  expect(stdout.replace(/^##vso\[task\.logissue type=warning\]/gm, '')).not.toMatch(/##vso/);
});

test('a policy that does not say when is refused', async () => {
  here.write('signwright.yaml', policy('https://hooks.example', ''));
  expect(await alerts()).toMatchObject({ status: 2, stderr: /does not say when to tell that certificates end/ });
});
