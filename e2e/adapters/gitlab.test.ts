import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createWorkspace,
  GITLAB_PUBLISHING_TOKEN,
  startFakeGitlabPublishing,
  trialPolicy,
  type Workspace,
} from '@signwright/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { renderText } from '../../tools/generate/adapters/render-component.ts';
import { describePeer, peer } from '../peers.ts';
import { runPeer } from '../scenario.ts';
import { CLI, cliSha256, type Pipeline, type PipelineOptions, runPipeline } from './gitlab/run-pipeline.ts';
import { HOSTILE_NAMES, HOSTILE_TEXTS, plantPrograms } from './hostile.ts';

// The components as consumers get them, on gitlab-ci-local, which fetches them from their repository and runs each job.

const TEMPLATES = join(import.meta.dirname, '../../templates');
const SNIPPETS = join(import.meta.dirname, 'gitlab');
const PROTECTED = { CI_COMMIT_REF_PROTECTED: 'true' };

async function project(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const policy = trialPolicy('  - { match: "dist/**", tier: internal }').replace(
    'production: {}',
    'production: { allow-development: true }',
  );
  const here = await createWorkspace({ policy, files });
  onTestFinished(() => here.remove());
  return here;
}

async function anchorOf(here: Workspace): Promise<string> {
  const { stdout } = await here.run(['policy', 'check']);
  return `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`;
}

const snippet = (name: string): string => readFileSync(join(SNIPPETS, name), 'utf8');

/** What a user copies, with the digest and the place of the command that is tested. */
function copied(name: string): string {
  const tested = `cli: ${CLI}\n      cli-sha256: '${cliSha256()}'`;
  return snippet(name).replace(/^ {6}environment: production$/m, (line) => `${line}\n      ${tested}`);
}

async function run(here: Workspace, yaml: string, options: PipelineOptions = {}): Promise<Pipeline> {
  const anchored = { SIGNWRIGHT_ANCHOR: await anchorOf(here), ...options.variables };
  return runPipeline(here, yaml, { isolated: true, ...options, variables: anchored });
}

describePeer('check-jsonschema', 'the schema of GitLab’s pipelines', () => {
  const check = async (yaml: string) => {
    const at = await createWorkspace({ trial: false, files: { 'pipeline.yml': yaml } });
    onTestFinished(() => at.remove());
    return runPeer(at, peer('check-jsonschema'), ['--builtin-schema', 'vendor.gitlab-ci', 'pipeline.yml']);
  };
  const given = { 'cli-sha256': 'a'.repeat(64) };

  test.each(readdirSync(TEMPLATES))('%s, rendered, and its inputs', async (name) => {
    const template = readFileSync(join(TEMPLATES, name), 'utf8');
    const inputs = name === 'full-pipeline.yml' ? { ...given, 'build-job': 'build' } : given;
    const [header = ''] = template.split(/^---\n/m);
    for (const yaml of [renderText(template, inputs), header]) {
      const { status, stdout } = await check(yaml);
      expect(status, stdout).toBe(0);
    }
    expect((await check(renderText(template, inputs).replace('allow_failure: false', 'allow_failure: 7'))).status).toBe(1);
    expect((await check(header.replace('type: boolean', 'type: truth').replace('type: array', 'type: list'))).status).toBe(1);
  });

  test.each(readdirSync(SNIPPETS).filter((name) => name.endsWith('-ci.yml')))('%s, which people copy', async (name) => {
    expect(await check(snippet(name))).toMatchObject({ status: 0 });
  });
});

describePeer(['gitlab-ci-local', 'rsync'], 'a project that includes the components', () => {
  describe('with the whole pipeline', () => {
    test('builds once, signs, verifies and deploys where it is protected', async () => {
      const here = await project();
      const { status, passed, log } = await run(here, copied('full-pipeline.gitlab-ci.yml'), { variables: PROTECTED });
      expect(status, log).toBe(0);
      const after = ['signwright-sign', 'signwright-request-approval', 'signwright-verify', 'deploy'];
      expect([...passed].sort()).toEqual(['build', ...after].sort());
      expect(log.match(/^build +starting/gm)).toHaveLength(1);
      const left = (job: string) => here.files(`.gitlab-ci-local/artifacts/${job}`);
      expect(left('signwright-sign')).toEqual(
        expect.arrayContaining([
          'dist/app.txt.sigstore.json',
          expect.stringMatching(/^\.signwright\/evidence\//),
          'signwright-reports/result.json',
        ]),
      );
      expect(left('signwright-verify')).toEqual(
        expect.arrayContaining([
          'signwright-reports/junit.xml',
          'signwright-reports/verdicts.json',
          'signwright-reports/evidence.tar',
        ]),
      );
      expect(JSON.parse(here.read('.gitlab-ci-local/artifacts/signwright-verify/signwright-reports/result.json'))).toMatchObject({
        result: 'allow',
        environment: 'production',
        anchor: { from: 'SIGNWRIGHT_ANCHOR' },
      });
    });

    test('plans in a merge request, and neither signs nor deploys; the comment is made once and updated after', async () => {
      const fake = await startFakeGitlabPublishing();
      onTestFinished(() => fake.close());
      const here = await project();
      const variables = {
        CI_SERVER_URL: `http://${fake.host}`,
        CI_PIPELINE_SOURCE: 'merge_request_event',
        CI_MERGE_REQUEST_IID: '7',
        CI_MERGE_REQUEST_PROJECT_PATH: 'acme/app',
        SIGNWRIGHT_GITLAB_TOKEN: GITLAB_PUBLISHING_TOKEN,
        ...PROTECTED,
      };
      for (const said of ['made', 'unchanged']) {
        const { status, passed, log } = await run(here, copied('full-pipeline.gitlab-ci.yml'), { variables });
        expect([status, [...passed].sort()], log).toEqual([0, ['build', 'signwright-plan']]);
        expect(log).toContain(`comment on !7: ${said}`);
        expect(log).not.toContain(GITLAB_PUBLISHING_TOKEN);
      }
      expect(fake.comments.map(({ body }) => body)).toEqual([expect.stringContaining('`dist/app.txt`')]);
    });

    test('on a branch that is not protected neither signs nor deploys', async () => {
      const { passed, log } = await run(await project(), copied('full-pipeline.gitlab-ci.yml'));
      expect(passed, log).toEqual(['build']);
    });

    test('does not deploy what was changed after it was signed', async () => {
      const here = await project();
      const between = `
change:
  stage: test
  needs: [build, signwright-sign]
  rules: [{ if: $CI }]
  script: ['echo changed >dist/app.txt']
  artifacts: { paths: [dist/] }

signwright-verify:
  needs: [signwright-sign, change]
`;
      const { passed, failed, log } = await run(here, copied('full-pipeline.gitlab-ci.yml') + between, { variables: PROTECTED });
      expect(failed, log).toEqual(['signwright-verify']);
      expect(passed).not.toContain('deploy');
      expect(log).toContain('signature:build  unmet');
    });
  });

  describe('with the component that a pipeline execution policy has', () => {
    test('brings what is tested here', () => {
      const [policy] = parse(snippet('policy.yml')).pipeline_execution_policy;
      expect(policy).toMatchObject({
        enabled: true,
        content: { include: [{ file: 'policy-ci.yml' }] },
        skip_ci: { allowed: false },
        variables_override: { allowed: false },
      });
    });

    test('is stopped by it, whatever the project’s own pipeline says', async () => {
      const here = await project({ 'dist/app.txt': 'unsigned' });
      const anchored = (await anchorOf(here)).slice('policy-sha256: '.length);
      const yaml = `${copied('policy-ci.yml')
        .replace(/^ {6}policy: .*\n/m, '')
        .replace('1'.repeat(64), anchored)}
deploy: { stage: deploy, script: [echo deployed], rules: [{ if: $CI }] }
`;
      const { failed, passed, log } = await run(here, yaml, { variables: PROTECTED });
      expect([failed, passed], log).toEqual([['policy:signwright-verify'], []]);
      expect(log).toContain('(the input anchor)');
    });
  });
});

/** Stands in for the command line: writes down what it was told, and how it was started. */
const SCRIBE = `require('node:fs').mkdirSync('signwright-reports', { recursive: true });
require('node:fs').writeFileSync('signwright-reports/result.json', '{}');
require('node:fs').writeFileSync('signwright-reports/told.json', JSON.stringify({ inputs: JSON.parse(process.env.SIGNWRIGHT_INPUTS), argv: process.argv.slice(2), execArgv: process.execArgv, node: process.execPath }));
`;

describePeer(['gitlab-ci-local', 'rsync'], 'a component that is given', () => {
  type Given = { readonly component?: string; readonly inputs?: Readonly<Record<string, unknown>>; readonly more?: object };

  const pipeline = (here: Workspace, { component = 'verify', inputs = {}, more = {} }: Given): string => {
    const cli = { cli: here.path('cli.cjs'), 'cli-sha256': createHash('sha256').update(SCRIBE).digest('hex') };
    return JSON.stringify({
      include: [
        {
          component: `$CI_SERVER_FQDN/acme/signwright/${component}@1.0.0`,
          inputs: { ...cli, rules: [{ if: '$CI' }], ...inputs },
        },
      ],
      deploy: { stage: 'deploy', needs: [`signwright-${component}`], script: ['echo deployed'] },
      ...more,
    });
  };
  const tell = async (given: Given, options: PipelineOptions = {}, prepare: (here: Workspace) => void = () => undefined) => {
    const here = await createWorkspace({ trial: false, files: { 'cli.cjs': SCRIBE } });
    onTestFinished(() => here.remove());
    prepare(here);
    const ran = await runPipeline(here, pipeline(here, given), { isolated: true, ...options });
    const told = '.gitlab-ci-local/artifacts/signwright-verify/signwright-reports/told.json';
    return { here, ...ran, told: here.has(told) ? JSON.parse(here.read(told)) : undefined };
  };
  const owned = (here: Workspace): string[] => here.files('.').filter((name) => /(^|\/)owned$/.test(name));

  test('hostile values hands them on as they are', async () => {
    const texts = HOSTILE_TEXTS.filter((text) => /^[ -&(-~]*$/.test(text));
    const policy = texts.join(' $CI_JOB_TOKEN $$ ');
    const paths = [...texts, 'END OF LAUNCHER'].join(',');
    const { passed, log, told, here } = await tell({ inputs: { policy, paths } });
    expect(passed, log).toEqual(['signwright-verify', 'deploy']);
    expect(told.inputs).toMatchObject({
      policy,
      paths: paths.replaceAll(',', '\n'),
      unanchored: 'false',
      reports: 'signwright-reports',
    });
    expect(told.argv).toEqual(['job', 'verify']);
    expect(owned(here)).toEqual([]);
    expect(log).not.toMatch(/owned|vso/);
  });

  test.each([
    ['a text with a quote', { policy: "x' }" }],
    ['a text of two lines', { policy: 'a\nb' }],
    ['a digest that is none', { 'cli-sha256': '$(id)' }],
    ['a word for a boolean', { attest: 'yes' }],
    ['no digest', { 'cli-sha256': '' }],
  ])('%s makes no pipeline', async (_, inputs) => {
    const { status, passed, log } = await tell({ inputs });
    expect([status === 0, passed], log).toEqual([false, []]);
    expect(log).toMatch(/does not match required regex|is not a boolean|has not been provided/);
  });

  test('another command than the one it names runs nothing', async () => {
    const { failed, passed, log, told } = await tell({ inputs: { 'cli-sha256': 'b'.repeat(64) } });
    expect([failed, passed, told], log).toEqual([['signwright-verify'], [], undefined]);
    expect(log).toContain('is not the command that was to run');
  });

  test('a command that is not there says what to do', async () => {
    const { failed, passed, log } = await tell(
      { inputs: { cli: '/opt/signwright/nowhere.cjs' } },
      { env: { XDG_CACHE_HOME: '/nonexistent' } },
    );
    expect([failed, passed], log).toEqual([['signwright-verify'], []]);
    expect(log).toMatch(/nowhere\.cjs cannot be read: ENOENT[\s\S]*install signwright\.cjs there/);
  });

  test('a workspace full of other programs, and what would load them, runs the command alone', async () => {
    const own = { before_script: ['touch owned'], after_script: ['touch owned'], cache: { paths: ['.'] } };
    const variables = { NODE_OPTIONS: '--require ./index.js' };
    const { passed, log, told, here } = await tell({ more: { default: own } }, { variables }, plantPrograms);
    expect(passed, log).toContain('signwright-verify');
    expect(told).toMatchObject({ execArgv: [] });
    expect(told.node).toMatch(/^\/usr\//);
    // The job after it is the project's own, and does what the project's defaults say.
    expect(owned(here).filter((name) => !/\/(builds\/deploy|cache)\//.test(name))).toEqual([]);
  });
});

describePeer(['gitlab-ci-local', 'rsync'], 'what a build leaves for the jobs after it', () => {
  const judged = async (script: string, reports = 'build.env') => {
    const here = await project({ 'dist/app.txt': 'unsigned' });
    const observing = 'signatures: [build], mode: observe, until: "2026-12-10"';
    here.write('evil.yaml', here.read('signwright.yaml').replace('signatures: [build]', observing));
    const given = {
      policy: 'signwright.yaml',
      anchor: await anchorOf(here),
      cli: CLI,
      'cli-sha256': cliSha256(),
      rules: [{ if: '$CI' }],
    };
    const yaml = JSON.stringify({
      stages: ['build', 'test', 'deploy'],
      include: [{ component: '$CI_SERVER_FQDN/acme/signwright/verify@1.0.0', inputs: given }],
      build: {
        stage: 'build',
        script: [script],
        artifacts: { paths: ['dist/', 'signwright-reports/'], reports: { dotenv: reports } },
      },
      deploy: { stage: 'deploy', needs: ['signwright-verify'], script: ['echo deployed'] },
      told: { stage: 'deploy', when: 'always', needs: ['signwright-verify'], script: ['echo "it said $SIGNWRIGHT_RESULT"'] },
    });
    return run(here, yaml);
  };

  test.each([
    ['inputs by their names', 'printf "SIGNWRIGHT_INPUT_POLICY=evil.yaml\\nSIGNWRIGHT_INPUT_anchor=\\n" >build.env'],
    ['inputs of its own', `printf 'SIGNWRIGHT_INPUTS={"policy":"evil.yaml","unanchored":true}\\n' >build.env`],
    ['another command line', `printf 'SIGNWRIGHT_CLI=dist/x.cjs\\nSIGNWRIGHT_CLI_SHA256=${'a'.repeat(64)}\\n' >build.env`],
    [
      'another node',
      `mkdir -p dist/bin; printf '#!/bin/sh\\nexit 0\\n' >dist/bin/node; chmod +x dist/bin/node; echo "PATH=$PWD/dist/bin:$PATH" >build.env`,
    ],
    ['code for node', `echo 'process.exit(0)' >dist/x.cjs; echo "NODE_OPTIONS=--require $PWD/dist/x.cjs" >build.env`],
  ])('%s: changes nothing of the verdict', async (_, script) => {
    const { passed, failed, log } = await judged(script);
    expect([passed.filter((job) => job === 'deploy'), failed], log).toEqual([[], ['signwright-verify']]);
    expect(log).toMatch(/dist\/app\.txt|inconclusive|deny/);
  });

  test('reports of a run that never was are not told as the job’s', async () => {
    const forged = 'mkdir -p signwright-reports; echo SIGNWRIGHT_RESULT=allow >signwright-reports/outputs.env; touch build.env';
    const { log } = await judged(forged);
    expect(log).toMatch(/it said (?:deny|inconclusive)/);
    expect(log).not.toContain('it said allow');
  });
});

describePeer(['gitlab-ci-local', 'rsync'], 'files whose names are commands', () => {
  test('are signed, and give none', async () => {
    const here = await project(Object.fromEntries(HOSTILE_NAMES.map((name) => [`dist/${name}`, name])));
    const given = { paths: 'dist, ', cli: CLI, 'cli-sha256': cliSha256(), rules: [{ if: '$CI' }] };
    const yaml = JSON.stringify({ include: [{ component: '$CI_SERVER_FQDN/acme/signwright/sign@1.0.0', inputs: given }] });
    const { passed, log } = await run(here, yaml);
    expect(passed, log).toEqual(['signwright-sign']);
    expect(log).toContain(`${HOSTILE_NAMES.length} signed`);
    expect(log).not.toMatch(/##vso\[|(^|\s)::set-output/m);
    expect(here.files('.').filter((name) => name.endsWith('owned'))).toEqual([]);
  });
});
