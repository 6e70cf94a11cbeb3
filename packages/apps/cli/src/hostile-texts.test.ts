import { createWorkspace, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { harmless } from './print-lines.ts';

/** What agents of CI systems take for a command, and what hides or reorders text. */
const HOSTILE = [
  '##vso[task.complete result=Succeeded;]',
  ' ::error title=x::forged',
  'a\u202egnp.exe',
  'b\u009b31m',
  '##[section]x',
];

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({ policy: trialPolicy('  - { match: "dist/**", tier: internal }') });
  for (const name of HOSTILE) here.write(name, '{}');
});
afterAll(() => here.remove());

describe.concurrent('what a command prints beside its result', () => {
  test.each([
    ['a path that is not there', (name: string) => ['verify', `no/${name}`]],
    ['a path alone', (name: string) => ['verify', `${name}/x`]],
    ['a file no rule names', (name: string) => ['sign', name]],
    ['a name that is asked about', (name: string) => ['policy', 'explain', name]],
    ['a policy', (name: string) => ['policy', 'check', name]],
    ['a policy that is tried', (name: string) => ['doctor', '--policy', name]],
    ['an evidence directory', (name: string) => ['doctor', '--evidence', `${name}/x`]],
    ['a trust root', (name: string) => ['trust', 'show', name]],
    ['a bundle', (name: string) => ['bundle', 'show', name]],
    ['an option', (name: string) => ['verify', `--${name}`]],
    ['a command', (name: string) => [name]],
    ['a time', (name: string) => ['verify', '--at', name]],
  ])('gives no command to a CI system and hides nothing: %s', async (_what, args) => {
    for (const name of HOSTILE) {
      const { stdout, stderr } = await here.run(args(name));
      expect(stdout + stderr).not.toBe('');
      expectHarmless(stdout + stderr);
    }
  });

  test('shows what a policy says in its warnings, on lines of their own', async () => {
    const rules = HOSTILE.filter((name) => !/[\p{Cc}\p{Cf}]/u.test(name)).map(
      (name) => `  - { match: "dist/${name}", tier: internal }`,
    );
    here.write('warns.yaml', trialPolicy(`  - { match: "dist/**", tier: internal }\n${rules.join('\n')}`));
    const { status, stderr } = await here.run(['policy', 'check', 'warns.yaml']);
    expect([status, stderr.split('\n').filter((line) => line.startsWith('warning: warns.yaml:')).length]).toEqual([0, 3]);
    expectHarmless(stderr);
  });

  test('shows a hint in a bundle as JSON that says the same', async () => {
    const hint = HOSTILE.join('');
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint } },
      messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' },
    };
    here.write('hint.json', JSON.stringify(bundle));
    const { status, stdout } = await here.run(['bundle', 'show', 'hint.json']);
    expect(status).toBe(0);
    expectHarmless(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ verified: false, signer: { keyHint: hint } });
  });

  test('of signing: the names of signers and stores', async () => {
    const { publicKey } = testKeys('p256');
    here.write('release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    here.write('dist/a', 'a');
    for (const name of HOSTILE) {
      const { status, stderr } = await here.run(['sign', 'dist/a', '--evidence', `stores/${name}`]);
      expect([status, stderr.includes('signed 1')]).toEqual([0, true]);
      expectHarmless(stderr);
    }
  });
});

test('our own line breaks stay, and each line is made harmless by itself', () => {
  expect(harmless('the policy has 2 problems:\n  ::error::a\n  ##vso[x]')).toBe(
    'the policy has 2 problems:\n  :\\u{3a}error::a\n  #\\u{23}vso[x]',
  );
});

function expectHarmless(output: string): void {
  expect(output).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(output).not.toMatch(/##\w*\[/);
  expect(output).not.toMatch(/^\s*::/m);
}
