import { readFile } from 'node:fs/promises';
import {
  COMMAND_DESCRIPTIONS,
  INPUTS,
  type Input,
  JOB_COMMANDS,
  type JobCommand,
  RELEASE_COMMANDS,
} from '../../../packages/apps/cli/src/job/inputs.ts';
import { BUILD_JOB, type ComponentInput, componentInput, ownInputs, rulesInput } from './gitlab-inputs.ts';

const LAUNCHER = new URL('../../../packages/adapters/launcher/launch.cjs', import.meta.url);
const INDENT = ' '.repeat(6);

/** GitLab's components: path → text. One a command, and one with all jobs of a release. */
export async function gitlabTemplates(): Promise<ReadonlyMap<string, string>> {
  const launcher = await readFile(LAUNCHER, 'utf8');
  const made = new Map<string, string>();
  for (const command of JOB_COMMANDS) {
    const inputs = [...tableOf([command]).map(componentInput), rulesInput(command), ...ownInputs([command])];
    const about = COMMAND_DESCRIPTIONS[command];
    made.set(
      `templates/${command}.yml`,
      component(about, inputs, [job(command, { rules: 'rules', launcher: functionOf(launcher) })]),
    );
  }
  made.set('templates/full-pipeline.yml', fullPipeline(launcher));
  return made;
}

/** The text is in the first job; the others refer to it. */
function fullPipeline(launcher: string): string {
  const inputs = [
    BUILD_JOB,
    ...tableOf(RELEASE_COMMANDS).map(componentInput),
    rulesInput('plan', 'plan-rules'),
    rulesInput('sign'),
    ...ownInputs(RELEASE_COMMANDS),
  ];
  const jobs = RELEASE_COMMANDS.map((command, at) =>
    job(command, {
      rules: command === 'plan' ? 'plan-rules' : 'rules',
      needs: needs(command),
      launcher: at === 0 ? `&launcher ${functionOf(launcher)}` : '*launcher\n',
    }),
  );
  return component('Plan in merge requests; where it is protected sign, ask for approvals, and verify.', inputs, jobs);
}

/** Inputs of the table that one of these commands takes on GitLab. */
function tableOf(commands: readonly JobCommand[]): readonly Input[] {
  return INPUTS.filter(
    ({ commands: its, platforms }) =>
      commands.some((command) => its.includes(command)) && (platforms === undefined || platforms.includes('gitlab')),
  );
}

function component(about: string, inputs: readonly ComponentInput[], jobs: readonly string[]): string {
  return `# ${about}
# Made by npm run generate of the table of inputs (packages/apps/cli/src/job/inputs.ts) and the launcher (packages/adapters/launcher).
spec:
  inputs:
${inputs.map(specOf).join('')}---
${jobs.join('\n')}`;
}

function specOf({ name, ...rest }: ComponentInput): string {
  const lines = Object.entries(rest).map(([key, value]) => `      ${key}: ${scalarOf(value)}\n`);
  return `    ${name}:\n${lines.join('')}`;
}

function scalarOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[a-z]+$/.test(value) ? value : quoted(value);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

type Parts = { readonly rules: string; readonly launcher: string; readonly needs?: string };

/**
 * Values stand in the script, in a text that the shell hands on as it is: variables of a job could be overridden by whoever may start a
 * pipeline, or by a report of a job before. A retry runs this job alone; how it ends is how the command ended.
 */
function job(command: JobCommand, { rules, launcher, needs: before = '' }: Parts): string {
  const reports = given('reports');
  const depth = command === 'verify' ? `  variables: { GIT_DEPTH: '${given('git-depth')}' }\n` : '';
  return `'${given('job-prefix')}${command}':
  stage: '${given('stage')}'
  rules: ${given(rules)}
${before}  # The image and the tags may be the project's default, and nothing else: no script of others runs in this job, no cache comes into it.
  inherit: { default: [image, tags] }
  cache: []
  allow_failure: false
${depth}  script:
    # What reports and variables of jobs before could bring along: another node, code for it, reports of a run that never was.
    - export PATH='${given('path')}' GIT_CONFIG_GLOBAL=/dev/null
    - unset ${NOT_FOR_IT.join(' ')}
    - rm -rf -- '${reports}'
    - ${launcher}    - |
      signwright job ${command} 3<<'END OF INPUTS'
${inputsOf(command)}      END OF INPUTS
    - test -s '${reports}/result.json' || exit 70
${artifactsOf(command)}`;
}

/** Variables that make a shell, a loader, Node or git run more than they are asked to. */
const NOT_FOR_IT = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_COMPILE_CACHE',
  'NODE_V8_COVERAGE',
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'BASH_ENV',
  'ENV',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_EXEC_PATH',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
];

function inputsOf(command: JobCommand): string {
  const names = ['cli', 'cli-sha256', ...tableOf([command]).map(({ name }) => name)];
  return names.map((name) => `${INDENT}${name}=${given(name)}\n`).join('');
}

/** The launcher comes to Node as it is: the shell reads nothing in it, and no file of the job's is asked for it. */
function functionOf(launcher: string): string {
  const text = `signwright() {\nnode - "$@" <<'END OF LAUNCHER'\n${INPUTS_AS_JSON}${launcher}END OF LAUNCHER\n}\n`;
  return `|\n${text.replace(/^(?=.)/gm, INDENT)}`;
}

const LISTS = INPUTS.filter(({ type }) => type === 'list').map(({ name }) => `'${name}'`);

/** The command takes its inputs as one object, and a list as lines. They come by a descriptor of their own. */
const INPUTS_AS_JSON = `'use strict';
{
  const { closeSync, readFileSync } = require('node:fs');
  const lists = [${LISTS.join(', ')}];
  const given = readFileSync(3, 'utf8').split('\\n').filter((line) => line !== '');
  closeSync(3);
  const read = (line, at) => [line.slice(0, at), line.slice(at + 1)];
  const { cli, 'cli-sha256': sha256, ...inputs } = Object.fromEntries(given.map((line) => read(line, line.indexOf('='))));
  for (const name of lists) if (name in inputs) inputs[name] = inputs[name].replaceAll(',', '\\n');
  Object.assign(process.env, { SIGNWRIGHT_CLI: cli, SIGNWRIGHT_CLI_SHA256: sha256, SIGNWRIGHT_INPUTS: JSON.stringify(inputs) });
}
`;

/** Each job has the files of the build and what the jobs before it left. */
function needs(command: (typeof RELEASE_COMMANDS)[number]): string {
  const build = `    - { job: '${given('build-job')}', artifacts: true`;
  const before = { plan: [], sign: [], 'request-approval': ['sign'], verify: ['sign', 'request-approval'] }[command];
  const lines = before.map((name) => `    - { job: '${given('job-prefix')}${name}', artifacts: true }\n`);
  return `  needs:\n${build}${command === 'plan' ? ', optional: true' : ''} }\n${lines.join('')}`;
}

function artifactsOf(command: JobCommand): string {
  const reports = given('reports');
  const signed = command === 'sign' ? "      - .signwright/evidence/\n      - '**/*.sigstore.json'\n" : '';
  const judged = command === 'verify' ? `      - '${given('files')}'\n` : '';
  const junit = command === 'plan' ? '' : `      junit: '${reports}/junit.xml'\n`;
  return `  artifacts:
    when: always
    expire_in: '${given('expire-in')}'
    paths:
      - '${reports}/'
${signed}${judged}    reports:
${junit}      dotenv: '${reports}/outputs.env'
`;
}

function given(name: string): string {
  return `$[[ inputs.${name} ]]`;
}
