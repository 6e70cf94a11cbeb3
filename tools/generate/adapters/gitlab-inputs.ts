import type { Input, JobCommand } from '../../../packages/apps/cli/src/job/inputs.ts';
import { pinned } from '../../ship/release.ts';

/** An input of a component, as `spec: inputs:` has it. Without a default it must be given. */
export type ComponentInput = {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'array' | 'number';
  readonly description: string;
  readonly default?: string | boolean | number | readonly unknown[];
  readonly options?: readonly string[];
  readonly regex?: string;
};

/**
 * GitLab puts a text into a template as it is, before it reads the YAML. So each text has a pattern, which GitLab holds it to, and none
 * lets a value out of the single quotes it is put into. Of an array GitLab writes the JSON and holds it to none: U+0085, a line break to
 * its YAML alone, would lead out of any text it is put into. So lists are texts too.
 */
const TEXT = '[ -&(-~]*';

/** An input of the table, as a component takes it. */
export function componentInput({ name, type, default: value, description, pattern }: Input): ComponentInput {
  if (type === 'boolean') return { name, type, description, default: value === true };
  return {
    name,
    type: 'string',
    description: type === 'list' ? description.replace('one a line', 'separated by commas') : description,
    default: String(value),
    regex: `^(${quotable(pattern)})${value === '' ? '?' : ''}$`,
  };
}

/** A pattern of the table as GitLab's RE2 takes it, without what ends a quoted text. */
function quotable(pattern: string | undefined): string {
  return pattern === undefined || pattern.includes('\\u') ? TEXT : pattern;
}

/** Where runs are allowed to sign: a branch or tag that is protected, outside of merge requests. */
const PROTECTED = '$CI_COMMIT_REF_PROTECTED == "true" && $CI_MERGE_REQUEST_IID == null';
const MERGE_REQUEST = '$CI_PIPELINE_SOURCE == "merge_request_event"';

const SCHEDULE = '$CI_PIPELINE_SOURCE == "schedule"';

const RULES: { readonly [command in JobCommand]?: readonly [when: string, rule: string] } = {
  plan: ['in merge requests', MERGE_REQUEST],
  drill: ['in scheduled pipelines', SCHEDULE],
};

const STAGE: ComponentInput = {
  name: 'stage',
  type: 'string',
  description: 'The stage the jobs are in: before the one that deploys.',
  default: 'test',
  regex: '^[A-Za-z0-9_.][A-Za-z0-9_. -]{0,62}$',
};

const JOB_PREFIX: ComponentInput = {
  name: 'job-prefix',
  type: 'string',
  description: 'What the names of the jobs begin with.',
  default: 'signwright-',
  regex: '^([A-Za-z0-9_][A-Za-z0-9_:/-]{0,62})?$',
};

const CLI: readonly ComponentInput[] = [
  {
    name: 'cli',
    type: 'string',
    description: "The command line in one file: where the job's image has it, or an https URL.",
    default: '/opt/signwright/signwright.cjs',
    regex: '^[!-&(-~]{1,1000}$',
  },
  {
    name: 'cli-sha256',
    type: 'string',
    description:
      'What its SHA-256 must be: 64 hex digits, from SHA256SUMS of a release. Nothing else is run. Default: that of this release.',
    default: pinned().sha256,
    regex: '^[0-9a-f]{64}$',
  },
];

const EXPIRE: ComponentInput = {
  name: 'expire-in',
  type: 'string',
  description: 'How long GitLab keeps the reports as artifacts of the job. Evidence lasts as long as the store it is in.',
  default: '30 days',
  options: ['1 day', '7 days', '30 days', '90 days', '1 year', 'never'],
};

const PATH: ComponentInput = {
  name: 'path',
  type: 'string',
  description: 'Where node and git are looked for, and nowhere else.',
  default: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  regex: '^/[A-Za-z0-9_./+-]*(:/[A-Za-z0-9_./+-]*)*$',
};

const FILES: ComponentInput = {
  name: 'files',
  type: 'string',
  description: 'What verify hands on to later jobs, as artifacts: the files it judged, so that they need no other job for them.',
  default: 'dist/',
  regex: '^[A-Za-z0-9_][A-Za-z0-9_.*/-]{0,200}$',
};

const GIT_DEPTH: ComponentInput = {
  name: 'git-depth',
  type: 'number',
  description: 'How many commits verify has at hand. 0, all of them, is what collect needs.',
  default: 20,
};

/** The inputs with which one job says when it runs. */
export function rulesInput(command: JobCommand, name = 'rules'): ComponentInput {
  const [when, rule] = RULES[command] ?? ['on protected branches and tags', PROTECTED];
  const description = `When the job runs, as rules of GitLab. Default: ${when}.`;
  return { name, type: 'array', description, default: [{ if: rule }] };
}

/** What is GitLab's own in a component with these jobs. */
export function ownInputs(commands: readonly JobCommand[]): readonly ComponentInput[] {
  return [...CLI, PATH, STAGE, JOB_PREFIX, EXPIRE, ...(commands.includes('verify') ? [FILES, GIT_DEPTH] : [])];
}

/** Of a component of several jobs: what makes the files. */
export const BUILD_JOB: ComponentInput = {
  name: 'build-job',
  type: 'string',
  description:
    'The job that makes the files and has them as artifacts. It runs before, and a retry of a job here never runs it again.',
  regex: '^[A-Za-z0-9_][A-Za-z0-9_.: /-]{0,200}$',
};
