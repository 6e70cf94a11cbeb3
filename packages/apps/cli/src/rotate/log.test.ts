import { cpSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NAME = 'log.example/rotated';
const WITNESS = ['audit', 'witness', '--name', 'witness.example', '--key', 'keys/witness.pem', '--state', 'witness'];
const at = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();

let here: Workspace;
const keys: Record<string, string> = {};
beforeEach(async () => {
  here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  for (const name of ['old', 'new']) keys[name] = await make(name);
  here.write(
    'signwright.yaml',
    trialPolicy(
      '  - { match: "dist/**", tier: recorded }',
      `  recorded: { extends: internal, audit: required }
audit: { log: log, key: keys/old.pem, verifier-keys: ["${keys['old']}"] }
`,
    ),
  );
});
afterEach(() => here.remove());

async function make(name: string, ...more: string[]): Promise<string> {
  const { stdout } = await here.run([
    'audit',
    'init',
    '--name',
    more.length > 0 ? 'witness.example' : NAME,
    '--key',
    `keys/${name}.pem`,
    ...more,
  ]);
  return /"(\S+\+[0-9a-f]{8}\+\S+)"/.exec(stdout)?.[1] ?? '';
}

/** The new key signs from some milliseconds from now, the old one until some. */
async function rotated(from: number, until: number): Promise<void> {
  const overlap = `${Math.round((until - from) / SECOND)}s`;
  const { status, stderr } = await here.run([
    'audit',
    'rotate',
    '--to',
    'keys/new.pem',
    '--from',
    at(from),
    '--overlap',
    overlap,
    '--write',
  ]);
  expect([status, stderr]).toEqual([0, '']);
}
const sign = (name = 'a'): Promise<{ status: number | null }> => here.run(['sign', '--no-sidecars', `dist/${name}.bin`]);
const verify = (name = 'a') => here.run(['verify', `dist/${name}.bin`]);
/** What the log publishes. */
async function checkpoint(): Promise<string> {
  await here.run(['audit', 'export-tiles', 'public']);
  return here.read('public/checkpoint');
}
const idOf = (name: string): string => keys[name]?.split('+')[1] ?? '';
const signedBy = (name: string) =>
  expect.stringContaining(`— ${NAME} ${Buffer.from(idOf(name), 'hex').toString('base64').slice(0, 5)}`);

describe("the log's key across a rotation", () => {
  test('before it, the old key goes on signing, and the new one is asked for nothing', async () => {
    await rotated(HOUR, 2 * HOUR);
    here.write('keys/new.pem', 'gone');
    expect(await sign()).toMatchObject({ status: 0 });
    expect(await verify()).toMatchObject({ status: 0 });
    await here.run(['audit', 'sequence']);
    expect(await checkpoint()).toEqual(signedBy('old'));
  });

  test('in the overlap what the old key proves holds, and the new one signs: all there is at once, where nothing new is written', async () => {
    expect(await sign()).toMatchObject({ status: 0 });
    await rotated(-HOUR, HOUR);
    expect(await verify()).toMatchObject({ status: 0 });
    expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 0, stdout: /new: 0 records of 0 segments/ });
    expect(await checkpoint()).toEqual(signedBy('new'));
    here.write('keys/old.pem', 'gone');
    expect(await sign('b')).toMatchObject({ status: 0 });
    for (const name of ['a', 'b']) expect(await verify(name)).toMatchObject({ status: 0 });
    expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 0, stdout: /the log is as it was written/ });
  });

  test('after it what was signed before its end is proven by the old key, what was signed later is not', async () => {
    expect(await sign()).toMatchObject({ status: 0 });
    const before = here.read('signwright.yaml');
    await wait(3 * SECOND);
    await rotated(-HOUR, -SECOND);
    expect(await verify()).toMatchObject({ status: 0 });
    here.write('signwright.yaml', before);
    await rotated(-2 * HOUR, -HOUR);
    expect(await verify()).toMatchObject({
      status: 1,
      stdout: /its checkpoint is signed by .* counts until .*, and what it proves was signed at/,
    });
  });

  test('a newest checkpoint by the old key is believed until its end, and five minutes for clocks that differ', async () => {
    expect(await sign()).toMatchObject({ status: 0 });
    const before = here.read('signwright.yaml');
    await rotated(-HOUR, -4 * MINUTE);
    expect(await here.run(['audit', 'list'])).toMatchObject({ status: 0 });
    here.write('signwright.yaml', before);
    await rotated(-HOUR, -6 * MINUTE);
    expect(await here.run(['audit', 'list'])).toMatchObject({ status: 1, stderr: /newest checkpoint of the log is signed by/ });
    expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 1, stdout: /DAMAGED head .*newest checkpoint/ });
  });

  test('whoever comes too late hands over from what was kept, and from nothing else', async () => {
    await sign();
    await here.run(['audit', 'sequence', '--state', 'state']);
    const kept = here.read('state/last-ordered.checkpoint');
    await sign('b');
    const before = here.read('signwright.yaml');
    await rotated(-2 * HOUR, -HOUR);
    const late = () => here.run(['audit', 'sequence', '--state', 'state']);
    expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 1, stderr: /where --state has what was ordered last/ });
    expect(await late()).toMatchObject({ status: 1, stderr: /newest checkpoint/ });
    const after = here.read('signwright.yaml');
    here.write('signwright.yaml', before);
    expect(await late()).toMatchObject({ status: 0 });
    expect(here.read('state/last-ordered.checkpoint')).not.toBe(kept);
    here.write('signwright.yaml', after);
    expect(await late()).toMatchObject({ status: 0 });
    expect(await checkpoint()).toEqual(signedBy('new'));
    expect(await here.run(['audit', 'list'])).toMatchObject({ status: 0 });
  });

  test('what somebody appends with the old key after its end is not taken into the log', async () => {
    await sign();
    await here.run(['audit', 'sequence', '--state', 'state']);
    cpSync(here.path('log'), here.path('before'), { recursive: true });
    // The segments of the second run as if they had been appended now: signed by the old key, and not in order.
    await sign('b');
    for (const name of here.files('log').filter((one) => one.startsWith('segments/') && !here.has(`before/${one}`)))
      cpSync(here.path(`log/${name}`), here.path(`before/${name}`));
    rmSync(here.path('log'), { recursive: true });
    renameSync(here.path('before'), here.path('log'));
    const waiting = await here.run(['audit', 'verify']);
    expect(waiting.stdout).toMatch(/segments wait for their order/);
    await rotated(-2 * HOUR, -HOUR);
    expect(await here.run(['audit', 'sequence', '--state', 'state'])).toMatchObject({
      status: 1,
      stdout: /segment \d was not taken/,
    });
    expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 0 });
  });

  test('witnesses go on, and proofs that were written before still convince', async () => {
    const witness = await make('witness', '--witness');
    const policy = here.read('signwright.yaml');
    here.write(
      'signwright.yaml',
      policy.replace('log: log,', `log: log, witnesses: [{ name: witness.example, key: "${witness}" }],`),
    );
    await sign();
    await here.run(['audit', 'sequence']);
    expect(await here.run(WITNESS)).toMatchObject({ status: 0 });
    expect(await here.run(['wait', 'dist/a.bin', '--timeout', '5s', '--every', '1s'])).toMatchObject({ status: 0 });
    expect(await here.run(['audit', 'prove', '1', '--out', 'proof'])).toMatchObject({ status: 0 });
    await rotated(-HOUR, HOUR);
    await here.run(['audit', 'sequence']);
    expect(await here.run(WITNESS)).toMatchObject({ status: 0 });
    await sign('b');
    await here.run(['audit', 'sequence']);
    expect(await here.run(WITNESS)).toMatchObject({ status: 0 });
    expect(await here.run(['wait', 'dist/b.bin', '--timeout', '5s', '--every', '1s'])).toMatchObject({ status: 0 });
    for (const name of ['a', 'b']) expect(await verify(name)).toMatchObject({ status: 0 });
    expect((await here.run(['audit', 'prove', '--check', 'proof'])).stdout).toMatch(/record 1 of/);
    expect(await here.run(['audit', 'verify'])).toMatchObject({ status: 0 });
  });

  test('is refused for a key that cannot sign notes, one that is there, and where every key has an end', async () => {
    const rotate = (to: string) => here.run(['audit', 'rotate', '--to', to, '--write']);
    expect(await rotate('keys/old.pem')).toMatchObject({ status: 2, stderr: /the same key is listed twice/ });
    expect(await rotate('keys/none.pem')).toMatchObject({ status: 2 });
    await rotated(HOUR, 2 * HOUR);
    here.write('signwright.yaml', here.read('signwright.yaml').replace('from: ', 'until: 2030-01-01, from: '));
    expect(await rotate('keys/old.pem')).toMatchObject({ status: 2, stderr: /has an end already/ });
  });
});
