import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAct } from './act.ts';
import type { Drive, Step } from './drive.ts';

/** A pull request of a fork, as its event's file says. */
const FORK = {
  number: 7,
  pull_request: {
    number: 7,
    head: { ref: 'patch', repo: { full_name: 'eve/app', fork: true } },
    base: { ref: 'main', repo: { full_name: 'acme/app' } },
  },
};
const REPORTS = 'signwright-reports';

/** GitHub Actions, by act: a step with the action, a deployment in the same job, and one in a job that needs it. */
export const driveGithub: Drive = {
  platform: 'github',
  on: 'act',
  async run(workspace, step) {
    const kept = mkdtempSync(join(tmpdir(), 'signwright-runner-'));
    try {
      const event = step.fork === true ? { event: 'pull_request', payload: FORK } : { event: 'push' };
      const ran = await runAct({
        directory: workspace.directory,
        workflow: workflowOf(step, workspace.directory, kept),
        ...event,
      });
      const reports = new Map(
        ['result.json', 'verdicts.json', 'plan.json', 'drill.json', 'summary.md', 'junit.xml', 'results.sarif'].flatMap(
          (name) => {
            const file = join(kept, 'workspace', String(step.inputs?.['reports'] ?? REPORTS), name);
            return existsSync(file) ? [[name, readFileSync(file, 'utf8')] as const] : [];
          },
        ),
      );
      const notOfTheProject = (path: string): boolean =>
        !/^\.git(hub)?(\/|$)/.test(path.slice(kept.length + '/workspace/'.length));
      if (existsSync(join(kept, 'workspace')))
        cpSync(join(kept, 'workspace'), workspace.directory, { recursive: true, filter: notOfTheProject });
      return {
        succeeded: ran.step('signwright') === 'success',
        deployed: existsSync(join(kept, 'deployed-by-step')) || existsSync(join(kept, 'deployed-by-job')),
        log: ran.log,
        outputs: ran.outputs('signwright'),
        report: (name) => reports.get(name),
      };
    } finally {
      rmSync(kept, { recursive: true, force: true });
    }
  },
};

/**
 * The first step brings what a checkout and downloads would (act's own checkout leaves out what git ignores), the last keeps what the
 * job leaves, for the runner's workspace goes with it. Values are JSON, which is YAML.
 */
function workflowOf({ command, inputs = {}, env = {} }: Step, project: string, kept: string): string {
  return `on: [push, pull_request]
env: ${JSON.stringify({ ...env, PROJECT: project, KEPT: kept })}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - run: cp -a "$PROJECT/." .
      - id: signwright
        uses: acme/signwright-action@v1
        with: ${JSON.stringify({ ...inputs, command })}
      - run: touch "$KEPT/deployed-by-step"
      - if: always()
        run: cp -a . "$KEPT/workspace"
  deploy:
    needs: gate
    runs-on: ubuntu-latest
    steps:
      - run: touch "$KEPT/deployed-by-job"
`;
}
