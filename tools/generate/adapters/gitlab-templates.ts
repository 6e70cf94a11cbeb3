import { readFile } from 'node:fs/promises';
import {
  COMMAND_DESCRIPTIONS,
  INPUTS,
  type Input,
  JOB_COMMANDS,
  type JobCommand,
} from '../../../packages/apps/cli/src/job/inputs.ts';
import { BUILD_JOB, type ComponentInput, componentInput, ownInputs, rulesInput } from './gitlab-inputs.ts';

const LAUNCHER = new URL('../../../packages/adapters/launcher/launch.cjs', import.meta.url);
const INDENT = ' '.repeat(6);

/** GitLab's components: path → text. One a command, and one with all four jobs. */
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
    ...tableOf(JOB_COMMANDS).map(componentInput),
    rulesInput('plan', 'plan-rules'),
    rulesInput('sign'),
    ...ownInputs(JOB_COMMANDS),
  ];
  const jobs = JOB_COMMANDS.map((command, at) =>
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

/** Values go through variables that nothing expands. A retry runs this job alone; how it ends is how the command ended. */
function job(command: JobCommand, { rules, launcher, needs: before = '' }: Parts): string {
  return `'${given('job-prefix')}${command}':
  stage: '${given('stage')}'
  rules: ${given(rules)}
${before}  # The image and the tags may be the project's default, and nothing else: no script of others runs in this job, no cache comes into it.
  inherit: { default: [image, tags] }
  cache: []
  allow_failure: false
  variables:
${variablesOf(command)}  script:
    - unset NODE_OPTIONS
    - ${launcher}    - signwright job ${command}
${artifactsOf(command)}`;
}

function variablesOf(command: JobCommand): string {
  return [
    variable('SIGNWRIGHT_CLI', given('cli')),
    variable('SIGNWRIGHT_CLI_SHA256', given('cli-sha256')),
    ...tableOf([command]).map(({ name }) => variable(`SIGNWRIGHT_INPUT_${name.toUpperCase().replaceAll('-', '_')}`, given(name))),
    ...(command === 'verify' ? [`    GIT_DEPTH: '${given('git-depth')}'\n`] : []),
  ].join('');
}

function variable(name: string, value: string): string {
  return `    ${name}: { expand: false, value: '${value}' }\n`;
}

/** The launcher comes to Node as it is: the shell reads nothing in it, and no file of the job's is asked for it. */
function functionOf(launcher: string): string {
  const text = `signwright() {\nnode - "$@" <<'END OF LAUNCHER'\n${INPUTS_AS_JSON}${launcher}END OF LAUNCHER\n}\n`;
  return `|\n${text.replace(/^(?=.)/gm, INDENT)}`;
}

const LISTS = INPUTS.filter(({ type }) => type === 'list').map(({ name }) => `'${name}'`);

/** The command takes its inputs as one object, and a list as lines. */
const INPUTS_AS_JSON = `'use strict';
{
  const lists = [${LISTS.join(', ')}];
  const inputs = {};
  for (const [variable, value] of Object.entries(process.env)) {
    if (!variable.startsWith('SIGNWRIGHT_INPUT_')) continue;
    const name = variable.slice(17).toLowerCase().replaceAll('_', '-');
    inputs[name] = lists.includes(name) ? value.replaceAll(',', '\\n') : value;
    delete process.env[variable];
  }
  process.env.SIGNWRIGHT_INPUTS = JSON.stringify(inputs);
}
`;

/** Each job has the files of the build and what the jobs before it left. */
function needs(command: JobCommand): string {
  const build = `    - { job: '${given('build-job')}', artifacts: true`;
  const before = { plan: [], sign: [], 'request-approval': ['sign'], verify: ['sign', 'request-approval'] }[command];
  const lines = before.map((name) => `    - { job: '${given('job-prefix')}${name}', artifacts: true }\n`);
  return `  needs:\n${build}${command === 'plan' ? ', optional: true' : ''} }\n${lines.join('')}`;
}

function artifactsOf(command: JobCommand): string {
  const reports = given('reports');
  const signed = command === 'sign' ? "      - .signwright/evidence/\n      - '**/*.sigstore.json'\n" : '';
  const junit = command === 'plan' ? '' : `      junit: '${reports}/junit.xml'\n`;
  return `  artifacts:
    when: always
    expire_in: '${given('expire-in')}'
    paths:
      - '${reports}/'
${signed}    reports:
${junit}      dotenv: '${reports}/outputs.env'
`;
}

function given(name: string): string {
  return `$[[ inputs.${name} ]]`;
}
