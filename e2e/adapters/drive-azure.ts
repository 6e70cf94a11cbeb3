import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { INPUTS, OUTPUTS } from '../../packages/apps/cli/src/job/inputs.ts';
import { runAzureTask } from './azure-agent.ts';
import type { Drive } from './drive.ts';

/** A build of main, as the agent's variables say it. */
const MAIN = {
  SYSTEM_COLLECTIONURI: 'https://dev.azure.com/acme/',
  SYSTEM_TEAMPROJECT: 'tools',
  BUILD_BUILDID: '42',
  BUILD_REASON: 'IndividualCI',
  BUILD_REPOSITORY_URI: 'https://dev.azure.com/acme/tools/_git/app',
  BUILD_REQUESTEDFORID: '0d1cf9ba-8bd0-4d5c-8d80-4f9e2c1b0a01',
  BUILD_SOURCEBRANCH: 'refs/heads/main',
  BUILD_SOURCEVERSION: '714a629c0b401fdce83e847fc9589983fc6f46bc',
};
/** A pull request of a fork. */
const FORK = {
  BUILD_REASON: 'PullRequest',
  BUILD_SOURCEBRANCH: 'refs/pull/7/merge',
  SYSTEM_PULLREQUEST_ISFORK: 'True',
  SYSTEM_PULLREQUEST_PULLREQUESTID: '7',
};
const REPORTS = INPUTS.find(({ name }) => name === 'reports')?.default as string;

/** Azure Pipelines: the bundled task, run as an agent runs it, and a deployment that runs where its result is Succeeded. */
export const driveAzure: Drive = {
  platform: 'azure-devops',
  on: 'the bundled task',
  async run(workspace, { command, inputs = {}, env = {}, fork }) {
    const ran = await runAzureTask({
      workingDirectory: workspace.directory,
      inputs: { command, ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [camel(name), String(value)])) },
      variables: { ...MAIN, ...(fork === true ? FORK : {}), ...env },
    });
    const deployment = workspace.path('deployed');
    rmSync(deployment, { force: true });
    if (ran.result === 'Succeeded') execFileSync('touch', [deployment]);
    const reports = workspace.path(String(inputs['reports'] ?? REPORTS));
    return {
      succeeded: ran.result === 'Succeeded',
      deployed: existsSync(deployment),
      log: ran.log,
      outputs: Object.fromEntries(OUTPUTS.map(({ name }) => [name, ran.outputs[camel(name)] ?? ''])),
      report: (name) => (existsSync(join(reports, name)) ? readFileSync(join(reports, name), 'utf8') : undefined),
    };
  },
};

/** An input or output of the table as task.json names it. */
function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
