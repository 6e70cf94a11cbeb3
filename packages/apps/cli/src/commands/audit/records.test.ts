import { cpSync, rmSync } from 'node:fs';
import { createEvidenceStore } from '@signwright/evidence';
import { readRecord, type Sha256, sha256, writeReceipt } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

const TIERS = '  recorded: { extends: internal, audit: required }\n  noted: { extends: internal, audit: best-effort }\n';
const RULES =
  '  - { match: "dist/**", tier: recorded }\n  - { match: "noted/**", tier: noted }\n  - { match: "out/**", sign: never }';

/** A project whose tiers ask for records, with a log beside it. */
async function project(audit = ''): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  made.push(here);
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  here.write(
    'signwright.yaml',
    trialPolicy(RULES, `${TIERS}audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"]${audit} }\n`),
  );
  return here;
}

/** Hides the log's key, as it is hidden from jobs; returns a function that brings it back. */
function withoutKey(here: Workspace): () => void {
  const key = here.read('keys/log.pem');
  const policy = here.read('signwright.yaml');
  here.write('signwright.yaml', policy.replace('key: keys/log.pem, ', 'key: elsewhere/log.pem, '));
  return () => {
    here.write('elsewhere/log.pem', key, 0o600);
  };
}

describe.concurrent('a tier that requires records', () => {
  test('signs only with an intent and a result in the log, and verifies by their proof, offline', async () => {
    const here = await project();
    const sign = await here.run(['sign']);
    expect(sign).toMatchObject({ status: 0 });
    expect(sign.stderr).toMatch(/build: signed 2, evidence sha256:[0-9a-f]{64}, record sha256:[0-9a-f]{64}/);
    const listed = await here.run(['audit', 'list', '--output', 'json']);
    expect(listed).toMatchObject({ status: 0 });
    here.write('log/head@/moved', '');
    const verify = await here.run(['verify', '--output', 'json']);
    expect(verify).toMatchObject({ status: 0 });
    const { verdicts } = JSON.parse(verify.stdout) as { verdicts: { outcomes: { requirement: string; code: string }[] }[] };
    for (const { outcomes } of verdicts)
      expect(outcomes.map(({ code }) => code)).toEqual(['record-proven', 'signature-verified']);
  });

  test('refuses what was signed without a record, and signing again records it', async () => {
    const here = await project();
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replaceAll('tier: recorded', 'tier: internal'));
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    here.write('signwright.yaml', policy);
    const outside = await here.run(['verify']);
    expect(outside.status).toBe(1);
    expect(outside.stdout).toContain('has no record here that log.example/test proves: it was made outside');
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('without the key of the log it appends; nothing is decided until the records are in order, and then it is', async () => {
    const here = await project();
    const bringKey = withoutKey(here);
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    const before = await here.run(['verify']);
    expect(before.status).toBe(3);
    expect(before.stdout).toContain('the record is written and not proven yet');
    expect(before.stdout).toContain('signwright wait dist/a.bin');
    const early = await here.run(['wait', '--timeout', '1s', '--every', '1s']);
    expect(early).toMatchObject({ status: 3, stderr: /still waiting for 1 record: .*audit sequence/ });
    expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 2, stderr: /elsewhere\/log\.pem/ });
    bringKey();
    expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 0, stdout: /in order: \d+ records of 2 segments/ });
    expect(await here.run(['wait'])).toMatchObject({ status: 0, stdout: /proven: 1/ });
    expect(await here.run(['wait'])).toMatchObject({ status: 0, stdout: /nothing to wait for/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('refuses a directory as its log in CI, unless the policy says that it lasts', async () => {
    const here = await project();
    const ci = { env: { CI: 'true' } };
    const refused = await here.run(['sign'], ci);
    expect(refused).toMatchObject({ status: 2, stderr: /a CI job's machine may be thrown away[\s\S]*audit\.persistent/ });
    expect(here.files('log')).toEqual([]);
    const lasting = await project(', persistent: true');
    expect(await lasting.run(['sign'], ci)).toMatchObject({ status: 0 });
  });

  test('signs nothing where the log cannot be written', async () => {
    const here = await project();
    here.write('log', 'a file in the place of the log');
    const refused = await here.run(['sign']);
    expect(refused.status).toBe(3);
    expect(here.evidence().size).toBe(0);
    expect(here.files('dist')).toEqual(['a.bin', 'b.bin']);
  });
});

describe.concurrent('a tier with best-effort records', () => {
  test('goes on without them where the log cannot be written, and says so', async () => {
    const here = await project();
    here.write('noted/c.bin', 'c');
    here.write('log', 'a file in the place of the log');
    const sign = await here.run(['sign', 'noted']);
    expect(sign).toMatchObject({
      status: 0,
      stderr: /not recorded, as the policy asks for records only where the log can be reached/,
    });
    expect(await here.run(['verify', 'noted'])).toMatchObject({ status: 0 });
  });
});

test('what the policy refuses is recorded with its reasons', async () => {
  const here = await project();
  here.write('out/secret.map', 'x');
  expect(await here.run(['sign', 'out/secret.map'])).toMatchObject({ status: 1 });
  const records = here
    .files('log/segments')
    .map((name) => JSON.parse(here.read(`log/segments/${name}`)) as { dsseEnvelope: { payload: string } })
    .map(({ dsseEnvelope }) => readRecord(Buffer.from(dsseEnvelope.payload, 'base64').subarray(2)).record);
  expect(records).toMatchObject([
    { event: 'refusal', outcome: 'refused', artifacts: [{ name: 'out/secret.map' }], decision: { result: 'deny' } },
  ]);
  expect(JSON.stringify(records)).toContain('never to be signed');
});

test('a request that no signer can sign is recorded as failed, and nothing else is', async () => {
  const here = await project();
  here.write(
    'signwright.yaml',
    here.read('signwright.yaml').replaceAll('trial: .signwright/trial }, workloads', 'trial: .signwright/none }, workloads'),
  );
  expect(await here.run(['sign'])).toMatchObject({ status: 2 });
  const records = here
    .files('log/segments')
    .map((name) => JSON.parse(here.read(`log/segments/${name}`)) as { dsseEnvelope: { payload: string } })
    .map(({ dsseEnvelope }) => readRecord(Buffer.from(dsseEnvelope.payload, 'base64').subarray(2)).record);
  expect(records).toMatchObject([
    {
      event: 'refusal',
      outcome: 'failed',
      artifacts: [{ name: 'dist/a.bin' }, { name: 'dist/b.bin' }],
      decision: { result: 'inconclusive' },
    },
  ]);
  expect(JSON.stringify(records)).toContain('no trial trust domain');
  const listed = await here.run(['audit', 'search', '--outcome', 'failed', '--output', 'json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ requests: [{ outcome: 'failed' }] });
});

test('a retry after a failure is linked to the attempt before, and both failures are told', async () => {
  const here = await project();
  const policy = here.read('signwright.yaml');
  here.write(
    'signwright.yaml',
    policy.replace('timestamp: { trial: .signwright/trial }', 'timestamp: { urls: ["http://127.0.0.1:9/"] }'),
  );
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 3 });
  here.write('signwright.yaml', policy);
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
  const records = here
    .files('log/segments')
    .map((name) => JSON.parse(here.read(`log/segments/${name}`)) as { dsseEnvelope: { payload: string } })
    .map(({ dsseEnvelope }) => readRecord(Buffer.from(dsseEnvelope.payload, 'base64').subarray(2)));
  const [intent, failed, retry, signed] = records;
  expect(records.map(({ record }) => record)).toMatchObject([
    { event: 'intent', attempt: 1 },
    { event: 'result', outcome: 'failed', intents: [intent?.id], error: { code: 'unreachable' } },
    { event: 'intent', attempt: 2, previous: intent?.id },
    { event: 'result', outcome: 'signed', intents: [retry?.id] },
  ]);
  expect([failed?.id, signed?.id]).not.toContain(undefined);
});

test('the key of the log is changed with an overlap: what was proven stays proven, and the log goes on; without the old key nothing is', async () => {
  const here = await project();
  expect(await here.run(['sign', 'dist/a.bin'])).toMatchObject({ status: 0 });
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/new.pem']);
  const fresh = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1] ?? '';
  const policy = here.read('signwright.yaml').replace('key: keys/log.pem', 'key: keys/new.pem');
  const old = /verifier-keys: \["(.+)"\]/.exec(policy)?.[1] ?? '';
  here.write('signwright.yaml', policy.replace(`["${old}"]`, `["${fresh}"]`));
  const forgotten = await here.run(['verify', 'dist/a.bin']);
  expect(forgotten.status).toBe(1);
  expect(forgotten.stdout).toContain('bad-proof');
  expect(await here.run(['sign', 'dist/b.bin'])).toMatchObject({ status: 1, stderr: /is signed by .*; expected was / });
  here.write('signwright.yaml', policy.replace(`["${old}"]`, `["${fresh}", "${old}"]`));
  expect(await here.run(['sign', 'dist/b.bin'])).toMatchObject({ status: 0 });
  expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 0 });
  expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 0, stdout: /the log is as it was written/ });
});

test('a log of another name in the same place is refused, and both names are told', async () => {
  const here = await project();
  expect(await here.run(['sign', 'dist/a.bin'])).toMatchObject({ status: 0 });
  const other = await project();
  const key = /verifier-keys: \["(.+)"\]/.exec(
    (await other.run(['audit', 'init', '--name', 'log.example/other', '--key', 'keys/other.pem'])).stdout,
  );
  here.write('keys/log.pem', other.read('keys/other.pem'), 0o600);
  here.write(
    'signwright.yaml',
    here.read('signwright.yaml').replace(/verifier-keys: \["[^"]+"\]/, `verifier-keys: ["${key?.[1]}"]`),
  );
  for (const args of [
    ['sign', 'dist/b.bin'],
    ['audit', 'verify'],
    ['audit', 'list'],
  ]) {
    const refused = await here.run(args);
    expect(refused.status, args.join(' ')).toBe(1);
    expect(refused.stderr + refused.stdout).toMatch(
      /log\.example\/test[\s\S]*log\.example\/other|log\.example\/other[\s\S]*log\.example\/test/,
    );
  }
});

test('no e-mail address gets into the log, though the CI and the machine have some', async () => {
  const here = await project(', persistent: true');
  const env = { GITLAB_CI: 'true', GITLAB_USER_ID: 'someone@mail.example', CI_JOB_URL: 'https://gitlab.example/-/jobs/1' };
  expect(await here.run(['sign'], { env })).toMatchObject({ status: 0 });
  const shown = await here.run(['audit', 'show', '0']);
  expect(shown.stdout).toContain('gitlab:(e-mail)');
  expect(shown.stdout).not.toContain('someone');
});

test('names with control characters are recorded as they are, and obeyed by no terminal', async () => {
  const here = await project();
  const name = 'out/\u001b[31mred\u0007';
  here.write(name, 'x');
  expect((await here.run(['sign', name])).status).not.toBe(0);
  const list = await here.run(['audit', 'list']);
  expect(list.stdout).not.toMatch(/\u001b|\u0007/);
});

test('secrets in the job’s URL and e-mail addresses in branches and claims do not get into records', async () => {
  const here = await project(', persistent: true');
  const env = { JENKINS_URL: 'https://ci.example/', BUILD_URL: 'https://admin:s3cr3tpass@ci.example/job/7/?token=abc123#frag' };
  expect(await here.run(['sign'], { env })).toMatchObject({ status: 0 });
  const shown = await here.run(['audit', 'show', '0']);
  expect(shown.stdout).toContain('"https://ci.example/job/7/"');
  expect(shown.stdout).not.toMatch(/s3cr3tpass|abc123|frag/);
});

test('receipts that somebody made up keep the genuine record from nothing', async () => {
  const here = await project();
  const bringKey = withoutKey(here);
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
  const [bundle = ''] = here.evidence().keys();
  const part: Sha256 = `sha256:${bundle}`;
  const store = createEvidenceStore(createDirectoryStore(here.path('.signwright/evidence')));
  for (let place = 1; place < 8; place++) {
    const receipt = { origin: 'log.example/test', record: sha256(`${place}`), segment: place % 3, place, evidence: part };
    await store.put(writeReceipt(receipt), [part]);
  }
  bringKey();
  expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 0 });
  expect(await here.run(['wait', '--timeout', '5s', '--every', '1s'])).toMatchObject({ status: 0, stdout: /proven: 1/ });
  expect(await here.run(['verify'])).toMatchObject({ status: 0 });
});

test('a made-up receipt of a signature made outside does not keep it from being signed anew', async () => {
  const here = await project();
  const policy = here.read('signwright.yaml');
  here.write('signwright.yaml', policy.replaceAll('tier: recorded', 'tier: internal'));
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
  here.write('signwright.yaml', policy);
  const [bundle = ''] = here.evidence().keys();
  const store = createEvidenceStore(createDirectoryStore(here.path('.signwright/evidence')));
  const part: Sha256 = `sha256:${bundle}`;
  await store.put(writeReceipt({ origin: 'log.example/test', record: sha256('x'), segment: 0, place: 0, evidence: part }), [
    part,
  ]);
  expect((await here.run(['verify'])).status).not.toBe(0);
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0, stderr: /build: signed 2/ });
  expect(await here.run(['verify'])).toMatchObject({ status: 0 });
});

test('a log that is not there is not "as it was written"', async () => {
  const here = await project();
  for (const args of [
    ['audit', 'verify'],
    ['audit', 'list'],
    ['audit', 'export'],
  ])
    expect(await here.run(args), args.join(' ')).toMatchObject({
      status: 3,
      stderr: /there is no log at .*: nothing was ever written there/,
    });
});

test('a signer that is not trusted any more stops nobody from recording, ordering and proving', async () => {
  const here = await project();
  const bringKey = withoutKey(here);
  expect(await here.run(['sign', 'dist/a.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  bringKey();
  expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 0 });
  const policy = here.read('signwright.yaml');
  const renamed = policy.replaceAll('build', 'later').replace('acme/*"', 'acme/*", ref: refs/heads/main');
  here.write('signwright.yaml', renamed.replace('ref: refs/heads/main', 'ref: refs/tags/*'));
  here.write(
    '.signwright/trial/identity.json',
    here.read('.signwright/trial/identity.json').replace('refs/heads/main', 'refs/tags/v1'),
  );
  expect(await here.run(['sign', 'dist/b.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  expect(await here.run(['verify', 'dist/b.bin'])).toMatchObject({ status: 0 });
  expect(await here.run(['audit', 'verify'])).toMatchObject({
    status: 0,
    stdout: /unknown-writer.*who signed it is not trusted any more/,
  });
  here.write('signwright.yaml', policy);
  expect(await here.run(['wait', 'dist/a.bin'])).toMatchObject({ status: 0 });
  expect(await here.run(['verify', 'dist/a.bin'])).toMatchObject({ status: 0 });
});

test('who orders the records remembers what there was, and signs no shorter history on top of a store that was rolled back', async () => {
  const here = await project();
  expect(await here.run(['sign', 'dist/a.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  const sequence = ['audit', 'sequence', '--state', 'state'];
  expect(await here.run(sequence)).toMatchObject({ status: 0, stderr: /state is empty: .* is not checked/ });
  cpSync(here.path('log'), here.path('earlier'), { recursive: true });
  expect(await here.run(['sign', 'dist/b.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  expect(await here.run(sequence)).toMatchObject({ status: 0, stderr: '' });
  const whole = here.path('whole');
  cpSync(here.path('log'), whole, { recursive: true });
  for (const other of ['earlier', 'nothing']) {
    rmSync(here.path('log'), { recursive: true });
    if (other === 'earlier') cpSync(here.path(other), here.path('log'), { recursive: true });
    expect(await here.run(sequence)).toMatchObject({ status: 1, stderr: /the log has \d records, and it had 4/ });
  }
  cpSync(whole, here.path('log'), { recursive: true });
  expect(await here.run(sequence)).toMatchObject({ status: 0 });
});
