import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RULES = `  - { name: source maps, match: "dist/**/*.map", sign: never, reason: they stay here }
  - { name: packages, kind: package, match: "dist/*.tgz", tier: { test: internal, production: internal }, owner: "=1+1", reason: shipped }
  - { match: "dist/*.md", tier: internal }`;

/** A bundle beside its file is no artifact. */
const SIDECAR = JSON.stringify({
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  verificationMaterial: { publicKey: { hint: 'release' } },
  messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' },
});

type PlanJson = { version: number; artifacts: { name: string; status: string; tiers: string[]; owner?: string }[] };

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({
    policy: trialPolicy(RULES),
    files: {
      'dist/app.tgz': 'package',
      'dist/notes.md': 'notes',
      'dist/app.js.map': 'map',
      'dist/=cmd|x!A1.sh': 'not listed',
      'dist/notes.md.sigstore.json': SIDECAR,
    },
  });
});
afterAll(() => here.remove());

async function statuses(...args: string[]): Promise<Record<string, string>> {
  const { stdout } = await here.run(['plan', '--output', 'json', ...args]);
  const { artifacts } = JSON.parse(stdout) as PlanJson;
  return Object.fromEntries(artifacts.map(({ name, status }) => [name, status]));
}

describe.concurrent('signwright plan', () => {
  test('shows what each file falls under, and exits 1 while something is unlisted', async () => {
    const plan = await here.run(['plan']);
    expect(plan.status).toBe(1);
    expect(plan.stderr).toBe('');
    for (const [name, words] of [
      ['dist/app.tgz', 'environment-needed'],
      ['dist/notes.md', 'internal'],
      ['dist/app.js.map', 'they stay here'],
      ['dist/=cmd|x!A1.sh', 'unlisted'],
    ] as const)
      expect(plan.stdout.split('\n').find((line) => line.includes(name))).toContain(words);
    expect(plan.stdout).toContain('4 files: 1 to sign, 1 never signed, 1 unlisted, 1 depending on the environment');
  });

  test('gives each status as JSON, and nothing else on stdout', async () => {
    expect(await statuses()).toEqual({
      'dist/app.tgz': 'environment-needed',
      'dist/notes.md': 'required',
      'dist/app.js.map': 'never',
      'dist/=cmd|x!A1.sh': 'unlisted',
    });
    expect(await statuses('dist/app.tgz', '--environment', 'test')).toEqual({ 'dist/app.tgz': 'required' });
    expect(await statuses('dist/app.tgz', '--environment', 'default')).toEqual({ 'dist/app.tgz': 'environment-not-listed' });
  });

  test('exits 0 where every file has its rule, and 1 for an environment the rule does not list', async () => {
    expect(await here.run(['plan', 'dist/notes.md', 'dist/app.js.map'])).toMatchObject({ status: 0 });
    expect(await here.run(['plan', 'dist/app.tgz'])).toMatchObject({ status: 0 });
    expect(await here.run(['plan', 'dist/app.tgz', '--environment', 'default'])).toMatchObject({ status: 1 });
  });

  test('names the environments that exist where one does not', async () => {
    const { status, stderr } = await here.run(['plan', '--environment', 'prodution']);
    expect(status).toBe(2);
    expect(stderr).toContain('there are default, test, production');
    expect(stderr).toContain('did you mean "production"?');
  });

  test('exports an inventory in which no cell is a formula', async () => {
    const { status, stdout } = await here.run(['plan', '--export', 'csv']);
    expect(status).toBe(1);
    const [header, ...lines] = stdout.trimEnd().split(/\r?\n/);
    expect(header).toContain('name,kind,status');
    expect(lines).toHaveLength(4);
    for (const cell of lines.flatMap((line) => line.split(','))) expect(cell).not.toMatch(/^"?[=+@\-\t]/);
    expect(await here.run(['plan', '--export', 'xls'])).toMatchObject({ status: 2, stdout: '' });
    const both = await here.run(['plan', '--export', 'csv', '--output', 'json']);
    expect(both).toMatchObject({ status: 2, stdout: '' });
    expect(both.stderr).toContain("cannot be used with option '--output <format>'");
  });

  test('needs no key: it works where the trial keys are gone', async () => {
    const keyless = await createWorkspace({ policy: trialPolicy(RULES), files: { 'dist/notes.md': 'notes' }, trial: false });
    keyless.write('.signwright/trial/trusted-root.json', here.read('.signwright/trial/trusted-root.json'));
    expect(await keyless.run(['plan'])).toMatchObject({ status: 0, stderr: '' });
    keyless.remove();
  });

  test('says that the trust root the policy names is missing, and how to make one', async () => {
    const rootless = await createWorkspace({ policy: trialPolicy(RULES), files: { 'dist/notes.md': 'notes' }, trial: false });
    const { status, stderr } = await rootless.run(['plan']);
    expect(status).toBe(2);
    expect(stderr).toContain('signwright.yaml:2:');
    expect(stderr).toContain('signwright trust init --trial');
    rootless.remove();
  });

  test('says where it looked when nothing is there', async () => {
    const empty = await createWorkspace({ policy: trialPolicy(RULES) });
    const { status, stderr } = await empty.run(['plan']);
    expect(status).toBe(2);
    expect(stderr).toContain('dist');
    expect(stderr).toContain('→');
    empty.remove();
  });
});
