import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type JobCommand, OUTPUTS } from '../../packages/apps/cli/src/job/inputs.ts';
import type { Drive, Ran, Step } from './drive.ts';
import { build } from './jenkins-build.ts';

/** What the launcher is to run. */
export const CLI: string = resolve(import.meta.dirname, '../../packages/apps/cli/bundle/signwright.cjs');
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache');

const STEPS: Readonly<Record<JobCommand, string>> = {
  plan: 'signwrightPlan',
  sign: 'signwrightSign',
  verify: 'signwrightVerify',
  'request-approval': 'signwrightApprove',
  drill: 'signwrightDrill',
};

/** A scripted pipeline with the step and a deployment behind it, by the library as it is, in a build that JenkinsPipelineUnit runs. */
export const driveJenkins: Drive = {
  platform: 'jenkins',
  on: 'JenkinsPipelineUnit',
  async run(workspace, step) {
    rmSync(workspace.path('deployed'), { force: true });
    const reports = String(step.inputs?.['reports'] ?? 'signwright-reports');
    const built = await build({ workspace: workspace.directory, script: pipelineOf(step), variables: variablesOf(step) });
    return {
      succeeded: built.succeeded,
      deployed: workspace.has('deployed'),
      log: built.log,
      outputs: outputsOf(built.variables),
      report: (name) => (workspace.has(`${reports}/${name}`) ? workspace.read(`${reports}/${name}`) : undefined),
    } satisfies Ran;
  },
};

function pipelineOf({ command, inputs = {} }: Step): string {
  const given = Object.entries(inputs).map(([name, value]) => `${camelCase(name)}: ${literal(value)}`);
  const call = `${STEPS[command]}(${given.join(', ')})`;
  const asked = command === 'request-approval' ? call : `node('') { ${call} }`;
  return `${asked}\nnode('') { sh 'touch deployed' }\n`;
}

/** A value as Groovy writes it: in single quotes nothing is interpolated. */
function literal(value: string | boolean): string {
  if (typeof value === 'boolean') return String(value);
  const escaped = value
    .replace(/[\\']/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `'${escaped.replaceAll('\\u000a', '\\n').replaceAll('\\u000d', '\\r')}'`;
}

/** The variables of a job of the branch, or of a fork's change request. */
export function variablesOf({ env, fork }: Step): Record<string, string> {
  const sha256 = createHash('sha256').update(readFileSync(CLI)).digest('hex');
  const change = { BRANCH_NAME: 'PR-7', CHANGE_ID: '7', CHANGE_FORK: 'mallory', CHANGE_TARGET: 'main' };
  return {
    SIGNWRIGHT_CLI: CLI,
    SIGNWRIGHT_CLI_SHA256: sha256,
    XDG_CACHE_HOME: CACHE,
    JENKINS_URL: 'https://jenkins.acme.example/',
    JOB_NAME: 'acme/app/main',
    BUILD_NUMBER: '7',
    BUILD_URL: 'https://jenkins.acme.example/job/acme/job/app/job/main/7/',
    ...(fork ? change : { BRANCH_NAME: 'main' }),
    ...env,
  };
}

/** The variables of the build are the outputs. */
function outputsOf(variables: Readonly<Record<string, string>>): Record<string, string> {
  const named = OUTPUTS.map(({ name }) => [name, variables[`SIGNWRIGHT_${name.replaceAll('-', '_').toUpperCase()}`] ?? '']);
  return Object.fromEntries(named);
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
