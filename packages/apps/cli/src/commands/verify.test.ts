import { copyFileSync, mkdirSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const POLICY = trialPolicy('  - { match: "dist/*.map", sign: never }\n  - { match: "dist/**", tier: internal }').replace(
  'version: 1\n',
  'version: 1\nname: acme\nserial: 3\n',
);

let here: Workspace;
let pins: { policy: string; root: string };
beforeAll(async () => {
  here = await createWorkspace({ policy: POLICY, files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  const sign = await here.run(['sign', '--no-sidecars']);
  expect(sign.status).toBe(0);
  const { stdout } = await here.run(['policy', 'check']);
  pins = { policy: digestIn(stdout, 'policy digest'), root: digestIn(stdout, 'trust root') };
  here.write('changed/dist/a.bin', 'A');
  here.write('dist/late.map', 'map');
  mkdirSync(here.path('moved'));
  copyFileSync(here.path('dist/a.bin'), here.path('moved/renamed.bin'));
});
afterAll(() => here.remove());

function digestIn(text: string, after: string): string {
  return new RegExp(`${after} sha256:([0-9a-f]{64})`).exec(text)?.[1] ?? '';
}

describe.concurrent('signwright verify', () => {
  test('allows what was signed, says what it rests on and that nothing anchors it', async () => {
    const { status, stdout, stderr } = await here.run(['verify', 'dist/a.bin', 'dist/b.bin']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('2 artifacts: 2 allow');
    expect(stdout).toMatch(
      /signature:build {2}met: .*\n +signed by https:\S+ at 20\S+Z, as .* attests, evidence sha256:[0-9a-f]{12}…\n/,
    );
    expect(stdout).toContain('development: true');
    expect(stdout).toContain('not anchored');
  });

  test('denies a file whose bytes changed, and says which command would sign it', async () => {
    const tampered = await here.run(['verify', 'changed/dist/a.bin', '--name', 'dist/a.bin']);
    expect(tampered.status).toBe(1);
    expect(tampered.stdout).toContain('no-signature');
    expect(tampered.stdout).toContain('signwright sign dist/a.bin');
  });

  test('denies what the policy does not list, and what it says is never signed', async () => {
    const unlisted = await here.run(['verify', 'moved/renamed.bin']);
    expect(unlisted.status).toBe(1);
    expect(unlisted.stdout).toContain('unlisted');
    expect(unlisted.stdout).toContain('--name');
    const never = await here.run(['verify', 'dist/late.map']);
    expect(never.status).toBe(1);
    expect(never.stdout).toContain('never-sign');
  });

  test('allows a file that was moved, by the name the policy knows it by', async () => {
    expect(await here.run(['verify', 'moved/renamed.bin', '--name', 'dist/a.bin'])).toMatchObject({ status: 0 });
    const other = await here.run(['verify', 'moved/renamed.bin', '--name', 'dist/late.map']);
    expect(other.status).toBe(1);
  });

  test('says that there is no evidence directory where there is none: that is not the same as unsigned', async () => {
    const { status, stdout } = await here.run(['verify', 'dist/a.bin', '--evidence', 'nowhere']);
    expect(status).toBe(3);
    expect(stdout).toContain('evidence-unreachable');
    expect(stdout).toContain('there is no evidence directory nowhere');
    expect(here.has('nowhere')).toBe(false);
    expect(await here.run(['verify', 'dist/a.bin', '--evidence', 'nowhere', '--quiet'])).toMatchObject({ status: 3, stderr: '' });
  });

  test('--at judges as of a time: before the signature there was none, later it holds', async () => {
    const before = await here.run(['verify', 'dist/a.bin', '--at', '2020-01-01']);
    expect(before.status).toBe(1);
    expect(before.stdout).toContain('after-moment');
    const later = await here.run(['verify', 'dist/a.bin', '--at', '2031-05-06T07:08:09+02:00', '--output', 'json']);
    expect(later.status).toBe(0);
    expect(later.stdout).toContain('"at": "2031-05-06T05:08:09.000Z"');
    for (const time of ['yesterday', '2026-13-01', '1', '2026-01-01T00:00'])
      expect(await here.run(['verify', 'dist/a.bin', '--at', time]), time).toMatchObject({ status: 2, stdout: '' });
  });

  test('denies a trial signature where the environment does not allow development', async () => {
    const { status, stdout } = await here.run(['verify', 'dist/a.bin', '--environment', 'production']);
    expect(status).toBe(1);
    expect(stdout).toContain('development-not-allowed');
    expect(stdout).toContain('which the environment production does not allow');
  });

  test('refuses paths that are missing or outside, before it judges anything', async () => {
    for (const path of ['dist/no.bin', '../elsewhere.bin']) {
      const { status, stdout, stderr } = await here.run(['verify', 'dist/a.bin', path]);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`error: ${path}`);
    }
  });
});

describe.concurrent('an anchor', () => {
  const anchored = async (anchor: string): ReturnType<Workspace['run']> => {
    const name = `anchors/${anchor.replaceAll(/[^a-z0-9]/g, '-').slice(0, 150)}.yaml`;
    here.write(name, anchor);
    return here.run(['verify', 'dist/a.bin', '--anchor', name, '--output', 'json']);
  };

  test('that pins this policy makes the verdict anchored', async () => {
    const anchor = `{ name: acme, policy-sha256: ${pins.policy}, min-serial: 3, trust-root-sha256: ${pins.root} }`;
    const { status, stdout } = await anchored(anchor);
    expect(status).toBe(0);
    expect(stdout).toContain('"anchored": true');
    here.write('pins.yaml', anchor);
    const told = await here.run(['verify', 'dist/a.bin', '--anchor', 'pins.yaml']);
    expect(told.stdout).toMatch(/ · anchored by pins\.yaml\n$/);
    const check = await here.run(['policy', 'check', '--anchor', 'pins.yaml']);
    expect(check.stdout).toContain('it is what the anchor says');
  });

  const other = 'a'.repeat(64);
  test.each([
    ['policy digest', () => `{ policy-sha256: ${other} }`, 'the policy digest is'],
    ['name', () => `{ policy-sha256: ${pins.policy}, name: other }`, "the policy's name is acme"],
    [
      'serial',
      () => `{ policy-sha256: ${pins.policy}, min-serial: 4 }`,
      "the policy's serial is 3, and the anchor wants 4 at least",
    ],
    ['trust root', () => `{ policy-sha256: ${pins.policy}, trust-root-sha256: ${other} }`, "the trust root's digest is"],
  ])('that wants another %s stops everything with exit 2', async (_what, anchor, says) => {
    const { status, stdout, stderr } = await anchored(anchor());
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr).toContain('find out who changed the policy');
  });

  test.each([
    ['pins nothing', '{ name: acme }', 'it would pin nothing'],
    ['says by a mere word who signs', '{ signed-by: security }', 'allowed is { issuer, subject }'],
    ['has a key that is none', `{ policy-sha256: ${other}, min-seriall: 4 }`, 'min-serial'],
    ['is no map', 'hello', 'allowed is a map'],
  ])('that %s is refused, naming the place', async (_what, anchor, says) => {
    const { status, stdout, stderr } = await anchored(anchor);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr).toContain('anchor');
    expect(stderr).not.toContain('the policy has');
    expect(stderr).toMatch(/anchors\/.*\.yaml:1:\d+/);
  });

  test('that is missing is no anchor', async () => {
    const { status, stdout } = await here.run(['verify', 'dist/a.bin', '--anchor', 'no-such-anchor.yaml']);
    expect([status, stdout]).toEqual([2, '']);
  });
});
