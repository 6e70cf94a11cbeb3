import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { describePeer, peer } from '../peers.ts';
import { ACTION, type ActOptions, type ActRun, runAct } from './act.ts';
import { HOSTILE_NAMES, HOSTILE_TEXTS, plantPrograms, project } from './hostile.ts';

// The action as it is installed, in workflows that act runs on this machine. No real GitHub is asked.

const made: (() => void)[] = [];
afterAll(() => {
  for (const remove of made) remove();
});
function kept(here: Workspace): Workspace {
  made.push(() => here.remove());
  return here;
}
function room(): string {
  const path = mkdtempSync(join(tmpdir(), 'signwright-github-'));
  made.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

type Use = { readonly id: string; readonly with: Readonly<Record<string, string | boolean>>; readonly action?: string };

/** A job that uses the action, once after the other whatever became of the one before. */
function workflow(uses: readonly Use[], env: Readonly<Record<string, string>> = {}, after: readonly object[] = []): string {
  const steps = [
    { run: 'cp -a "$PROJECT/." .' },
    ...uses.map(({ id, with: inputs, action = 'acme/signwright-action@v1' }) => ({
      id,
      if: 'always()',
      uses: action,
      with: inputs,
    })),
    ...after,
    { if: 'always()', run: 'test ! -e owned || cp owned "$PROJECT/owned"' },
  ];
  return JSON.stringify({ on: ['push'], env, jobs: { gate: { 'runs-on': 'ubuntu-latest', steps } } });
}
const run = (
  here: Workspace,
  uses: readonly Use[],
  more: Partial<ActOptions> & { after?: readonly object[] } = {},
): Promise<ActRun> =>
  runAct({
    directory: here.directory,
    ...more,
    workflow: workflow(uses, { PROJECT: here.directory, ...more.env }, more.after),
  });

/** What the runner took for commands of a step, beside the words that stop and start it. */
const taken = (ran: ActRun, id: string): string[] => [
  ...new Set(
    ran
      .commands(id)
      .map(({ command }) => command)
      .filter((command) => !/^[0-9a-f-]{36}$/.test(command)),
  ),
];
const expression = (text: string): string => `\${{ ${text} }}`;
const OURS = ['add-mask', 'stop-commands', 'error', 'warning', 'notice', 'set-output', 'summary'];

describePeer('act', 'the action', () => {
  it('signs, verifies and denies, with a summary and a note beside the file', async () => {
    const here = kept(await project());
    const change = { if: 'always()', run: 'echo changed >dist/app.tgz' };
    const verify = (id: string): Use => ({ id, with: { command: 'verify', unanchored: true } });
    const use = ({ id, with: inputs }: Use): object => ({ id, if: 'always()', uses: 'acme/signwright-action@v1', with: inputs });
    const ran = await run(here, [{ id: 'sign', with: { command: 'sign' } }, verify('first')], {
      after: [change, use(verify('second'))],
    });
    expect(
      ['sign', 'first', 'second'].map((id) => ran.step(id)),
      ran.log,
    ).toEqual(['success', 'success', 'failure']);
    expect(ran.succeeded).toBe(false);
    expect(ran.outputs('first')).toEqual({ result: 'allow', 'exit-code': '0', request: '', reports: 'signwright-reports' });
    expect(ran.outputs('second')).toEqual({ result: 'deny', 'exit-code': '1', request: '', reports: 'signwright-reports' });
    const said = ran.commands('second').filter(({ command }) => command === 'error');
    expect(said).toEqual([
      expect.objectContaining({ properties: expect.objectContaining({ file: 'dist/app.tgz' }) }),
      expect.objectContaining({
        arg: expect.stringContaining('1 of 1 artifact not allowed'),
        properties: { title: 'signwright verify: deny' },
      }),
    ]);
    expect(ran.commands('second').find(({ command }) => command === 'summary')?.arg).toContain('dist/app.tgz');
  });

  it('takes hostile inputs for values, and nothing more', async () => {
    const here = kept(await project());
    const names = ['paths', 'environment', 'policy', 'anchor', 'evidence', 'passphrase-env', 'wait', 'reports'];
    const uses = HOSTILE_TEXTS.flatMap((text, at) =>
      ['paths', names[1 + (at % 7)] ?? ''].map((name) => ({
        id: `t${at}-${name}`,
        with: { command: 'verify', unanchored: true, [name]: text },
      })),
    );
    const ran = await run(here, uses);
    for (const { id } of uses) {
      expect([ran.step(id), ran.outputs(id)['result'] === 'allow'], id).toEqual(['failure', false]);
      expect(Object.keys(ran.outputs(id)).sort()).toEqual(['exit-code', 'reports', 'request', 'result']);
      expect(taken(ran, id).filter((command) => !OURS.includes(command))).toEqual([]);
    }
    expect(here.has('owned')).toBe(false);
  });

  it('takes names of files for names', async () => {
    const files = Object.fromEntries(HOSTILE_NAMES.map((name) => [`dist/${name}`, name]));
    const here = kept(await createWorkspace({ policy: trialPolicy('  - { match: "dist/**", tier: internal }'), files }));
    here.write('.signwright/evidence/evidence/README', 'so that there is a store');
    const ran = await run(here, [{ id: 'verify', with: { command: 'verify', unanchored: true } }]);
    expect([ran.step('verify'), ran.outputs('verify')['result']], ran.log).toEqual(['failure', 'deny']);
    expect(taken(ran, 'verify').filter((command) => !OURS.includes(command))).toEqual([]);
    expect(ran.commands('verify').filter(({ command }) => command === 'set-output')).toHaveLength(4);
    expect(here.has('owned')).toBe(false);
  });

  it('runs no program and no module of the workspace', async () => {
    const here = kept(await project());
    plantPrograms(here);
    const ran = await run(here, [
      { id: 'sign', with: { command: 'sign' } },
      { id: 'verify', with: { command: 'verify', unanchored: true } },
    ]);
    expect([ran.step('sign'), ran.step('verify'), here.has('owned')], ran.log).toEqual(['success', 'success', false]);
  });

  it('masks secrets for the rest of the job', async () => {
    const here = kept(await project());
    const env = { KEY_WORDS: 'correct horse\nbattery staple', SIGNWRIGHT_ID_TOKEN: 'e30.e30.c2ln' };
    const inputs = { command: 'sign', 'passphrase-env': 'KEY_WORDS', policy: 'https://ann:opensesame@127.0.0.1:9/p.yaml' };
    const after = [{ if: 'always()', run: 'echo "$KEY_WORDS"; echo "$SIGNWRIGHT_ID_TOKEN"; echo opensesame; echo shown' }];
    const ran = await run(here, [{ id: 'sign', with: inputs }], { env, after });
    const log = ran.log.slice(ran.log.indexOf('::stop-commands::'));
    expect(log).toContain('shown');
    const echoed = log.slice(log.indexOf('Run Main echo')).replace(/.*Main echo.*/g, '');
    for (const secret of ['correct horse', 'battery staple', 'e30.e30.c2ln', 'opensesame']) {
      expect(
        ran.commands('sign').filter(({ command, arg }) => command === 'add-mask' && arg === secret),
        secret,
      ).toHaveLength(1);
      expect(echoed).not.toContain(secret);
    }
  });

  it('runs what was built in, or nothing', async () => {
    const here = kept(await project());
    const changed = join(room(), 'changed');
    cpSync(ACTION, changed, { recursive: true });
    appendFileSync(join(changed, 'signwright.cjs'), ' ');
    const missing = join(room(), 'missing');
    cpSync(ACTION, missing, { recursive: true });
    rmSync(join(missing, 'signwright.cjs'));
    const plan = { command: 'plan' };
    const ran = await run(
      here,
      [
        { id: 'changed', with: plan, action: 'eve/changed@v1' },
        { id: 'missing', with: plan, action: 'eve/missing@v1' },
        { id: 'told', with: plan },
      ],
      {
        actions: { 'eve/changed@v1': changed, 'eve/missing@v1': missing },
        env: { SIGNWRIGHT_CLI: '/bin/true', SIGNWRIGHT_CLI_SHA256: '0'.repeat(64), SIGNWRIGHT_INPUTS: '{' },
      },
    );
    const errorOf = (id: string): string | undefined => ran.commands(id).find(({ command }) => command === 'error')?.arg;
    expect(
      ['changed', 'missing', 'told'].map((id) => ran.step(id)),
      ran.log,
    ).toEqual(['failure', 'failure', 'success']);
    expect(errorOf('changed')).toMatch(
      /is not the command that was to run: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}: find out who changed it/,
    );
    expect(ran.outputs('changed')).toMatchObject({ result: 'error', 'exit-code': '1', reports: '' });
    expect(errorOf('missing')).toMatch(/signwright\.cjs cannot be read: ENOENT/);
  });

  it('pauses without the network', async () => {
    const here = kept(await project());
    const inputs = {
      command: 'verify',
      policy: 'https://127.0.0.1:9/signwright.yaml',
      anchor: `policy-sha256: ${'a'.repeat(64)}`,
    };
    const ran = await run(here, [{ id: 'verify', with: inputs }]);
    expect([ran.step('verify'), ran.outputs('verify')['exit-code']], ran.log).toEqual(['failure', '3']);
  });

  it('asks for the ID token of the job', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end('{"value":"e30.e30.c2ln"}');
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const here = kept(await project());
    const policy = here
      .read('signwright.yaml')
      .replace(/certificate: \{ trial: .*? \}/, 'certificate: { fulcio: "https://127.0.0.1:9" }');
    const ci = '{ issuer: https://token.actions.githubusercontent.com, repository: "https://github.com/acme/*" }';
    here.write('signwright.yaml', policy.replace(/ci: \{.*?\}/, `ci: ${ci}`));
    const ran = await run(here, [{ id: 'sign', with: { command: 'sign' } }], {
      env: {
        ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-token-1',
      },
    });
    expect(ran.step('sign')).toBe('failure');
    expect(asked, ran.log).toEqual(['/token?api-version=2.0&audience=sigstore', 'Bearer runner-token-1']);
    expect(ran.log).not.toContain('e30.e30.c2ln');
  });
});

const SNIPPET = fileURLToPath(new URL('github/release.yml', import.meta.url));

describePeer('act', 'the workflow of docs/github-actions.md', () => {
  /** Stands for GitHub's store of artifacts: a folder. */
  const store = (kind: 'upload' | 'download', folder: string): string => {
    const action = room();
    const copy =
      kind === 'upload'
        ? 'mkdir -p "$STORE/$NAME" && cp -a "$FILES/." "$STORE/$NAME"'
        : 'mkdir -p "$FILES" && cp -a "$STORE/$NAME/." "$FILES"';
    const env = { STORE: folder, NAME: expression('inputs.name'), FILES: expression('inputs.path') };
    const runs = { using: 'composite', steps: [{ shell: 'bash', run: copy, env }] };
    const inputs = { name: { required: true, description: '' }, path: { required: true, description: '' } };
    writeFileSync(join(action, 'action.yml'), JSON.stringify({ name: kind, description: '', inputs, runs }));
    return action;
  };

  /** A project without a policy of its own, and the central one, by the variables of the organization. */
  async function release() {
    const evidence = room();
    const policy = trialPolicy('  - { match: "dist/**", tier: internal }', `evidence: { store: "${evidence}" }\n`);
    const central = kept(
      await createWorkspace({ policy: policy.replace('production: {}', 'production: { allow-development: true }') }),
    );
    const here = kept(await createWorkspace({ trial: false }));
    here.write('build.sh', '#!/bin/sh\nmkdir dist && echo app >dist/app.tgz\n', 0o755);
    const programs = room();
    const deployed = join(programs, 'deployed');
    writeFileSync(join(programs, 'deploy-app'), `#!/bin/sh\nls "$1" >'${deployed}'\n`);
    chmodSync(join(programs, 'deploy-app'), 0o755);
    const { stdout } = await central.run(['policy', 'check']);
    const vars = {
      SIGNWRIGHT_POLICY: central.path('signwright.yaml'),
      SIGNWRIGHT_ANCHOR: `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`,
    };
    const artifacts = join(room(), 'artifacts');
    mkdirSync(artifacts);
    const actions = {
      'actions/upload-artifact@v4': store('upload', artifacts),
      'actions/download-artifact@v4': store('download', artifacts),
    };
    return {
      deployed,
      artifacts,
      options: { directory: here.directory, workflow: readFileSync(SNIPPET, 'utf8'), programs, vars, actions },
    };
  }

  it('builds, signs, verifies and deploys; a pull request ends with its plan', async () => {
    const { deployed, options } = await release();
    const requested = await runAct({ ...options, event: 'pull_request', payload: { pull_request: { number: 7 } } });
    expect([requested.succeeded, existsSync(deployed)], requested.log).toEqual([true, false]);
    expect(requested.log).toContain('signwright job plan');
    expect(requested.log).not.toContain('signwright job sign');

    const ran = await runAct(options);
    expect([ran.succeeded, existsSync(deployed)], ran.log).toEqual([true, true]);
    expect(ran.outputs('signwright')).toMatchObject({ result: 'allow' });
    expect(readFileSync(deployed, 'utf8')).toBe('app.tgz\n');
  });

  it('deploys nothing that was changed after it was signed', async () => {
    const { deployed, artifacts, options } = await release();
    const changed = options.workflow
      .replace(
        '  deploy:\n',
        `  tamper:\n    needs: sign\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo x >>'${artifacts}/dist/app.tgz'\n  deploy:\n`,
      )
      .replace(
        'needs: sign\n    runs-on: ubuntu-latest\n    environment',
        'needs: [sign, tamper]\n    runs-on: ubuntu-latest\n    environment',
      );
    const ran = await runAct({ ...options, workflow: changed });
    expect([ran.succeeded, existsSync(deployed), ran.outputs('signwright')['result']], ran.log).toEqual([false, false, 'deny']);
  });
});

describePeer('check-jsonschema', 'the schemas of GitHub', () => {
  const check = (schema: string, file: string): string =>
    execFileSync(peer('check-jsonschema'), ['--builtin-schema', schema, file], { encoding: 'utf8' });

  test.each([
    ['vendor.github-actions', join(ACTION, 'action.yml'), 'runs:', 'run:'],
    ['vendor.github-workflows', SNIPPET, 'jobs:', 'job:'],
  ])('%s has nothing against %s', (schema, file, word, other) => {
    expect(check(schema, file)).toContain('ok');
    const broken = join(room(), 'broken.yml');
    writeFileSync(broken, readFileSync(file, 'utf8').replace(word, other));
    expect(() => check(schema, broken)).toThrow(/Command failed/);
  });
});

describe('the action', () => {
  test('brings what it runs, and nothing else', () => {
    const names = ['LICENSE', 'action.yml', 'launch.cjs', 'main.cjs', 'signwright.cjs', 'signwright.cjs.LEGAL.txt'];
    expect(execFileSync('ls', [ACTION], { encoding: 'utf8' }).trim().split('\n').sort()).toEqual(names.sort());
  });
});
