import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const TIERS = '  recorded: { extends: internal, audit: required, signatures: [release] }\n';
const RULES = '  - { match: "dist/**", tier: recorded }\n  - { match: "out/**", sign: never }';

/** A project of which two files were signed by a job and a key, and one was refused. */
async function project(more = ''): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/app.tgz': 'app', 'dist/tool.tgz': 'tool', 'out/secret.map': 'secret' } });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  here.write('keys/release.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  here.write('keys/release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  const init = await here.run(['audit', 'init', '--name', 'log.example/asked', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n${more}`;
  here.write(
    'signwright.yaml',
    trialPolicy(RULES, `${TIERS}${audit}`).replace(
      'signers:',
      'signers:\n  release: { keys: [{ ref: keys/release.pem, public-key: keys/release.pub }] }',
    ),
  );
  return here;
}

type Listed = {
  requests: { outcome: string; record: { event: string; request: string; signer?: { id: string; key: string } } }[];
};

describe('the log answers', () => {
  let here: Workspace;
  const json = async (...args: string[]): Promise<Listed> => {
    const { status, stdout, stderr } = await here.run(['audit', ...args, '--output', 'json']);
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as Listed;
  };
  beforeAll(async () => {
    here = await project();
    const env = { GITLAB_CI: 'true', GITLAB_USER_ID: '1017', CI_JOB_URL: 'https://gitlab.example/acme/app/-/jobs/7' };
    expect(await here.run(['sign', 'dist/app.tgz', '--no-sidecars'], { env })).toMatchObject({ status: 2 });
    here.write('signwright.yaml', here.read('signwright.yaml').replace('log: log,', 'log: log, persistent: true,'));
    expect(await here.run(['sign', 'dist/app.tgz', '--no-sidecars'], { env })).toMatchObject({ status: 0 });
    expect(await here.run(['sign', 'dist/tool.tgz', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['sign', 'out/secret.map'], { env })).toMatchObject({ status: 1 });
  });
  afterAll(() => here.remove());

  test('what was asked last, with what came of it, as text, JSON and CSV', async () => {
    const { requests } = await json('list');
    expect(requests.map(({ outcome }) => outcome)).toEqual(['refused', 'signed', 'signed', 'signed', 'signed']);
    const text = await here.run(['audit', 'list', '--limit', '1']);
    expect(text.stdout).toMatch(/^index +time +outcome .*\n\d+ .* refused .* out\/secret\.map .*\n$/);
    const csv = await here.run(['audit', 'list', '--output', 'csv']);
    expect(csv.stdout.split('\r\n')).toHaveLength(7);
  });

  test('everything a key signed since then, every refusal, what one person or one job asked for', async () => {
    const [request] = (await json('list')).requests.filter(({ record }) => record.signer?.id === 'release');
    const key = request?.record.signer?.key ?? '';
    expect((await json('search', '--key', key, '--since', '2026-01-01')).requests).toHaveLength(2);
    expect((await json('search', '--key', key, '--until', '2026-01-01')).requests).toHaveLength(0);
    expect((await json('search', '--outcome', 'refused')).requests.map(({ record }) => record.event)).toEqual(['refusal']);
    expect((await json('search', '--requester', 'gitlab:1017', '--outcome', 'signed')).requests).toHaveLength(2);
    expect((await json('search', '--pipeline', 'https://gitlab.example/acme/app/-/jobs/7')).requests).toHaveLength(3);
    expect((await json('search', '--artifact', 'dist/*.tgz', '--tier', 'recorded')).requests).toHaveLength(4);
    const paged = await here.run(['audit', 'search', '--limit', '2']);
    expect(paged.stderr).toMatch(/there are more: --cursor \d+/);
  });

  test('a key by the signer whose it is or its file, a digest as sha256sum prints it; what names nothing is told', async () => {
    const [request] = (await json('search', '--signer', 'release')).requests;
    const key = request?.record.signer?.key ?? '';
    for (const name of ['release', 'keys/release.pub', key]) {
      expect((await json('search', '--key', name)).requests).toHaveLength(2);
    }
    expect(await here.run(['audit', 'search', '--key', 'nobody'])).toMatchObject({ status: 2, stderr: /"nobody" names no key/ });
    const app = createHash('sha256').update('app').digest('hex');
    expect((await json('search', '--digest', app)).requests).toHaveLength(2);
    const unknown = await here.run(['audit', 'search', '--tier', 'nil', '--signer', 'nil', '--environment', 'nil']);
    expect(unknown).toMatchObject({ status: 0, stdout: 'none\n' });
    for (const what of ['tier', 'signer', 'environment']) expect(unknown.stderr).toContain(`the policy has no ${what} "nil"`);
    const known = ['--tier', 'recorded', '--signer', 'release', '--environment', 'default'];
    expect(await here.run(['audit', 'search', ...known])).toMatchObject({ status: 0, stderr: '' });
    const part = await here.run(['audit', 'search', '--artifact', 'app.tgz']);
    expect(part).toMatchObject({ stdout: 'none\n', stderr: "names are whole: try '**/app.tgz'\n" });
  });

  test('all records of one request, by its id, the beginning of it, or the number of one of its records', async () => {
    const [newest] = (await json('search', '--artifact', 'dist/app.tgz', '--signer', 'build')).requests;
    const id = newest?.record.request ?? '';
    const shown = await here.run(['audit', 'show', id]);
    const events = (JSON.parse(shown.stdout) as { records: { record: { event: string } }[] }).records.map(
      ({ record }) => record.event,
    );
    expect(events).toEqual(['intent', 'intent', 'result', 'result']);
    expect((await here.run(['audit', 'show', id.slice(7, 19)])).stdout).toBe(shown.stdout);
    expect((await here.run(['audit', 'show', '0'])).stdout).toBe(shown.stdout);
    expect(await here.run(['audit', 'show', '99'])).toMatchObject({ status: 2, stderr: /names no request of the log/ });
  });

  test('exports itself once, and with a cursor goes on where it stopped', async () => {
    const whole = await here.run(['audit', 'export', '--format', 'cloudevents']);
    const events = whole.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; type: string });
    expect(events).toHaveLength(9);
    expect(new Set(events.map(({ id }) => id)).size).toBe(9);
    const args = ['audit', 'export', '--to', 'siem.jsonl', '--cursor', 'siem.cursor'];
    expect(await here.run(args)).toMatchObject({ status: 0, stderr: /exported 9 records/ });
    expect(await here.run(args)).toMatchObject({ status: 0, stderr: /exported 0 records/ });
    expect(here.read('siem.jsonl').trim().split('\n')).toHaveLength(9);
  });

  test('holds what a key’s own log says against what is recorded: a use that nobody recorded is a finding', async () => {
    const [one] = (await json('search', '--signer', 'release')).requests as unknown as { record: { time: string } }[];
    const at = (offset: number): string =>
      new Date(Date.parse(one?.record.time ?? '') + offset).toISOString().replace(/\.\d+Z/, 'Z');
    const use = (id: string, time: string): object => ({
      eventVersion: '1.08',
      eventSource: 'kms.amazonaws.com',
      eventName: 'Sign',
      eventID: id,
      eventTime: time,
      requestParameters: { keyId: 'alias/release', signingAlgorithm: 'ECDSA_SHA_256' },
      userIdentity: { arn: 'arn:aws:sts::1:assumed-role/ci/job' },
    });
    const range = [
      '--since',
      at(-86_400_000),
      '--until',
      at(86_400_000),
      '--format',
      'cloudtrail',
      '--key-name',
      'alias/release',
    ];
    here.write('trail.json', JSON.stringify({ Records: [use('a', at(0)), use('b', at(0))] }));
    const fits = await here.run(['audit', 'reconcile', '--key', 'release', ...range, 'trail.json']);
    expect(fits, fits.stderr).toMatchObject({ status: 0, stdout: /everything the key signed is recorded/ });
    here.write('trail.json', JSON.stringify({ Records: [use('a', at(0)), use('b', at(0)), use('c', at(-40_000_000))] }));
    const finding = await here.run(['audit', 'reconcile', '--key', 'keys/release.pub', ...range, 'trail.json']);
    expect(finding).toMatchObject({ status: 1, stdout: /NOT RECORDED 1: .* c by arn:aws:sts/ });
    here.write('trail.json', JSON.stringify({ Records: [{ ...use('d', at(0)), eventName: 'GetPublicKey' }] }));
    const unused = await here.run(['audit', 'reconcile', '--key', 'release', ...range, 'trail.json']);
    expect(unused).toMatchObject({ status: 1, stdout: /RECORDED, NOT IN THE KEY'S LOG 2/ });
    const other = [...range.slice(0, -1), 'alias/other', 'trail.json'];
    expect(await here.run(['audit', 'reconcile', '--key', 'release', ...other])).toMatchObject({
      status: 2,
      stderr:
        /none of the 1 entries of trail\.json is about alias\/other \(they name alias\/release\)[\s\S]*check --key-name, the region/,
    });
    const counter = ['--counter', `${at(-7_200_000)}=10`, '--counter', `${at(7_200_000)}=13`];
    expect(await here.run(['audit', 'reconcile', '--key', 'release', ...counter])).toMatchObject({
      status: 1,
      stdout: /NOT RECORDED 1 uses/,
    });
    expect(await here.run(['audit', 'reconcile', '--key', 'nobody', ...range, 'trail.json'])).toMatchObject({ status: 2 });
  });
});

test('what waits for its order is told, and how much of it was put in order', async () => {
  const here = await project();
  try {
    const policy = here.read('signwright.yaml').replace('log: log,', 'log: log, persistent: true,');
    here.write('signwright.yaml', policy.replace(', key: keys/log.pem', ''));
    const signed = await here.run(['sign', 'dist/app.tgz', '--no-sidecars']);
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    for (const asked of [['list'], ['search'], ['export']]) {
      const { stderr } = await here.run(['audit', ...asked]);
      expect(stderr).toMatch(
        /segments? waits? for (its|their) order: (its|their) records are not listed \(signwright audit sequence\)/,
      );
    }
    here.write('signwright.yaml', policy);
    const ordered = await here.run(['audit', 'sequence']);
    const [, size, segments] = /in order: (\d+) records of (\d+) segments/.exec(ordered.stdout) ?? [];
    expect(ordered.stdout).toContain(`(new: ${size} records of ${segments} segments)`);
    expect((await here.run(['audit', 'sequence'])).stdout).toContain('(new: 0 records of 0 segments)');
    expect(await here.run(['audit', 'list'])).toMatchObject({ status: 0, stderr: '' });
  } finally {
    here.remove();
  }
});

test('whom the policy wants told is told of a denial, signed as Standard Webhooks has it; who cannot be told changes nothing', async () => {
  const heard: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const notify = `notify: [{ webhook: "http://127.0.0.1:${port}/hook", secret-env: HOOK, allow-private: true, on: [deny] }]\n`;
  const here = await project(notify);
  try {
    const env = { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const denied = await here.run(['verify', 'out/secret.map'], { env });
    expect(denied, denied.stderr).toMatchObject({ status: 1, stderr: '' });
    expect(heard).toHaveLength(1);
    expect(heard[0]?.headers).toMatchObject({ 'webhook-id': /./, 'webhook-signature': /^v1,/ });
    expect(JSON.parse(heard[0]?.body ?? '{}')).toMatchObject({
      type: 'deny',
      data: { total: 1, artifacts: [{ name: 'out/secret.map' }] },
    });
    const untold = await here.run(['verify', 'out/secret.map']);
    expect(untold).toMatchObject({ status: 1, stderr: /could not be told .*environment variable HOOK/ });
  } finally {
    server.close();
    here.remove();
  }
});
