import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAzureTask } from './azure-agent.ts';

/** A step, as our pipelines have them. */
export type PipelineStep = {
  readonly checkout?: string;
  readonly download?: string;
  readonly publish?: string;
  readonly artifact?: string;
  readonly script?: string;
  readonly bash?: string;
  readonly task?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly condition?: string;
};
type Variable = { readonly name: string; readonly value: string };
export type Job = {
  readonly job?: string;
  readonly deployment?: string;
  readonly dependsOn?: string;
  readonly workspace?: unknown;
  readonly variables?: readonly Variable[];
  readonly steps?: readonly PipelineStep[];
  readonly strategy?: Deployment;
};
type Deployment = { readonly runOnce: { readonly deploy: { readonly steps: readonly PipelineStep[] } } };
export type Stage = {
  readonly stage: string;
  readonly jobs: readonly Job[];
  readonly dependsOn?: string;
  readonly condition?: string;
};

export type PipelineOptions = {
  readonly stages: readonly Stage[];
  /** What `checkout: self` brings. */
  readonly project: string;
  /** Of the agent, by their names in capitals. */
  readonly agent: Readonly<Record<string, string>>;
  /** Of the pipeline's root, or given when it was queued. */
  readonly variables: Readonly<Record<string, string>>;
  /** A folder of programs that scripts find. */
  readonly programs: string;
};
type PipelineRun = {
  readonly results: Readonly<Record<string, string>>;
  /** By `STAGE.JOB`. */
  readonly jobs: Readonly<Record<string, string>>;
  readonly log: string;
};

const NOT_FOR_PULL_REQUESTS = "and(succeeded(), ne(variables['Build.Reason'], 'PullRequest'))";

/** The steps of a job, of whichever kind it is. */
export function stepsOf({ steps, strategy }: Job): readonly PipelineStep[] {
  return steps ?? strategy?.runOnce.deploy.steps ?? [];
}

/** Runs the stages of a pipeline in their order, each job in a directory of its own, as agents do. */
export async function runStages(options: PipelineOptions): Promise<PipelineRun> {
  const room = mkdtempSync(join(tmpdir(), 'signwright-pipeline-'));
  const results: Record<string, string> = {};
  const ofJobs: Record<string, string> = {};
  let log = '';
  try {
    for (const { stage, jobs, dependsOn, condition } of options.stages) {
      const goesOn = dependsOn === undefined || results[dependsOn] === 'Succeeded';
      if (!goesOn || (condition === NOT_FOR_PULL_REQUESTS && options.agent['BUILD_REASON'] === 'PullRequest')) {
        results[stage] = 'Skipped';
        continue;
      }
      if (condition !== undefined && condition !== NOT_FOR_PULL_REQUESTS) throw new Error(`no such condition here: ${condition}`);
      const ran = await runJobs(jobs, stage, room, options);
      results[stage] = Object.values(ran.results).every((result) => result === 'Succeeded') ? 'Succeeded' : 'Failed';
      for (const [name, result] of Object.entries(ran.results)) ofJobs[`${stage}.${name}`] = result;
      log += ran.log;
    }
    return { results, jobs: ofJobs, log };
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** A job runs where the one it depends on succeeded. */
async function runJobs(
  jobs: readonly Job[],
  stage: string,
  room: string,
  options: PipelineOptions,
): Promise<{ results: Record<string, string>; log: string }> {
  const results: Record<string, string> = {};
  let log = '';
  for (const job of jobs) {
    const name = job.job ?? job.deployment ?? '';
    if (job.dependsOn !== undefined && results[job.dependsOn] !== 'Succeeded') {
      results[name] = 'Skipped';
      continue;
    }
    const variables = { ...options.agent, ...environmentOf(options.variables, job.variables ?? []) };
    const ran = await runJob(stepsOf(job), join(room, `${stage}-${name}`), join(room, 'artifacts'), { ...options, variables });
    log += ran.log;
    results[name] = ran.succeeded ? 'Succeeded' : 'Failed';
  }
  return { results, log };
}

/**
 * What variables are in the environment of a job: names differ by more than case, the job's outrank the pipeline's, `.` becomes `_`.
 * Where two are one then, nothing says which it is: here the pipeline's.
 */
function environmentOf(ofPipeline: Readonly<Record<string, string>>, ofJob: readonly Variable[]): Record<string, string> {
  const own = new Map(ofJob.map(({ name, value }) => [name.toUpperCase(), value]));
  const others = Object.entries(ofPipeline).filter(([name]) => !own.has(name.toUpperCase()));
  const all = new Map([...own, ...others.map(([name, value]) => [name.toUpperCase(), value] as const)]);
  const expanded = (value: string): string =>
    value.replace(/\$\(([\w.]+)\)/g, (macro, name: string) => all.get(name.toUpperCase()) ?? macro);
  return Object.fromEntries([...all].map(([name, value]) => [name.replaceAll('.', '_'), expanded(value)]));
}

async function runJob(
  steps: readonly PipelineStep[],
  place: string,
  artifacts: string,
  options: PipelineOptions,
): Promise<{ succeeded: boolean; log: string }> {
  const sources = join(place, 's');
  mkdirSync(sources, { recursive: true });
  let succeeded = true;
  let log = '';
  for (const step of steps) {
    if (!succeeded && step.condition !== 'always()') continue;
    const ran = await runStep(step, place, artifacts, options);
    log += ran.log;
    if (!ran.succeeded) succeeded = false;
  }
  return { succeeded, log };
}

async function runStep(
  step: PipelineStep,
  place: string,
  artifacts: string,
  { project, variables, programs }: PipelineOptions,
): Promise<{ succeeded: boolean; log: string }> {
  const sources = join(place, 's');
  const artifact = (step.artifact ?? '').replace('$(System.JobAttempt)', '1');
  if (step.task !== undefined) {
    const inputs = Object.entries(step.inputs ?? {}).map(([name, value]) => [name, wordOf(value)] as const);
    const ran = await runAzureTask({ inputs: Object.fromEntries(inputs), variables, workingDirectory: sources });
    return { succeeded: ran.result === 'Succeeded', log: ran.log };
  }
  const script = step.script ?? step.bash;
  if (script !== undefined) {
    const env = { PATH: `${programs}:/usr/bin:/bin`, PIPELINE_WORKSPACE: place, ...variables, ...step.env };
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-ec', script], {
      cwd: sources,
      env,
      encoding: 'utf8',
    });
    return { succeeded: status === 0, log: stdout + stderr };
  }
  if (step.checkout === 'self') cpSync(project, sources, { recursive: true });
  else if (step.download === 'current') cpSync(join(artifacts, artifact), join(place, artifact), { recursive: true });
  else if (step.publish !== undefined) cpSync(join(sources, step.publish), join(artifacts, artifact), { recursive: true });
  else if (step.checkout !== 'none') throw new Error(`no such step here: ${JSON.stringify(step)}`);
  return { succeeded: true, log: '' };
}

/** Azure writes `True` and `False`. */
function wordOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}
