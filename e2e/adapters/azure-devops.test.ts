import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { nodes } from '../nodes.ts';
import { describePeer, peer } from '../peers.ts';
import { type AzureRun, type AzureStep, EXTENSION, runAzureTask } from './azure-agent.ts';
import { type Job, type PipelineStep, runStages, type Stage, stepsOf } from './azure-pipeline.ts';
import { expandPipeline } from './azure-template.ts';
import { HOSTILE_NAMES, HOSTILE_TEXTS, plantPrograms, project } from './hostile.ts';

// The task as it is installed, run as an agent runs it. No real Azure DevOps is asked.

const OF_MAIN = { BUILD_REASON: 'IndividualCI', BUILD_SOURCEBRANCH: 'refs/heads/main' };
const OUR_COMMANDS = ['debug', 'setsecret', 'setvariable', 'issue', 'logissue', 'uploadsummary', 'complete'].map(
  (name) => `task.${name}`,
);

const made: (() => void)[] = [];
afterAll(() => {
  for (const remove of made) remove();
});
function kept(here: Workspace): Workspace {
  made.push(() => here.remove());
  return here;
}
function room(): string {
  const path = mkdtempSync(join(tmpdir(), 'signwright-azure-'));
  made.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
const run = (here: Workspace, inputs: Record<string, string>, more: Partial<AzureStep> = {}): Promise<AzureRun> =>
  runAzureTask({ workingDirectory: here.directory, variables: OF_MAIN, ...more, inputs });
const completions = ({ commands }: AzureRun): (string | undefined)[] =>
  commands.flatMap(({ command, properties }) => (command === 'task.complete' ? [properties['result']] : []));

describe.each(nodes())('the task on %s', (_, node) => {
  test('signs, verifies and denies', async () => {
    const here = kept(await project());
    const on = { node };
    const signed = await run(here, { command: 'sign', sidecars: 'True' }, on);
    expect(signed.result, signed.log).toBe('Succeeded');
    expect(here.has('dist/app.tgz.sigstore.json')).toBe(true);
    const verified = await run(here, { command: 'verify', unanchored: 'true' }, on);
    expect([verified.result, verified.outputs], verified.log).toEqual([
      'Succeeded',
      { result: 'allow', exitCode: '0', request: '', reports: 'signwright-reports' },
    ]);
    expect(verified.summaries).toEqual([expect.stringContaining('dist/app.tgz')]);

    here.write('dist/app.tgz', 'changed');
    const denied = await run(here, { command: 'verify', unanchored: 'true' }, on);
    expect([denied.result, denied.exitCode, completions(denied)], denied.log).toEqual(['Failed', 1, ['Failed']]);
    expect(denied.log).toMatch(/##\[error\]signwright verify: deny: 1 of 1 artifact not allowed: dist\/app\.tgz/);
    expect(denied.commands.filter(({ command }) => command === 'task.logissue')).toEqual([
      expect.objectContaining({ properties: { type: 'error', sourcepath: 'dist/app.tgz', code: expect.any(String) } }),
    ]);
  });
});

describe('hostile values', () => {
  const NAMES = ['environment', 'policy', 'anchor', 'evidence', 'passphraseEnv', 'wait', 'reports'];

  test.each([...HOSTILE_TEXTS.entries()])('text %d is a value of an input, and nothing more: %j', async (at, text) => {
    const here = kept(await project());
    for (const name of ['paths', NAMES[at % NAMES.length] ?? '']) {
      const ran = await run(here, { command: 'verify', unanchored: 'true', [name]: text });
      expect([ran.result, completions(ran)], `${name}: ${ran.raw}`).toEqual(['Failed', ['Failed']]);
      expect(ran.outputs['result']).not.toBe('allow');
      for (const { command } of ran.commands) expect(OUR_COMMANDS).toContain(command);
      expect(ran.raw).not.toMatch(/^##\[/m);
    }
    expect(here.has('owned')).toBe(false);
  });

  test('names of files are names, in the log, the issues and the summary', async () => {
    const files = Object.fromEntries(HOSTILE_NAMES.map((name) => [`dist/${name}`, name]));
    const here = kept(await createWorkspace({ policy: trialPolicy('  - { match: "dist/**", tier: internal }'), files }));
    here.write('.signwright/evidence/evidence/README', 'so that there is a store');
    const ran = await run(here, { command: 'verify', unanchored: 'true' });
    expect([ran.result, completions(ran), ran.outputs['result']], ran.raw).toEqual(['Failed', ['Failed'], 'deny']);
    for (const { command } of ran.commands) expect(OUR_COMMANDS).toContain(command);
    expect(ran.commands.filter(({ command }) => command === 'task.logissue').length).toBeGreaterThan(0);
    expect(ran.commands.filter(({ command }) => command === 'task.setvariable')).toHaveLength(4);
    expect(here.has('owned')).toBe(false);
  });

  test('programs and modules of the workspace are not run', async () => {
    const here = kept(await project());
    plantPrograms(here);
    const signed = await run(here, { command: 'sign' });
    expect(signed.result, signed.raw).toBe('Succeeded');
    expect((await run(here, { command: 'verify', unanchored: 'true' })).result).toBe('Succeeded');
    expect(here.has('owned')).toBe(false);
  });

  test('secrets are masked: the passphrase, tokens, the password in an address', async () => {
    const here = kept(await project());
    const secrets = { KEY_WORDS: 'correct horse\nbattery staple', SIGNWRIGHT_ID_TOKEN: 'e30.e30.c2ln' };
    const inputs = { command: 'sign', passphraseEnv: 'KEY_WORDS', policy: 'https://ann:opensesame@127.0.0.1:9/p.yaml' };
    const ran = await run(here, inputs, { variables: { ...OF_MAIN, ...secrets }, token: 'job-token-1' });
    expect(ran.result).toBe('Failed');
    const masked = ran.commands.filter(({ command }) => command === 'task.setsecret').map(({ data }) => data);
    expect(masked).toEqual(
      expect.arrayContaining(['correct horse', 'battery staple', 'e30.e30.c2ln', 'job-token-1', 'opensesame']),
    );
    const before = ran.raw.slice(0, ran.raw.indexOf('##vso[task.setsecret]'));
    for (const secret of masked) {
      expect(ran.log).not.toContain(secret);
      expect(before).not.toContain(secret);
    }
  });
});

describe('what is run', () => {
  const copy = (): string => {
    const task = join(room(), 'V1');
    cpSync(join(EXTENSION, 'Signwright/V1'), task, { recursive: true });
    return task;
  };

  test('is the command line that was built in: with one byte more, nothing', async () => {
    const here = kept(await project());
    const task = copy();
    appendFileSync(join(task, 'signwright.cjs'), ' ');
    const ran = await run(here, { command: 'sign' }, { task });
    expect([ran.result, ran.outputs], ran.raw).toEqual(['Failed', { result: 'error', exitCode: '1', request: '', reports: '' }]);
    expect(ran.log).toMatch(
      /##\[error\].*is not the command that was to run: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}: find out who changed it/,
    );
    expect(here.has('signwright-reports')).toBe(false);
  });

  test.each(['SIGNWRIGHT_CLI', 'SIGNWRIGHT_CLI_SHA256', 'SIGNWRIGHT_INPUTS'])(
    'is not changed by the variable %s',
    async (name) => {
      const here = kept(await project());
      here.write('evil.cjs', `require('node:fs').writeFileSync('owned', '')`);
      const ran = await run(here, { command: 'plan' }, { variables: { ...OF_MAIN, [name]: here.path('evil.cjs') } });
      expect([ran.result, here.has('owned')], ran.raw).toEqual(['Succeeded', false]);
    },
  );

  test('must be there', async () => {
    const here = kept(await project());
    for (const [file, said] of [
      ['signwright.cjs', /signwright\.cjs cannot be read: ENOENT: install signwright\.cjs there/],
      ['launch.cjs', /launch\.cjs/],
    ] as const) {
      const task = copy();
      rmSync(join(task, file));
      const ran = await run(here, { command: 'plan' }, { task });
      expect([ran.result, ran.log]).toEqual(['Failed', expect.stringMatching(said)]);
    }
  });

  test('without the network pauses, and does not pass', async () => {
    const here = kept(await project());
    const ran = await run(here, {
      command: 'verify',
      policy: 'https://127.0.0.1:9/signwright.yaml',
      anchor: `policy-sha256: ${'a'.repeat(64)}`,
    });
    expect([ran.result, ran.outputs['exitCode']], ran.log).toEqual(['Failed', '3']);
  });
});

describe('as whom it signs', () => {
  const asked: { url: string; authorization: string | undefined; method: string | undefined }[] = [];
  const tokens = async (): Promise<string> => {
    const server = createServer((request, response) => {
      asked.push({ url: request.url ?? '', authorization: request.headers.authorization, method: request.method });
      response.end('{"oidcToken":"e30.e30.c2ln"}');
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/_apis/oidctoken`;
  };

  test.each([
    ['the pipeline', undefined],
    ['the service connection', '5c6e7f80-1111-2222-3333-444455556666'],
  ])('asks for the ID token of %s, with the job’s token', async (_, serviceConnection) => {
    asked.length = 0;
    const here = kept(await project());
    const certificate = '{ fulcio: "https://127.0.0.1:9", audience: "api://AzureADTokenExchange" }';
    here.write(
      'signwright.yaml',
      here.read('signwright.yaml').replace(/certificate: \{ trial: .*? \}/, `certificate: ${certificate}`),
    );
    const ran = await run(
      here,
      { command: 'sign', ...(serviceConnection === undefined ? {} : { serviceConnection }) },
      { token: 'job-token-1', variables: { ...OF_MAIN, SYSTEM_OIDCREQUESTURI: await tokens() } },
    );
    expect(ran.result).toBe('Failed');
    const query =
      serviceConnection === undefined ? '?api-version=7.1' : `?api-version=7.1&serviceConnectionId=${serviceConnection}`;
    expect(asked, ran.log).toEqual([
      { method: 'POST', url: `/acme/_apis/oidctoken${query}`, authorization: 'Bearer job-token-1' },
    ]);
    expect(ran.log).not.toContain('e30.e30.c2ln');
  });
});

const SNIPPETS = fileURLToPath(new URL('azure-devops/', import.meta.url));
const TASK = JSON.parse(readFileSync(join(EXTENSION, 'Signwright/V1/task.json'), 'utf8')) as { inputs: { name: string }[] };

describe('the pipeline that projects extend', () => {
  const pipeline = expandPipeline(join(SNIPPETS, 'azure-pipelines.yml')) as unknown as { readonly stages: readonly Stage[] };
  const jobsIn = (name: string): readonly Job[] =>
    pipeline.stages.filter(({ stage }) => stage === name).flatMap(({ jobs }) => jobs);

  test.each([
    ['sign', 'sign', 'sign'],
    ['deploy', 'verify', 'verify'],
  ])('lets nothing of the project into the job %s.%s', (stage, name, command) => {
    const job = jobsIn(stage).find((each) => each.job === name);
    const steps = stepsOf(job ?? {});
    const kinds = steps.map(
      ({ task, bash, download, publish, checkout }) =>
        task ?? (bash && 'bash') ?? (download && 'download') ?? (publish && 'publish') ?? checkout,
    );
    expect(kinds).toEqual(['none', 'download', 'bash', 'Signwright@1', 'publish']);
    expect(steps.find(({ task }) => task !== undefined)?.inputs).toMatchObject({ command, environment: 'production' });
    expect(steps.at(-1)).toMatchObject({ publish: 'signwright-reports', condition: 'always()' });
    expect(job?.workspace).toEqual({ clean: 'all' });
  });

  test('builds and deploys by steps of the project, the latter in a job after the verification', () => {
    expect(jobsIn('build').flatMap(stepsOf)).toContainEqual({ script: './build.sh' });
    const deploying = jobsIn('deploy').at(-1);
    expect(deploying).toMatchObject({ deployment: 'deploy', dependsOn: 'verify', environment: 'production' });
    expect(stepsOf(deploying ?? {}).at(-1)).toEqual({ script: 'deploy-app dist' });
  });

  test('names inputs that the task has', () => {
    const names = pipeline.stages.flatMap(({ jobs }) => jobs.flatMap(stepsOf)).flatMap(({ inputs = {} }) => Object.keys(inputs));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !TASK.inputs.some((input) => input.name === name))).toEqual([]);
  });

  test('refuses a parameter that it does not have, of another type or none of its values', () => {
    const file = (parameters: object): string => {
      const path = join(room(), 'pipeline.yml');
      writeFileSync(path, stringify({ extends: { template: 'release.yml@signwright', parameters } }));
      return path;
    };
    expect(() => expandPipeline(file({ environment: 'test' }))).toThrow(/parameter environment is none of its values/);
    expect(() => expandPipeline(file({ environment: 'production', sign: [] }))).toThrow(/unexpected parameter sign/);
    expect(() => expandPipeline(file({ environment: 'production', deploy: 'rm' }))).toThrow(/parameter deploy is no stepList/);
    expect(() => expandPipeline(file({}))).toThrow(/parameter environment must be provided/);
  });

  test('builds, signs, verifies and deploys; a pull request ends with its build', async () => {
    const { deployed, options } = await release();
    const ran = await runStages(options);
    expect(ran.results, ran.log).toEqual({ build: 'Succeeded', sign: 'Succeeded', deploy: 'Succeeded' });
    expect(readFileSync(deployed, 'utf8')).toBe('app.tgz\n');

    rmSync(deployed);
    const requested = await runStages({ ...options, agent: { ...OF_MAIN, BUILD_REASON: 'PullRequest' } });
    expect(requested.results).toEqual({ build: 'Succeeded', sign: 'Skipped', deploy: 'Skipped' });
    expect(existsSync(deployed)).toBe(false);
  });

  test('skips what deploys where the files were changed meanwhile, whatever condition its steps have', async () => {
    const deploy = [{ script: 'deploy-app dist', condition: 'always()' }];
    const { deployed, options } = await release({ deploy });
    const stages = options.stages.map((stage) => ({ ...stage, jobs: stage.jobs.map(tamper) }));
    const ran = await runStages({ ...options, stages });
    expect(ran.jobs, ran.log).toEqual({
      'build.build': 'Succeeded',
      'sign.sign': 'Succeeded',
      'deploy.verify': 'Failed',
      'deploy.deploy': 'Skipped',
    });
    expect(existsSync(deployed)).toBe(false);
  });

  test.each([
    ['NODE_OPTIONS', '--require ./dist/evil.cjs', 'build-build'],
    ['node_options', '--require ./dist/evil.cjs', 'build-build'],
    ['Node.Options', '--require ./dist/evil.cjs', 'build-build'],
    ['BASH_ENV', '$PIPELINE_WORKSPACE/signwright-files/evil.sh', 'deploy-deploy'],
    ['bash.env', '$PIPELINE_WORKSPACE/signwright-files/evil.sh', 'deploy-deploy'],
  ])(
    'runs nothing that the variable %s of the project names in the jobs that sign and verify',
    async (name, value, elsewhere) => {
      const { here, programs, options } = await release();
      const owned = join(programs, 'owned');
      here.write('evil.sh', `basename "$(dirname "$PWD")" >>'${owned}'\n`);
      here.write('evil.cjs', `require('fs').appendFileSync('${owned}', process.cwd().split('/').at(-2) + '\\n');`);
      here.write('build.sh', '#!/bin/sh\nmkdir dist && echo app >dist/app.tgz && cp evil.* dist\n', 0o755);
      await runStages({ ...options, variables: { [name]: value } });
      expect([...new Set(readFileSync(owned, 'utf8').trim().split('\n'))]).toEqual([elsewhere]);
    },
  );

  test.each(['SIGNWRIGHT_POLICY', 'signwright.policy', 'SIGNWRIGHT_ANCHOR', 'Signwright.Anchor'])(
    'goes by the policy of the template, whatever the variable %s of the project is',
    async (name) => {
      const { options } = await release();
      const ran = await runStages({ ...options, stages: withoutPlan(options.stages), variables: { [name]: 'other.yaml' } });
      expect(ran.results, ran.log).toEqual({ build: 'Succeeded', sign: 'Succeeded', deploy: 'Succeeded' });
    },
  );

  test('signs by no policy of the project where the template names none', async () => {
    const { here, central, options } = await release();
    here.write('signwright.yaml', readFileSync(central.SIGNWRIGHT_POLICY, 'utf8'));
    const ran = await runStages({ ...options, stages: withoutPlan(pipeline.stages), variables: central });
    expect(ran.results, ran.log).toEqual({ build: 'Succeeded', sign: 'Failed', deploy: 'Skipped' });
    expect(ran.log).toMatch(/signwright sign: error: .*signwright\.yaml/);
  });

  test('may also be one step: what follows it runs where the policy allows it', async () => {
    const { here, deployed, central, options } = await release();
    expect((await runStages({ ...options, stages: options.stages.slice(0, 2) })).results).toEqual({
      build: 'Succeeded',
      sign: 'Succeeded',
    });
    const { steps } = expandPipeline(join(SNIPPETS, 'steps.yml')) as unknown as { readonly steps: readonly PipelineStep[] };
    const gate = [{ stage: 'gate', jobs: [{ job: 'gate', steps: [{ checkout: 'self' }, ...steps] }] }];
    const ofGate = { ...options, stages: gate, variables: central };
    here.write('dist/app.tgz', 'changed\n');
    expect([(await runStages(ofGate)).results, existsSync(deployed)]).toEqual([{ gate: 'Failed' }, false]);
    here.write('dist/app.tgz', 'app\n');
    expect([(await runStages(ofGate)).results, existsSync(deployed)]).toEqual([{ gate: 'Succeeded' }, true]);
  });

  /** Where the project's code runs it is told what the project likes. */
  function withoutPlan(stages: readonly Stage[]): readonly Stage[] {
    const without = (job: Job): Job => ({ ...job, steps: stepsOf(job).filter(({ inputs }) => inputs?.['command'] !== 'plan') });
    return stages.map((stage) => (stage.stage === 'build' ? { ...stage, jobs: stage.jobs.map(without) } : stage));
  }

  /** As if the store of artifacts gave out others to the job that verifies. */
  function tamper(job: Job): Job {
    const steps = stepsOf(job);
    const at = steps.findIndex(({ task }) => task !== undefined);
    return job.job === 'verify' ? { ...job, steps: steps.toSpliced(at, 0, { bash: 'echo x >> dist/app.tgz' }) } : job;
  }

  /** A project without a policy of its own, and the templates with the central one, as the platform team has them. */
  async function release(parameters: object = {}) {
    const evidence = room();
    const policy = trialPolicy('  - { match: "dist/**", tier: internal }', `evidence: { store: "${evidence}" }\n`);
    const team = kept(
      await createWorkspace({ policy: policy.replace('production: {}', 'production: { allow-development: true }') }),
    );
    const here = kept(await createWorkspace({ trial: false }));
    here.write('build.sh', '#!/bin/sh\nmkdir dist && echo app >dist/app.tgz\n', 0o755);
    const programs = room();
    const deployed = join(programs, 'deployed');
    writeFileSync(join(programs, 'deploy-app'), `#!/bin/sh\nls "$1" >'${deployed}'\n`);
    chmodSync(join(programs, 'deploy-app'), 0o755);
    const { stdout } = await team.run(['policy', 'check']);
    const anchor = `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`;
    const central = { SIGNWRIGHT_POLICY: team.path('signwright.yaml'), SIGNWRIGHT_ANCHOR: anchor };
    const templates = room();
    cpSync(join(EXTENSION, 'templates'), templates, { recursive: true });
    writeFileSync(join(templates, 'policy.yml'), stringify({ variables: central }));
    const project = parse(readFileSync(join(SNIPPETS, 'azure-pipelines.yml'), 'utf8')) as { extends: { parameters: object } };
    const extended = { template: 'release.yml', parameters: { ...project.extends.parameters, ...parameters } };
    writeFileSync(join(templates, 'azure-pipelines.yml'), stringify({ extends: extended }));
    const { stages } = expandPipeline(join(templates, 'azure-pipelines.yml')) as unknown as { readonly stages: readonly Stage[] };
    return {
      here,
      programs,
      deployed,
      central,
      options: { stages, project: here.directory, programs, agent: OF_MAIN, variables: {} },
    };
  }
});

describePeer('check-jsonschema', 'the schema of Azure Pipelines', () => {
  /** The schema knows Microsoft's own tasks alone; inputs of ours are held against task.json. */
  const withoutOurTask = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, each: { task?: string; inputs?: unknown } | null) => {
      if (each?.task !== 'Signwright@1') return each;
      const { task: _task, inputs: _inputs, ...step } = each;
      return { ...step, script: 'signwright' };
    });

  it.each([
    ['azure-pipelines.yml', 'expanded', () => expandPipeline(join(SNIPPETS, 'azure-pipelines.yml'))],
    ['steps.yml', 'expanded', () => expandPipeline(join(SNIPPETS, 'steps.yml'))],
  ])('has nothing against %s, %s', (name, _, expanded) => {
    const path = join(room(), name);
    writeFileSync(path, stringify(withoutOurTask(expanded())));
    const check = (file: string): string =>
      execFileSync(
        peer('check-jsonschema'),
        [
          '--regex-variant',
          'nonunicode',
          '--builtin-schema',
          'vendor.azure-pipelines',
          '--data-transform',
          'azure-pipelines',
          file,
        ],
        { encoding: 'utf8' },
      );
    expect(check(path)).toContain('ok');
    writeFileSync(path, stringify({ ...(withoutOurTask(expanded()) as object), steps: 7 }));
    expect(() => check(path)).toThrow(/Command failed/);
  });
});

describePeer('tfx', 'the extension', () => {
  it('is packed with the task, what it runs, and nothing else', () => {
    const file = join(room(), 'signwright.vsix');
    const vsix = fileURLToPath(new URL('../../tools/bundle/vsix.ts', import.meta.url));
    execFileSync(process.execPath, [vsix, file], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` },
    });
    const list = execFileSync('unzip', ['-Z1', file], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name !== '' && !name.endsWith('/'));
    expect(list.sort()).toEqual([
      'LICENSE',
      'Signwright/V1/launch.cjs',
      'Signwright/V1/main.cjs',
      'Signwright/V1/main.cjs.LEGAL.txt',
      'Signwright/V1/signwright.cjs',
      'Signwright/V1/signwright.cjs.LEGAL.txt',
      'Signwright/V1/task.json',
      '[Content_Types].xml',
      'extension.vsixmanifest',
      'extension.vsomanifest',
      'overview.md',
    ]);
    const read = (name: string): Buffer =>
      execFileSync('unzip', ['-p', file, name.replace('[', '\\[')], { maxBuffer: 64 * 1024 * 1024 });
    for (const name of ['main.cjs', 'launch.cjs', 'signwright.cjs', 'task.json'])
      expect(read(`Signwright/V1/${name}`).equals(readFileSync(join(EXTENSION, 'Signwright/V1', name)))).toBe(true);
    const { version } = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../packages/apps/cli/package.json', import.meta.url)), 'utf8'),
    ) as { version: string };
    expect(read('extension.vsixmanifest').toString()).toContain(`Id="signwright" Publisher="signwright" Version="${version}"`);
    expect(JSON.parse(read('extension.vsomanifest').toString())).toMatchObject({
      contributions: [
        { type: 'ms.vss-distributed-task.task', targets: ['ms.vss-distributed-task.tasks'], properties: { name: 'Signwright' } },
      ],
    });
  });
});
