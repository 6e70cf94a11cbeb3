import { mkdirSync } from 'node:fs';
import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function workspace(files: Record<string, string> = {}, trial = false): Promise<Workspace> {
  const one = await createWorkspace({ files, trial });
  made.push(one);
  return one;
}

describe.concurrent('signwright init', () => {
  test('writes a policy that passes "policy check" once there is a trial trust domain, and that lists what is in dist', async () => {
    const here = await workspace({ 'dist/app.bin': 'app' });
    const init = await here.run(['init']);
    expect(init).toMatchObject({ status: 0, stderr: '' });
    expect(init.stdout).toContain('next: signwright trust init --trial && signwright plan');

    const early = await here.run(['policy', 'check']);
    expect(early.status).toBe(2);
    expect(early.stderr).toContain('signwright trust init --trial');

    expect(await here.run(['trust', 'init', '--trial'])).toMatchObject({ status: 0 });
    expect(await here.run(['policy', 'check'])).toMatchObject({ status: 0, stderr: '' });
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('names the identity of a trial trust domain that was made first', async () => {
    const here = await workspace({ 'dist/app.bin': 'app' }, true);
    const init = await here.run(['init']);
    expect(init.stdout).toContain('next: signwright plan');
    expect(here.read('signwright.yaml')).toContain('https://trial.signwright.invalid/acme/app');
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
  });

  test('--scan proposes a rule for each kind of artifact a tree builds, and the policy passes "policy check" without a warning', async () => {
    const here = await workspace(
      {
        'package.json': '{}',
        'py/pyproject.toml': '',
        'charts/app/Chart.yaml': '',
        Dockerfile: '',
        'infra/main.tf': '',
        'node_modules/other/package.json': '{}',
      },
      true,
    );
    const init = await here.run(['init', '--scan']);
    expect(init).toMatchObject({ status: 0, stderr: '' });
    const policy = here.read('signwright.yaml');
    for (const rule of [
      '{ kind: package, match: "dist/*.tgz", tier: production }',
      '{ kind: package, match: "py/dist/*.whl", tier: production }',
      '{ kind: chart, match: "dist/charts/*.tgz", tier: production }',
      '{ kind: image, match: "registry.example.com/**", tier: production }',
      '{ kind: plan, match: "plans/**/*.tfplan", tier: production }',
      '{ kind: sbom, match: "dist/*.cdx.json", tier: internal }',
      '{ match: "dist/**", tier: internal }',
      '{ match: "py/dist/**", tier: internal }',
    ])
      expect(policy).toContain(rule);
    expect(policy).not.toContain('node_modules');
    expect(await here.run(['policy', 'check'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('--scan leaves a policy that plans, signs and verifies an ordinary project as it is', async () => {
    const here = await workspace(
      {
        'package.json': '{}',
        Dockerfile: '',
        'infra/main.tf': '',
        'dist/app.js': 'app',
        'dist/app-1.0.0.tgz': 'package',
        'py/setup.py': '',
        'py/dist/app-1.0.0.zip': 'zip',
        'java/pom.xml': '',
        'java/target/classes/App.class': 'class',
        'charts/app/Chart.yaml': '',
        'dist/charts/app-1.0.0.tgz.prov': 'prov',
      },
      true,
    );
    expect(await here.run(['init', '--scan'])).toMatchObject({ status: 0, stderr: '' });
    const plan = await here.run(['plan']);
    expect([plan.status, plan.stderr]).toEqual([0, '']);
    expect(plan.stdout).not.toContain('main.tf');
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await here.run(['policy', 'check'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('--scan of a project without a known build takes what is in dist', async () => {
    const here = await workspace({ Dockerfile: '', 'dist/app': 'app' }, true);
    expect(await here.run(['init', '--scan'])).toMatchObject({ status: 0 });
    expect(await here.run(['plan'])).toMatchObject({ status: 0 });
  });

  test('--scan proposes no rule for a directory whose name would be a pattern or more YAML', async () => {
    const here = await workspace({ 'package.json': '{}' }, true);
    for (const name of ["a\n  - { match: '**', tier: internal } #", 'b*', 'c\\d', 'e\u2028f']) {
      mkdirSync(here.path(name));
      here.write(`${name}/package.json`, '{}');
    }
    expect(await here.run(['init', '--scan'])).toMatchObject({ status: 0 });
    const rules = here
      .read('signwright.yaml')
      .split('\n')
      .filter((line) => line.includes('match:'));
    expect(rules).toHaveLength(3);
    expect(await here.run(['policy', 'check'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('never overwrites a policy', async () => {
    const here = await workspace({ 'signwright.yaml': 'version: 1 # mine' });
    const again = await here.run(['init']);
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('signwright.yaml: there is a policy already');
    expect(again.stderr).toContain('--policy');
    expect(here.read('signwright.yaml')).toBe('version: 1 # mine');
    expect(await here.run(['init', '--policy', 'other.yaml'])).toMatchObject({ status: 0 });
  });

  test('says where it cannot write', async () => {
    const here = await workspace();
    const nowhere = await here.run(['init', '--policy', 'no/such/place.yaml']);
    expect(nowhere.status).toBe(2);
    expect(nowhere.stderr).toContain('no/such/place.yaml');
    expect(nowhere.stderr).toContain('→');
  });
});
