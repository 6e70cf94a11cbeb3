import { rmSync } from 'node:fs';
import type { Workspace } from '@signwright/testkit';
import { INPUTS, OUTPUTS } from '../../packages/apps/cli/src/job/inputs.ts';
import type { Drive, Ran, Step } from './drive.ts';
import { CLI, cliSha256, runPipeline } from './gitlab/run-pipeline.ts';

const FORK = { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: '7', CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '21' };

/** The component of the command, included from its project; a job that reads its outputs, and one that deploys. */
export const driveGitlab: Drive = {
  platform: 'gitlab',
  on: 'gitlab-ci-local',
  async run(workspace, step) {
    const { passed, log } = await runPipeline(workspace, pipelineOf(step), {
      variables: { ...(step.fork ? FORK : {}), ...step.env },
      unset: step.fork ? ['CI_COMMIT_BRANCH'] : [],
    });
    // The other platforms' workspaces are no repository of git either: what is asked for names the commit.
    rmSync(workspace.path('.git'), { recursive: true });
    return {
      succeeded: passed.includes(`signwright-${step.command}`),
      deployed: passed.includes('deploy'),
      log,
      outputs: outputsIn(log),
      report: (name) => reportOf(workspace, step, name),
    } satisfies Ran;
  },
};

function pipelineOf({ command, inputs = {} }: Step): string {
  const given = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, asInput(name, value)]));
  const own = { cli: CLI, 'cli-sha256': cliSha256(), rules: [{ if: '$CI' }] };
  return JSON.stringify({
    include: [{ component: `$CI_SERVER_FQDN/acme/signwright/${command}@1.0.0`, inputs: { ...own, ...given } }],
    tell: {
      stage: 'deploy',
      when: 'always',
      needs: [`signwright-${command}`],
      script: OUTPUTS.map(({ name }) => `echo "told ${name} <$SIGNWRIGHT_${name.toUpperCase().replaceAll('-', '_')}>"`),
    },
    deploy: { stage: 'deploy', needs: [`signwright-${command}`], script: ['echo deployed'] },
  });
}

function asInput(name: string, value: string | boolean): string | boolean {
  const isList = INPUTS.some((input) => input.name === name && input.type === 'list');
  return isList && typeof value === 'string' ? value.replaceAll('\n', ',') : value;
}

function outputsIn(log: string): Record<string, string> {
  return Object.fromEntries([...log.matchAll(/^tell\s+> told (\S+) <(.*)>$/gm)].map(([, name, value]) => [name, value]));
}

function reportOf(workspace: Workspace, { inputs = {} }: Step, name: string): string | undefined {
  const path = `${inputs['reports'] ?? 'signwright-reports'}/${name}`;
  return workspace.has(path) ? workspace.read(path) : undefined;
}
