import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  disarmedLine,
  givenInputs,
  type Inputs,
  problemsIn,
  type Ran,
  Refused,
  readReport,
  runStep,
  secretsOf,
} from '@signwright/adapter-node';
import * as agent from 'azure-pipelines-task-lib/task.js';
import { inCamelCase } from './names.ts';

/** Where the task lies, and what it must run. */
export type TaskOptions = {
  /** Where launch.cjs and signwright.cjs lie. */
  readonly directory: string;
  /** The SHA-256 that signwright.cjs must have, in hex. */
  readonly sha256: string;
};

const MOST_PROBLEMS = 10;
const MOST_SUMMARY = 1024 * 1024;

/** Runs the task: inputs → the command line → summary, issues, outputs and the task's result. It ends as the command ended. */
export async function runTask(options: TaskOptions): Promise<number> {
  try {
    const command = agent.getInput('command') ?? '';
    const inputs = givenInputs('azure-devops', (name) => agent.getInput(inCamelCase(name)));
    const environment = environmentOf(inputs);
    for (const secret of secretsOf(inputs, environment)) agent.setSecret(secret);
    const ran = await runStep({ ...options, command, inputs, environment, workingDirectory: workingDirectory(), print });
    summarize(command, ran);
    report(ran);
    tell(ran);
    complete(command, ran);
    return ran.exitCode;
  } catch (error) {
    const message = error instanceof Refused ? error.message : `a defect of the task: ${(error as Error).stack}`;
    agent.setResult(agent.TaskResult.Failed, disarmedLine(message));
    return error instanceof Refused ? 2 : 70;
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function workingDirectory(): string {
  return agent.getVariable('System.DefaultWorkingDirectory') || process.cwd();
}

/**
 * What the command line asks the platform with: the job's token, the service connection whose ID token it is to have, and the
 * passphrase the inputs name where it is a secret variable, which the agent puts into no environment.
 */
function environmentOf(inputs: Inputs): NodeJS.ProcessEnv {
  const token = agent.getEndpointAuthorizationParameter('SYSTEMVSSCONNECTION', 'AccessToken', true);
  const connection = agent.getInput('serviceConnection');
  const name = inputs['passphrase-env'];
  // Only what is not in the environment is asked for, for the library writes down what it gives.
  const passphrase = name === undefined || process.env[name] ? undefined : agent.getVariable(name);
  return {
    ...process.env,
    ...(token ? { SYSTEM_ACCESSTOKEN: token } : {}),
    ...(connection ? { SIGNWRIGHT_SERVICE_CONNECTION: connection } : {}),
    ...(name !== undefined && passphrase ? { [name]: passphrase } : {}),
  };
}

/** A copy, for the agent reads it later, when another step may have written its own. The agent shows it under the file's name. */
function summarize(command: string, { directory }: Ran): void {
  const temporary = agent.getVariable('Agent.TempDirectory');
  const summary = directory === undefined ? undefined : readReport(directory, 'summary.md', MOST_SUMMARY);
  if (!temporary || summary === undefined) return;
  const folder = join(temporary, `signwright-${randomUUID()}`);
  const file = join(folder, `Signwright ${command}.md`);
  const { text, whole } = summary;
  mkdirSync(folder);
  writeFileSync(
    file,
    whole ? text : `${text.slice(0, text.lastIndexOf('\n') + 1)}\nThis is not all: the rest is in summary.md of the reports.\n`,
  );
  agent.uploadSummary(file);
}

/** What stands against artifacts, beside the run. */
function report({ directory }: Ran): void {
  const { problems, count } = directory === undefined ? { problems: [], count: 0 } : problemsIn(directory, MOST_PROBLEMS);
  for (const { level, code, path, message } of problems) {
    if (level === 'notice') print(`${message}\n`);
    else issue(level, message, path, code);
  }
  if (count > problems.length) print(`${count - problems.length} more in results.sarif of the reports\n`);
}

function issue(level: 'error' | 'warning', message: string, path: string | undefined, code: string): void {
  const type = level === 'error' ? agent.IssueType.Error : agent.IssueType.Warning;
  agent.logIssue(type, message, path, undefined, undefined, code);
}

/** What later steps read: `$(NAME.result)`, by the name of the step. */
function tell({ outputs }: Ran): void {
  for (const [name, value] of Object.entries(outputs)) agent.setVariable(inCamelCase(name), value, false, true);
}

/** Never with issues alone: what depends on the task would run. */
function complete(command: string, { exitCode, result, message, next, resume }: Ran): void {
  if (exitCode === 0) {
    agent.setResult(agent.TaskResult.Succeeded, message);
    return;
  }
  const lines = [`signwright ${command}: ${result}: ${message}`];
  if (next !== undefined) lines.push(`→ ${next}`);
  if (resume !== undefined) lines.push(`then run the failed stage again: ${resume}`);
  agent.setResult(agent.TaskResult.Failed, lines.join('\n'));
}
