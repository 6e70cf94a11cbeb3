import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { createWorkspace, mountTmpfs, trialPolicy, type Workspace, whyNoMount, whyNotUnprivileged } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const POLICY = trialPolicy('  - { match: "dist/**", tier: internal }');
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(files: Record<string, string | Uint8Array>): Promise<Workspace> {
  const workspace = await createWorkspace({ policy: POLICY, files });
  made.push(workspace);
  return workspace;
}

/** Refused with exit 2 by plan or before, by sign and by verify, with nothing written. */
async function refused(here: Workspace, says: string): Promise<void> {
  for (const command of ['sign', 'verify']) {
    const { status, stdout, stderr } = await here.run([command, 'dist']);
    expect([status, stdout], command).toEqual([2, '']);
    expect(stderr, command).toContain(says);
    expect(stderr, command).toContain('→');
    expect(stderr.split('\n').length, command).toBeLessThan(5);
  }
  expect(here.has('.signwright/evidence')).toBe(false);
  expect(here.files('dist').filter((name) => name.endsWith('.sigstore.json'))).toEqual([]);
}

describe.concurrent('files that are signed like any other', () => {
  test.each([
    ['empty', 'dist/empty.bin', ''],
    ['with spaces and unicode in its name', 'dist/sous les étoiles 星.bin', 'x'],
    ['with a name that looks like a flag', 'dist/--output=json', 'x'],
    ["with a shell's characters in its name", 'dist/$(id);\'"&.bin', 'x'],
  ])('%s', async (_what, name, content) => {
    const here = await project({ [name]: content });
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    const verify = await here.run(['verify', '--output', 'json']);
    expect(verify.status).toBe(0);
    expect(JSON.parse(verify.stdout)).toMatchObject({ verdicts: [{ artifact: { name } }] });
    expect(here.has(`${name}.sigstore.json`)).toBe(true);
  });

  test('a symbolic link to a file inside the tree', async () => {
    const here = await project({ 'dist/real.bin': 'real' });
    symlinkSync('real.bin', here.path('dist/link.bin'));
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });
});

describe.concurrent('files that are refused, with what to do', () => {
  test.each([
    ['a newline in a name', 'dist/a\n✓ allow  b.bin', 'line break'],
    ['an escape sequence in a name', 'dist/\u001b[2Ja.bin', 'control character'],
    ['a name that is not in normal form C', 'dist/e\u0301.bin', 'Unicode'],
    ['a backslash in a name', 'dist/a\\b.bin', 'backslash'],
  ])('%s', async (_what, name, says) => refused(await project({ 'dist/good.bin': 'good', [name]: 'bad' }), says));

  test('names that differ only in case', async () =>
    refused(await project({ 'dist/a.bin': 'a', 'dist/A.bin': 'A' }), 'differ only in case'));

  test('a symbolic link that leads out of the tree, and one to nothing', async () => {
    for (const [target, says] of [
      ['/etc/passwd', 'leads out of'],
      ['../../outside', 'symbolic link'],
    ] as const) {
      const here = await project({ 'dist/good.bin': 'good' });
      symlinkSync(target, here.path('dist/link.bin'));
      await refused(here, says);
    }
  });

  test('a named pipe, without waiting for its writer', async () => {
    const here = await project({ 'dist/good.bin': 'good' });
    execFileSync('mkfifo', [here.path('dist/pipe')]);
    await refused(here, 'is a named pipe');
  });

  test('a file that changes while it is hashed', async () => {
    const here = await project({ 'dist/good.bin': 'good', 'dist/growing.bin': Buffer.alloc(48 * 1024 * 1024) });
    const { finished } = here.start(['sign']);
    const writing = setInterval(() => appendFileSync(here.path('dist/growing.bin'), 'more'), 2);
    await finished.finally(() => clearInterval(writing));
    const { status, stdout, stderr } = await finished;
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('growing.bin changed while it was hashed');
    expect(here.has('.signwright/evidence')).toBe(false);
    expect(here.files('dist')).toEqual(['good.bin', 'growing.bin']);
  });
});

describe.skipIf(whyNotUnprivileged() !== undefined)(`as a user whom permissions bind ${whyNotUnprivileged() ?? ''}`, () => {
  const asNobody = async (files: Record<string, string>): Promise<Workspace> => {
    const here = await project(files);
    execFileSync('chown', ['-R', '65534:65534', here.directory]);
    return here;
  };

  test('a file that may not be read is refused, and nothing is signed', async () => {
    const here = await asNobody({ 'dist/good.bin': 'good', 'dist/secret.bin': 'secret' });
    chmodSync(here.path('dist/secret.bin'), 0);
    const { status, stdout, stderr } = await here.run(['sign'], { unprivileged: true });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('secret.bin may not be read by this user');
    expect(stderr).toContain('give this user read permission');
    expect(here.has('.signwright/evidence')).toBe(false);
  });

  test('an evidence directory that may not be written: exit 3, nothing signed half', async () => {
    const here = await asNobody({ 'dist/good.bin': 'good' });
    mkdirSync(here.path('.signwright/evidence'));
    chmodSync(here.path('.signwright/evidence'), 0o555);
    const { status, stdout, stderr } = await here.run(['sign'], { unprivileged: true });
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toContain('permission denied');
    expect(stderr).toContain('→');
    expect(here.files('dist')).toEqual(['good.bin']);
    chmodSync(here.path('.signwright/evidence'), 0o755);
    expect(here.files('.signwright/evidence')).toEqual([]);
  });

  test('an evidence directory that cannot be looked at: exit 3, never a defect', async () => {
    const here = await asNobody({ 'dist/good.bin': 'good' });
    mkdirSync(here.path('locked/evidence'), { recursive: true });
    chmodSync(here.path('locked'), 0);
    const { status, stdout } = await here.run(['verify', '--evidence', 'locked/evidence'], { unprivileged: true });
    chmodSync(here.path('locked'), 0o755);
    expect(status).toBe(3);
    expect(stdout).toContain('cannot be looked at');
  });

  test('a directory that takes no sidecars: exit 3, and the part that decides is kept', async () => {
    const here = await asNobody({ 'dist/good.bin': 'good' });
    chmodSync(here.path('dist'), 0o555);
    const { status, stdout, stderr } = await here.run(['sign'], { unprivileged: true });
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toContain('good.bin.sigstore.json');
    expect(stderr).toContain('is in the evidence store all the same');
    expect(stderr).toContain('--no-sidecars');
    expect(await here.run(['verify'], { unprivileged: true })).toMatchObject({ status: 0 });
  });
});

describe.skipIf(whyNoMount() !== undefined)(`a disk that is full ${whyNoMount() ?? ''}`, () => {
  test('exit 3, nothing half-written, and a later run completes', async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`dist/${at}.bin`, `file ${at}`]));
    const here = await project(files);
    mkdirSync(here.path('.signwright/evidence'));
    const unmount = mountTmpfs(here.path('.signwright/evidence'), 'size=64k');
    try {
      const full = await here.run(['sign']);
      expect([full.status, full.stdout]).toEqual([3, '']);
      expect(full.stderr).toContain('the disk is full');
      expect(full.stderr).toContain('free space');
      expect(here.files('dist')).toHaveLength(400);
      expect((await here.run(['verify'])).status).not.toBe(0);
    } finally {
      unmount();
    }
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });
});
