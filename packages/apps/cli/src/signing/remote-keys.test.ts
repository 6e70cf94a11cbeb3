import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type LogRecord, readRecord, recordsIn } from '@signwright/signing-core';
import { createWorkspace, type FakeAwsKms, startFakeAwsKms, testKeys, type Workspace } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

// Signers whose keys stay in a KMS: a fake that follows the API of AWS stands in for it.

const REPOSITORY = 'https://gitlab.acme.example/acme/app';
const SECRETS = {
  id: 'AKIAPLANTEDPLANTED00',
  key: 'planted+secret/key+of+aws',
  session: 'planted-session-token',
  job: 'planted-id-token',
};
/** A job of GitLab that may sign. */
const JOB = {
  CI: 'true',
  GITLAB_CI: 'true',
  CI_PROJECT_ID: '7',
  CI_PROJECT_URL: REPOSITORY,
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_SHA: 'ab'.repeat(20),
  CI_JOB_URL: `${REPOSITORY}/-/jobs/11`,
  CI_PIPELINE_SOURCE: 'push',
  GITLAB_USER_ID: '1017',
  SIGNWRIGHT_ID_TOKEN: SECRETS.job,
  AWS_REGION: 'us-east-2',
  AWS_ACCESS_KEY_ID: SECRETS.id,
  AWS_SECRET_ACCESS_KEY: SECRETS.key,
  AWS_SESSION_TOKEN: SECRETS.session,
};
const KEYS = { first: testKeys('p256', 'kms first'), second: testKeys('p256', 'kms second') };

let kms: FakeAwsKms;
let here: Workspace;
beforeEach(async () => {
  kms = await startFakeAwsKms();
  kms.setAlias('alias/first', kms.addKey(KEYS.first));
  kms.setAlias('alias/second', kms.addKey(KEYS.second));
  here = await project();
});
afterEach(async () => {
  here.remove();
  await kms.close();
});

/** Nothing listens there: the port is another's to give. */
const NOWHERE = 'awskms://127.0.0.1:9/alias/first';
const at = (alias: string): string => `awskms://${kms.host}/alias/${alias}`;

/** A project whose files a signer with keys in a KMS signs; records are required, and the log's key is there. */
async function project(
  refs: readonly (readonly [ref: string, publicKey: string])[] = [[at('first'), 'first']],
): Promise<Workspace> {
  const made = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  for (const [name, { publicKey }] of Object.entries(KEYS))
    made.write(`trust/${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  const init = await made.run(['audit', 'init', '--name', 'log.example/kms', '--key', 'keys/log.pem']);
  const verifier = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const keys = refs.map(([ref, name]) => `{ ref: "${ref}", public-key: trust/${name}.pub }`);
  made.write(
    'signwright.yaml',
    `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: https://gitlab.acme.example, repository: "${REPOSITORY}", ref: refs/heads/main } }
signers: { release: { keys: [${keys.join(', ')}], workloads: [ci] } }
tiers: { production: { signatures: [release], audit: required } }
artifacts: [{ match: "dist/**", tier: production }]
audit: { log: log, persistent: true, key: keys/log.pem, verifier-keys: ["${verifier}"] }
`,
  );
  return made;
}

const sign = (there: Workspace, more: Record<string, string> = {}, ...args: string[]) =>
  there.run(['sign', ...args], { env: { ...JOB, ...more } });

/** A process and all it has started, and these. */
function processesUnder(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
  return [pid, ...children.flatMap(processesUnder)];
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function recordsOf(there: Workspace): LogRecord[] {
  return there
    .files('log/segments')
    .sort()
    .flatMap((name) => recordsIn(readFileSync(there.path(`log/segments/${name}`))))
    .map((bytes) => readRecord(bytes).record as LogRecord);
}

describe('a key in a KMS', () => {
  test('signs in a job, and what it signed verifies without the KMS', async () => {
    expect(await sign(here)).toMatchObject({ status: 0 });
    await kms.close();
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stdout: /key/ });
    expect(recordsOf(here)).toMatchObject([
      {
        event: 'intent',
        requester: { asserted: { requester: 'gitlab:1017', repository: REPOSITORY, ref: 'refs/heads/main' } },
        job: JOB.CI_JOB_URL,
      },
      { event: 'intent' },
      { event: 'result', outcome: 'signed' },
      { event: 'result', outcome: 'signed' },
    ]);
  });

  test('signs one part over 10,000 files with one call, and each verifies from it', async () => {
    for (let i = 0; i < 10_000; i++) here.write(`dist/many/${i}.bin`, `${i}`);
    expect(await sign(here, {}, '--no-sidecars')).toMatchObject({ status: 0 });
    expect(kms.requests.filter(({ action }) => action === 'Sign')).toHaveLength(1);
    expect(await here.run(['verify', 'dist/many/500.bin'])).toMatchObject({ status: 0 });
  });

  test('does not sign outside a CI, and says in which pipelines it does', async () => {
    const { status, stderr } = await here.run(['sign']);
    expect(status).toBe(1);
    expect(stderr).toContain('signer release is not for runs outside a CI');
    expect(stderr).toContain(`a pipeline of https://gitlab.acme.example (ci: repository ${REPOSITORY}, ref refs/heads/main)`);
    expect(kms.requests).toEqual([]);
    expect(recordsOf(here)).toMatchObject([{ event: 'refusal', outcome: 'refused' }]);
  });

  test.each([
    [
      'a merge request’s pipeline',
      { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: '3' },
      'may plan and never sign',
    ],
    ['a fork’s', { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '666', CI_MERGE_REQUEST_IID: '3' }, 'may plan and never sign'],
    [
      'another repository',
      { CI_PROJECT_URL: 'https://gitlab.acme.example/acme/other' },
      'repository is https://gitlab.acme.example/acme/other',
    ],
    ['another branch', { CI_COMMIT_BRANCH: 'feature' }, 'ref is refs/heads/feature, and ci wants refs/heads/main'],
    ['a branch of an odd name', { CI_COMMIT_BRANCH: 'evil\u2028x' }, 'its ref is none, and ci wants refs/heads/main'],
    ['a branch of a long name', { CI_COMMIT_BRANCH: 'x'.repeat(1200) }, 'its ref is none'],
    ['a repository that is no address', { CI_PROJECT_URL: 'HTTPS://gitlab.acme.example/evil/app' }, 'its repository is none'],
  ])('does not sign in %s, where plan works', async (_, env, why) => {
    const { status, stderr } = await sign(here, env);
    expect([status, stderr]).toEqual([1, expect.stringContaining(why)]);
    expect(kms.requests).toEqual([]);
    expect(here.evidence().size).toBe(0);
    expect(await here.run(['plan'], { env: { ...JOB, ...env } })).toMatchObject({ status: 0 });
  });

  test('that was rotated behind its alias is refused, the new one named, and the lines to change drafted', async () => {
    kms.setAlias('alias/first', kms.addKey(KEYS.second));
    const { status, stderr } = await sign(here);
    expect([status, stderr]).toEqual([2, expect.stringContaining('signwright signer rotate')]);
    const before = here.read('signwright.yaml');
    const drafted = await here.run(['signer', 'rotate', 'release'], { env: JOB });
    expect(drafted).toMatchObject({ status: 0, stdout: /is to be edited \(--write does it\)/ });
    expect(here.read('signwright.yaml')).toBe(before);
    expect(await here.run(['signer', 'rotate', 'release', '--write'], { env: JOB })).toMatchObject({ status: 0 });
    const [, keys = ''] = /keys: \[(.*?)\]/.exec(here.read('signwright.yaml')) ?? [];
    expect(keys).toMatch(
      /^\{ ref: awskms:[^}]*, public-key: trust\/release-[0-9a-f]{8}\.pub, from: [^}]*Z \}, \{ ref: "awskms:[^}]*, until: [^}]*Z \}$/,
    );
    expect(await sign(here)).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await here.run(['signer', 'rotate', 'release'], { env: JOB })).toMatchObject({
      status: 0,
      stdout: /nothing is to be changed/,
    });
  });
});

describe('a signer with a second key', () => {
  test('signs with it where the first cannot be reached; that is shown, recorded, and verifies', async () => {
    const there = await project([
      [NOWHERE, 'first'],
      [at('second'), 'second'],
    ]);
    const { status, stderr } = await sign(there);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/signer release: awskms:\/\/127\.0\.0\.1:9\S* could not be reached: .*trying the next/),
    ]);
    const [intent] = recordsOf(there);
    expect(intent).toMatchObject({ event: 'intent', unreached: [{ reference: NOWHERE, reason: expect.stringMatching(/./) }] });
    expect(await there.run(['verify'])).toMatchObject({ status: 0 });
    there.remove();
  });

  test('tells whom the policy wants told of it, also where a file beside an artifact could not be signed', async () => {
    const heard: unknown[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => heard.push(JSON.parse(chunk.toString())));
      request.on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const there = await project([
      [NOWHERE, 'first'],
      [at('second'), 'second'],
    ]);
    there.write(
      'signwright.yaml',
      `${readFileSync(there.path('signwright.yaml'), 'utf8')}notify: [{ webhook: "${webhook}", secret-env: HOOK, allow-private: true, on: [fallback] }]\n`,
    );
    const env = { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const fallback = { type: 'fallback', data: { signers: [{ signer: 'release', unreached: [{ reference: NOWHERE }] }] } };

    expect(await sign(there, env)).toMatchObject({ status: 0 });
    expect(heard).toMatchObject([fallback]);
    there.write('dist/a.bin', 'another');
    const refusal = { status: 400, type: 'AccessDeniedException', message: 'User: arn:aws:iam::1:role/ci is not authorized' };
    let signs = 0;
    kms.fault = ({ action }) => (action === 'Sign' && signs++ > 0 ? refusal : undefined);
    expect(await sign(there, env)).toMatchObject({ status: 2, stderr: /kms:Sign/ });
    expect(heard).toMatchObject([fallback, fallback]);
    server.close();
    there.remove();
  });

  test('signs with it where the first gets lost while it signs, as a second attempt', async () => {
    const there = await project([
      [at('first'), 'first'],
      [at('second'), 'second'],
    ]);
    kms.fault = ({ action, body }) => (action === 'Sign' && body['KeyId'] === 'alias/first' ? 'drop' : undefined);
    expect(await sign(there, {}, '--no-sidecars')).toMatchObject({ status: 0, stderr: /trying what the signer has next/ });
    expect(recordsOf(there)).toMatchObject([
      { event: 'intent', attempt: 1 },
      { event: 'result', outcome: 'failed', error: { code: 'unreachable' } },
      { event: 'intent', attempt: 2, unreached: [{ reference: at('first') }] },
      { event: 'result', outcome: 'signed' },
    ]);
    expect(await there.run(['verify'])).toMatchObject({ status: 0 });
    there.remove();
  });

  test('does not sign with it where the first was refused', async () => {
    const there = await project([
      [at('first'), 'first'],
      [at('second'), 'second'],
    ]);
    kms.fault = ({ body }) =>
      body['KeyId'] === 'alias/first'
        ? { status: 400, type: 'AccessDeniedException', message: 'User: arn:aws:iam::1:role/ci is not authorized' }
        : undefined;
    const { status, stderr } = await sign(there);
    expect([status, stderr]).toEqual([2, expect.stringContaining('kms:GetPublicKey')]);
    expect(kms.requests.some(({ body }) => body['KeyId'] === 'alias/second')).toBe(false);
    expect(there.evidence().size).toBe(0);
    there.remove();
  });

  test('does not sign with it where the first refused one signature and broke off at another', async () => {
    const there = await project([
      [at('first'), 'first'],
      [at('second'), 'second'],
    ]);
    const refusal = { status: 400, type: 'AccessDeniedException', message: 'User: arn:aws:iam::1:role/ci is not authorized' };
    let signs = 0;
    // The part is signed; of the files beside, which are signed at once, one is refused, the other breaks off.
    kms.fault = ({ action, body }) =>
      action === 'Sign' && body['KeyId'] === 'alias/first' ? [undefined, refusal, 'drop' as const][signs++] : undefined;
    expect(await sign(there)).toMatchObject({ status: 2, stderr: /kms:Sign/ });
    expect(kms.requests.some(({ body }) => body['KeyId'] === 'alias/second')).toBe(false);
    expect(there.files('dist')).toEqual(['a.bin', 'b.bin']);
    there.remove();
  });

  test('writes nothing where none can be reached, and the log says why', async () => {
    const there = await project([
      [NOWHERE, 'first'],
      [NOWHERE.replace('first', 'second'), 'second'],
    ]);
    const { status, stderr } = await sign(there);
    expect([status, stderr]).toEqual([3, expect.stringContaining('signer release could not be reached')]);
    expect(there.evidence().size).toBe(0);
    expect(there.files('dist')).toEqual(['a.bin', 'b.bin']);
    const [record, ...others] = recordsOf(there);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      event: 'refusal',
      outcome: 'failed',
      artifacts: [
        { name: 'dist/a.bin', tier: 'production', digest: /^sha256:/ },
        { name: 'dist/b.bin', tier: 'production' },
      ],
      decision: { reasons: [expect.stringContaining(NOWHERE)] },
    });
    there.remove();
  });
});

test('the log’s own key stays in a KMS too: jobs append without it, and who orders the records asks for it', async () => {
  const there = await project();
  const verifier = (await there.run(['audit', 'key', 'trust/second.pub', '--name', 'log.example/kms'])).stdout.trim();
  const log = `audit: { log: log, persistent: true, key: "${at('second')}", verifier-keys: ["${verifier}"] }`;
  there.write('signwright.yaml', there.read('signwright.yaml').replace(/^audit: .*$/m, log));
  expect(await sign(there)).toMatchObject({ status: 0 });
  expect(await there.run(['verify'])).toMatchObject({ status: 3 });
  expect(kms.requests.some(({ body }) => body['KeyId'] === 'alias/second')).toBe(false);
  const ordered = await there.run(['audit', 'sequence'], { env: JOB });
  expect(ordered, ordered.stderr).toMatchObject({ status: 0, stdout: /in order: 4 records/ });
  expect(await there.run(['wait'])).toMatchObject({ status: 0 });
  expect(await there.run(['verify'])).toMatchObject({ status: 0 });
  expect(await there.run(['audit', 'verify'])).toMatchObject({ status: 0 });
  there.remove();
});

test('doctor and signer rotate ask no key in a merge request, whose author writes the policy', async () => {
  const env = { ...JOB, CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: '3' };
  const doctor = await here.run(['doctor'], { env });
  expect(doctor.stdout).toMatch(/^skip {2}signer release, awskms:.*may plan and never sign$/m);
  expect(await here.run(['signer', 'rotate', 'release'], { env })).toMatchObject({
    status: 1,
    stderr: /a merge-request pipeline/,
  });
  expect(kms.requests).toEqual([]);
});

test('signer rotate believes no file that is there, writes through no link, and quotes what it drafts', async () => {
  kms.setAlias('alias/first', kms.addKey(KEYS.second));
  const rotate = () => here.run(['signer', 'rotate', 'release'], { env: JOB });
  const drafted = await rotate();
  const path = /public-key: (trust\/release-[0-9a-f]+\.pub)/.exec(drafted.stdout)?.[1] ?? '';
  here.write(path, testKeys('p256', 'of an attacker').publicKey.export({ type: 'spki', format: 'pem' }));
  expect(await rotate()).toMatchObject({ status: 2, stderr: /another key in the file/ });
  renameSync(here.path('trust'), here.path('keys-elsewhere'));
  symlinkSync(here.path('keys-elsewhere'), here.path('trust'));
  rmSync(here.path(path), { force: true });
  expect(await rotate()).toMatchObject({ status: 2, stderr: /leads out of the policy's directory/ });
});

describe('whatever a signer signs with', () => {
  const keyFile = async (workloads: string): Promise<Workspace> => {
    const there = await project([['key.pem', 'first']]);
    there.write('key.pem', KEYS.first.privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    there.write('signwright.yaml', there.read('signwright.yaml').replace(', workloads: [ci] }', `${workloads} }`));
    return there;
  };
  const mergeRequest = { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: '3' };

  test('workloads that the policy names for it are kept to, a key file’s too', async () => {
    const there = await keyFile(', workloads: [ci]');
    expect(await there.run(['sign'])).toMatchObject({ status: 1, stderr: /not for runs outside a CI/ });
    expect(await sign(there, { CI_COMMIT_BRANCH: 'feature' })).toMatchObject({
      status: 1,
      stderr: /ref is refs\/heads\/feature/,
    });
    expect(await sign(there)).toMatchObject({ status: 0 });
    there.remove();
  });

  test('a merge request signs nothing', async () => {
    const there = await keyFile('');
    expect(await sign(there, mergeRequest)).toMatchObject({ status: 1, stderr: /may plan and never sign/ });
    expect(await there.run(['sign'])).toMatchObject({ status: 0 });
    there.remove();
  });
});

test('signer public-key prints or writes the key there is, before any policy pins it', async () => {
  const there = await createWorkspace({ trial: false });
  const pem = KEYS.first.publicKey.export({ type: 'spki', format: 'pem' });
  expect(await there.run(['signer', 'public-key', at('first')], { env: JOB })).toMatchObject({ status: 0, stdout: pem });
  const write = ['signer', 'public-key', at('first'), '--out', 'trust/release.pub'];
  expect(await there.run(write, { env: JOB })).toMatchObject({ status: 0 });
  expect(there.read('trust/release.pub')).toBe(pem);
  expect(await there.run(write, { env: JOB })).toMatchObject({ status: 0 });
  expect(
    await there.run(
      write.map((one) => (one === at('first') ? at('second') : one)),
      { env: JOB },
    ),
  ).toMatchObject({ status: 2 });
  expect(there.read('trust/release.pub')).toBe(pem);
  there.remove();
});

test('signer rotate leads from certificates to a key, and doctor is content while both keys of a rotation count', async () => {
  const policy = here.read('signwright.yaml');
  here.write('signwright.yaml', policy.replace(/keys: \[.*?\]/, 'certificate: { trial: .signwright/trial }'));
  const first = await here.run(['signer', 'rotate', 'release', '--to', at('first')], { env: JOB });
  expect(first.stdout).toMatch(/\[ \{ ref: "?awskms:.*first"?, public-key: trust\/release-[0-9a-f]{8}\.pub \} \]/);
  expect(await here.run(['signer', 'rotate', 'release'], { env: JOB })).toMatchObject({ status: 2, stderr: /--to REFERENCE/ });
  here.write('signwright.yaml', policy);
  kms.setAlias('alias/first', kms.addKey(KEYS.second));
  expect(await here.run(['signer', 'rotate', 'release', '--write'], { env: JOB })).toMatchObject({ status: 0 });
  const doctor = await here.run(['doctor'], { env: JOB });
  expect(doctor, doctor.stdout).toMatchObject({ status: 0, stdout: /^skip {2}signer release.*another of its keys is behind/m });
});

test('a signer with a trial certificate and a key in a KMS is for pipelines all the same', async () => {
  const policy = here
    .read('signwright.yaml')
    .replace('release: { keys:', 'release: { certificate: { trial: .signwright/trial }, keys:');
  here.write('signwright.yaml', policy);
  expect(await here.run(['sign'])).toMatchObject({ status: 1, stderr: /not for runs outside a CI/ });
});

test('doctor tries each key of each signer, and says what it found', async () => {
  const there = await project([
    [at('first'), 'first'],
    [NOWHERE.replace('first', 'second'), 'second'],
  ]);
  const { status, stdout } = await there.run(['doctor'], { env: JOB });
  expect(status).toBe(2);
  expect(stdout).toMatch(/^ok {4}pipeline: GitLab CI\/CD, https:\/\/gitlab\.acme\.example\/acme\/app at refs\/heads\/main$/m);
  expect(stdout).toMatch(
    /^ok {4}signer release, awskms:.*first: reached and permitted: opened in \d+ ms, signed in \d+ ms; ecdsa-p256-sha256, key /m,
  );
  expect(stdout).toMatch(/^FAIL {2}signer release, awskms:\/\/127\.0\.0\.1:9\/alias\/second: /m);
  there.remove();
});

test('no secret of the job is an argument of any process it starts', async () => {
  kms.latencyMs = 300;
  const running = here.start(['sign'], { env: JOB });
  const seen = new Set<string>();
  while (running.process.exitCode === null) {
    for (const pid of processesUnder(running.process.pid as number)) seen.add(argumentsOf(pid));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await running.finished).toMatchObject({ status: 0 });
  expect([...seen].join('\n')).toContain('sign');
  for (const secret of Object.values(SECRETS)) expect([...seen].join('\n')).not.toContain(secret);
});

test('no secret of the job shows anywhere: output, errors, evidence, log, files', async () => {
  const runs = [await sign(here), await here.run(['verify'], { env: JOB }), await here.run(['doctor'], { env: JOB })];
  kms.fault = () => ({ status: 400, type: 'ExpiredTokenException', message: `the token ${SECRETS.session} is expired` });
  here.write('dist/c.bin', 'c');
  runs.push(await sign(here), await here.run(['doctor'], { env: JOB }));
  const said = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const kept = ['dist', 'log', '.signwright/evidence', 'trust'].flatMap((directory) =>
    here.files(directory).map((name) => here.read(`${directory}/${name}`)),
  );
  for (const secret of Object.values(SECRETS)) {
    expect(said).not.toContain(secret);
    expect(kept.join('\n')).not.toContain(secret);
  }
});
