import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** A project with a log and two witnesses, of which one must cosign. */
async function project(): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  made.push(here);
  const keyOf = async (...args: string[]): Promise<string> =>
    /"(\S+\+[0-9a-f]{8}\+\S+)"/.exec((await here.run(['audit', 'init', ...args])).stdout)?.[1] ?? '';
  const log = await keyOf('--name', 'log.example/watched', '--key', 'keys/log.pem');
  const one = await keyOf('--name', 'one.example', '--key', 'keys/one.pem', '--witness');
  const two = await keyOf('--name', 'two.example', '--key', 'keys/two.pem', '--witness');
  const witnesses = `witnesses: [{ name: one.example, key: "${one}" }, { name: two.example, key: "${two}" }], witness-count: 1`;
  const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${log}"], ${witnesses} }\n`;
  here.write(
    'signwright.yaml',
    trialPolicy('  - { match: "dist/**", tier: recorded }', `  recorded: { extends: internal, audit: required }\n${audit}`),
  );
  return here;
}

const WITNESS = ['audit', 'witness', '--name', 'one.example', '--key', 'keys/one.pem', '--state', 'state'];

/** Puts the log back to what it was. */
function rollBack(here: Workspace, to: string): void {
  rmSync(here.path('log'), { recursive: true });
  renameSync(here.path(to), here.path('log'));
}

describe.concurrent('a log that is watched', () => {
  test('proves nothing before a witness has cosigned, and everything after', async () => {
    const here = await project();
    expect(await here.run(['sign'])).toMatchObject({ status: 0, stderr: /not proven yet/ });
    const before = await here.run(['verify']);
    expect(before.status).toBe(3);
    expect(await here.run(WITNESS)).toMatchObject({
      status: 0,
      stdout: /cosigned log\.example\/watched at \d records, the first/,
    });
    expect(await here.run(['wait'])).toMatchObject({ status: 0, stdout: /proven: 1/ });
    const after = await here.run(['verify']);
    expect(after.stdout).toContain('cosigned by one.example');
    expect(after.status).toBe(0);
  });

  test('that is rolled back raises an alarm, and both checkpoints are kept as evidence', async () => {
    const here = await project();
    await here.run(['sign', '--no-sidecars']);
    for (const name of here.files('log')) here.write(`before/${name}`, readFileSync(here.path(`log/${name}`)));
    here.write('dist/b.bin', 'b');
    await here.run(['sign', '--no-sidecars']);
    expect(await here.run(WITNESS)).toMatchObject({ status: 0 });
    rollBack(here, 'before');
    const alarm = await here.run(WITNESS);
    expect(alarm).toMatchObject({ status: 1, stderr: /ALARM rollback: / });
    expect(here.files('state').filter((name) => name.startsWith('alarm-'))).toHaveLength(2);
    const misspelt = WITNESS.map((word) => (word === 'one.example' ? 'won.example' : word));
    expect(await here.run(misspelt)).toMatchObject({ status: 2, stderr: /the policy lists no witness won\.example/ });
    expect(await here.run(['audit', 'verify'])).toMatchObject({
      status: 0,
      stdout: /held against nothing that was kept elsewhere/,
    });
    const audited = await here.run(['audit', 'verify', '--since', 'state/last-seen.checkpoint']);
    expect(audited).toMatchObject({ status: 1, stdout: /DAMAGED rollback/ });
  });

  test('whose bytes are changed is found by audit verify, which names the place', async () => {
    const here = await project();
    await here.run(['sign', '--no-sidecars']);
    expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 0, stdout: /the log is as it was written/ });
    const [segment = ''] = readdirSync(here.path('log/segments'));
    const bytes = readFileSync(here.path(`log/segments/${segment}`));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    here.write(`log/segments/${segment}`, bytes);
    const audited = await here.run(['audit', 'verify', '--output', 'json']);
    expect(audited.status).toBe(1);
    expect(JSON.parse(audited.stdout)).toMatchObject({
      sound: false,
      findings: expect.arrayContaining([expect.objectContaining({ severity: 'damage', place: `segments/${segment}` })]),
    });
  });

  test('gives a proof of any record, which is checked offline and refused when it is changed', async () => {
    const here = await project();
    await here.run(['sign', '--no-sidecars']);
    expect(await here.run(['audit', 'prove', '1', '--out', 'one.proof'])).toMatchObject({ status: 0 });
    const key = /verifier-keys: \["(.+?)"\]/.exec(here.read('signwright.yaml'))?.[1] ?? '';
    here.write('elsewhere/one.proof', here.read('one.proof'));
    rmSync(here.path('log'), { recursive: true });
    const outsider = await here.run([
      'audit',
      'prove',
      '--check',
      'elsewhere/one.proof',
      '--verifier-key',
      key,
      '--policy',
      'none.yaml',
    ]);
    expect(outsider).toMatchObject({ status: 0, stdout: /^proven: record 1 of 2/ });
    const checked = await here.run(['audit', 'prove', '--check', 'one.proof']);
    expect(checked).toMatchObject({
      status: 3,
      stdout: /not witnessed enough: record 1 of 2 in log\.example\/watched[\s\S]*"event":"result"/,
    });
    here.write('one.proof', here.read('one.proof').replace('\nindex 1\n', '\nindex 0\n'));
    expect(await here.run(['audit', 'prove', '--check', 'one.proof'])).toMatchObject({ status: 1, stderr: /does not lead from/ });
    expect(await here.run(['audit', 'prove', '9'])).toMatchObject({
      status: 2,
      stderr: /the log has no record 9|no audit log|nothing yet/,
    });
  });
});
