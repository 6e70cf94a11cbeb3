import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { type Command, compare, type Row } from './measure.ts';
import { makeTrial } from './trial.ts';

const ROUNDS = 15;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SINGLE = join(ROOT, 'packages/apps/cli/bundle/signwright.cjs');
const LAUNCHER = join(ROOT, 'packages/adapters/launcher/launch.cjs');

/** What each adapter adds to the command it runs: one small file verified, the tool in the cache, as a step of each platform does it. */
export async function adapters(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    const { directory } = trial;
    writeFileSync(join(directory, 'dist', 'small.tgz'), 'x'.repeat(4096));
    const done = ({ program, args, cwd }: Command): string => {
      const { status, stdout, stderr } = spawnSync(program, [...args], { cwd, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    };
    done(trial.signwright('sign', '--quiet'));
    const anchor = `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(done(trial.signwright('policy', 'check')))?.[1]}`;
    writeFileSync(join(directory, 'anchor.yaml'), anchor);
    mkdirSync(join(directory, 'agent'));

    const bare = trial.signwright('verify', 'dist/small.tgz', '--anchor', 'anchor.yaml');
    const steps = stepsIn(directory, anchor);
    const [alone, ...taken] = await compare(ROUNDS, [bare, ...steps.map(([, command]) => command)]);
    const against = { theirs: alone?.ms ?? 0, against: 'signwright verify' };
    return steps.map(([what], at) => ({ what, ours: taken[at]?.ms ?? 0, ...against, goal: { over: 150 } }));
  } finally {
    trial.remove();
  }
}

/** A step of each platform, as it is run there. Jenkins' is what its library gives to a shell. */
function stepsIn(cwd: string, anchor: string): [string, Command][] {
  const inputs = { paths: 'dist/small.tgz', anchor };
  const tool = {
    SIGNWRIGHT_CLI: SINGLE,
    SIGNWRIGHT_CLI_SHA256: createHash('sha256').update(readFileSync(SINGLE)).digest('hex'),
    SIGNWRIGHT_CACHE: join(cwd, 'cache'),
  };
  const given = { INPUT_COMMAND: 'verify', INPUT_PATHS: inputs.paths, INPUT_ANCHOR: inputs.anchor };
  const bundled = (adapter: string): string => join(ROOT, 'packages/adapters', adapter, 'main.cjs');
  const node = (script: string, env: Record<string, string>, ...args: string[]): Command => ({
    program: process.execPath,
    args: [script, ...args],
    cwd,
    env: { SIGNWRIGHT_CACHE: tool.SIGNWRIGHT_CACHE, ...env },
  });
  return [
    ['a step in GitLab', inGitlab(cwd, tool, inputs)],
    ['a step in Jenkins', node(LAUNCHER, { ...tool, SIGNWRIGHT_INPUTS: JSON.stringify(inputs) }, 'job', 'verify')],
    [
      'a task in Azure Pipelines',
      node(bundled('azure-devops-extension/bundle/Signwright/V1'), {
        ...given,
        TF_BUILD: 'True',
        AGENT_TEMPDIRECTORY: join(cwd, 'agent'),
      }),
    ],
    [
      'an action in GitHub',
      node(bundled('github-action/bundle'), {
        ...given,
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: join(cwd, 'agent/outputs'),
        GITHUB_STEP_SUMMARY: join(cwd, 'agent/summary'),
      }),
    ],
  ];
}

/** The script of the template's job, with its inputs in their places. */
function inGitlab(cwd: string, tool: Record<string, string>, { paths, anchor }: { paths: string; anchor: string }): Command {
  const [, jobs] = parseAllDocuments(readFileSync(join(ROOT, 'templates/verify.yml'), 'utf8'));
  const [job] = Object.values((jobs?.toJS() ?? {}) as Record<string, { readonly script: readonly string[] }>);
  const inputs: Record<string, string> = {
    path: process.env['PATH'] ?? '',
    reports: 'signwright-reports',
    cli: tool['SIGNWRIGHT_CLI'] ?? '',
    'cli-sha256': tool['SIGNWRIGHT_CLI_SHA256'] ?? '',
    paths,
    anchor,
  };
  const script = job?.script.join('\n').replace(/\$\[\[ inputs\.([a-z0-9-]+) \]\]/g, (_, name: string) => inputs[name] ?? '');
  return {
    program: 'bash',
    args: ['-e', '-c', script ?? 'false'],
    cwd,
    env: { SIGNWRIGHT_CACHE: tool['SIGNWRIGHT_CACHE'] ?? '' },
  };
}
