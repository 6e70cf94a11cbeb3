import { mkdirSync, symlinkSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

const POLICY = trialPolicy('  - { match: "dist/*.tgz", tier: internal }');

async function signed(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const at = await createWorkspace({ policy: POLICY, files: { 'dist/app.tgz': 'bytes' } });
  onTestFinished(() => at.remove());
  expect(await at.run(['sign'])).toMatchObject({ status: 0 });
  for (const [name, content] of Object.entries(files)) at.write(name, content);
  return at;
}

describe('verify looks at everything below what it is asked about', () => {
  test.each([
    ['in node_modules', 'dist/node_modules/evil/index.js'],
    ['in .git', 'dist/.git/hook'],
    ['in .signwright', 'dist/.signwright/x'],
    ['that is called a signature, of no file', 'dist/install.sh.sigstore.json'],
    ['that is called the signature of a file, and is none', 'dist/lib.tgz.sigstore.json'],
  ])('a file %s is denied, and not passed over', async (_, name) => {
    const at = await signed({ [name]: 'evil' });
    if (name.startsWith('dist/lib.tgz')) at.write('dist/lib.tgz', 'bytes');
    for (const paths of [[], ['dist']]) {
      const { status, stdout } = await at.run(['verify', ...paths]);
      expect(status).toBe(1);
      expect(stdout).toContain(name);
    }
  });

  test('a directory reached by a symbolic link is refused', async () => {
    const at = await signed({ 'other/evil.js': 'evil' });
    symlinkSync('../other', at.path('dist/lib'));
    const { status, stderr } = await at.run(['verify', 'dist']);
    expect(status).toBe(2);
    expect(stderr).toContain('a symbolic link to a directory');
  });

  test("the working directory's own tools are passed over where they are not named, and it is said", async () => {
    const at = await signed();
    mkdirSync(at.path('.git'));
    at.write('.git/config', '');
    const { stdout, stderr } = await at.run(['verify', '.']);
    expect(stderr).toContain('not looked at: .git, .signwright');
    expect(stdout).not.toContain('.git/config');
    expect(stdout).toContain('signwright.yaml');
    expect((await at.run(['verify', '.git'])).stdout).toContain('.git/config');
  });

  test('a signature beside its file is no artifact of its own', async () => {
    const at = await signed();
    expect(at.has('dist/app.tgz.sigstore.json')).toBe(true);
    expect(await at.run(['verify', 'dist'])).toMatchObject({ status: 0 });
  });
});

test('where there is no evidence at all the verdict is inconclusive, for that is not the same as unsigned', async () => {
  const at = await signed();
  for (const store of ['nowhere', 'dist/app.tgz']) {
    const { status, stdout } = await at.run(['verify', 'dist/app.tgz', '--evidence', store]);
    expect(status).toBe(3);
    expect(stdout).toContain(`there is no evidence directory ${store}`);
  }
});
