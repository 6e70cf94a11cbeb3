import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let fresh: Workspace;
let trial: Workspace;

beforeAll(async () => {
  fresh = await createWorkspace({ trial: false });
  trial = await createWorkspace();
});
afterAll(() => {
  fresh.remove();
  trial.remove();
});

describe('signwright trust init', () => {
  test('makes a trial trust domain that git does not see and others cannot read, and never overwrites it', async () => {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: fresh.directory, encoding: 'utf8' });
    git('init', '--quiet', '.');
    git('config', 'remote.origin.url', 'git@gitlab.acme.example:acme/app.git');
    const made = await fresh.run(['trust', 'init', '--trial']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('never for production');
    expect(made.stdout).toContain('https://gitlab.acme.example/acme/app');

    expect(git('status', '--porcelain', '--untracked-files=all')).toBe('');
    expect(statSync(fresh.path('.signwright/trial')).mode & 0o777).toBe(0o700);
    const keys = fresh.files('.signwright/trial').filter((name) => name.endsWith('.key'));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(statSync(fresh.path(`.signwright/trial/${key}`)).mode & 0o777, key).toBe(0o600);

    const before = fresh.read('.signwright/trial/trusted-root.json');
    const again = await fresh.run(['trust', 'init', '--trial']);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('never overwritten');
    expect(fresh.read('.signwright/trial/trusted-root.json')).toBe(before);
  });

  test('asks for --trial, as there is no other kind of domain to make', async () => {
    const { status, stderr } = await fresh.run(['trust', 'init', '--directory', 'other']);
    expect(status).toBe(2);
    expect(stderr).toContain('--trial');
    expect(fresh.has('other')).toBe(false);
  });
});

describe('signwright trust show and add', () => {
  const ROOT = '.signwright/trial/trusted-root.json';

  test('shows authorities, their issuers and the digest an anchor pins; trial ones are marked', async () => {
    const { status, stdout } = await trial.run(['trust', 'show', ROOT]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/digest sha256:[0-9a-f]{64} \(what an anchor pins/);
    expect(stdout).toContain('Signwright trial certificate authority (trial)');
    expect(stdout).toContain('may assert https://trial.signwright.invalid');
    expect(stdout).toContain('timestamp authority');
  });

  test('adds authorities to a trust root that it makes, and signatures verify by it', async () => {
    for (const [chain, parts] of Object.entries({ ca: ['trial-ca', 'trial-root'], tsa: ['trial-tsa', 'trial-root'] }))
      trial.write(`trust/${chain}.pem`, parts.map((part) => trial.read(`.signwright/trial/${part}.pem`)).join(''));
    const ca = await trial.run([
      'trust',
      'add',
      'trust/root.json',
      '--certificate-authority',
      'trust/ca.pem',
      '--issuer',
      'https://trial.signwright.invalid',
    ]);
    expect(ca).toMatchObject({ status: 0, stderr: '' });
    const tsa = await trial.run(['trust', 'add', 'trust/root.json', '--timestamp-authority', 'trust/tsa.pem']);
    expect(tsa).toMatchObject({ status: 0, stderr: '' });
    expect(tsa.stdout).toContain('certificate authority');
    expect(tsa.stdout).toContain('timestamp authority');

    trial.write('dist/app.bin', 'app');
    await trial.run(['init']);
    const policy = trial.read('signwright.yaml').replace(`root: ${ROOT}`, 'root: trust/root.json');
    trial.write('signwright.yaml', policy);
    expect(await trial.run(['sign'])).toMatchObject({ status: 0 });
    expect(await trial.run(['verify'])).toMatchObject({ status: 0 });
  });

  test.each([
    ['nothing to add', ['x.json']],
    ['a file that is no chain', ['x.json', '--timestamp-authority', ROOT]],
    [
      'a certificate authority without the issuers it may assert',
      ['x.json', '--certificate-authority', '.signwright/trial/trial-ca.pem'],
    ],
    ['a time that is none', ['x.json', '--timestamp-authority', '.signwright/trial/trial-tsa.pem', '--from', 'soon']],
    ['a missing chain', ['x.json', '--timestamp-authority', 'no.pem']],
  ])('refuses %s and writes nothing', async (_what, args) => {
    const { status, stdout, stderr } = await trial.run(['trust', 'add', ...args]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('→');
    expect(trial.has('x.json')).toBe(false);
  });

  test('makes the directory of the trust root; what is in it already is a mistake of the user, not a matter of retrying', async () => {
    trial.write('ca.pem', ['trial-ca', 'trial-root'].map((part) => trial.read(`.signwright/trial/${part}.pem`)).join(''));
    const add = (issuer: string) =>
      trial.run(['trust', 'add', 'far/away/root.json', '--certificate-authority', 'ca.pem', '--issuer', issuer]);
    expect(await add('https://*.acme.example')).toMatchObject({ status: 2, stdout: '' });
    expect(await add('https://gitlab.acme.example')).toMatchObject({ status: 0, stderr: '' });
    const again = await add('https://gitlab.acme.example');
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('already');
  });

  test('says so where a trust root is none', async () => {
    trial.write('none.json', '{"mediaType":"x"}');
    const { status, stderr } = await trial.run(['trust', 'show', 'none.json']);
    expect(status).toBe(2);
    expect(stderr).toContain('none.json');
  });
});
