import type { GitlabPublishOptions } from '@signwright/gitlab';
import { type Environment, messageOf, SignwrightError } from '@signwright/signing-core';
import { checkTokenHost } from '../context/token-host.ts';
import type { Inputs } from './read-inputs.ts';
import type { JobResult } from './result.ts';
import { ARCHIVE } from './write-reports.ts';

/** What a job came to, as it stands in its reports. */
export type JobOutcome = { readonly result: JobResult; readonly summary: string };

type Telling = { readonly what: string; tell(options: GitlabPublishOptions): Promise<string> };

const TOKEN = 'SIGNWRIGHT_GITLAB_TOKEN';

/**
 * Tells GitLab what a job came to: a comment and a status check of its merge request, a link from the release of its tag. The verdict
 * stands whatever becomes of that: what cannot be told is a note in the log.
 */
export async function publishToGitlab(
  outcome: JobOutcome,
  inputs: Pick<Inputs, 'comment' | 'status-check' | 'release-link' | 'reports'>,
  note: (text: string) => void,
  environment: Environment = process.env,
): Promise<void> {
  const tellings = [
    comment(outcome, inputs, environment),
    check(outcome, inputs, environment),
    link(outcome, inputs, environment),
  ];
  const wanted = tellings.filter((one) => one !== undefined);
  if (wanted.length === 0) return;
  if (!environment[TOKEN]) {
    note(`${TOKEN} is not set: GitLab is not told (${wanted.map(({ what }) => what).join(', ')})`);
    return;
  }
  try {
    const options = await optionsOf(environment);
    for (const { what, tell } of wanted) await attempt(what, () => tell(options), note);
  } catch (error) {
    note(failed('GitLab is not told', error));
  }
}

async function attempt(what: string, tell: () => Promise<string>, note: (text: string) => void): Promise<void> {
  try {
    note(`${what}: ${await tell()}`);
  } catch (error) {
    note(failed(`${what}: not done`, error));
  }
}

function failed(what: string, error: unknown): string {
  const next = error instanceof SignwrightError && error.next !== undefined ? `\n  → ${error.next}` : '';
  return `${what}: ${messageOf(error)}${next}`;
}

/** A merge request is of the project it goes into, which of a fork's is another than the job's. */
async function optionsOf(environment: Environment): Promise<GitlabPublishOptions> {
  const { parseGitlabReference, readToken } = await import('@signwright/gitlab');
  const { CI_SERVER_URL: server = '', CI_PROJECT_PATH: own = '', CI_MERGE_REQUEST_PROJECT_PATH: target } = environment;
  const host = URL.canParse(server) ? new URL(server).host : '';
  const project = parseGitlabReference(`gitlab://${host}/${target || own}`);
  checkTokenHost(TOKEN, project.host, environment);
  return { project, token: readToken(environment, TOKEN) };
}

function mergeRequestOf({ CI_MERGE_REQUEST_IID: iid = '' }: Environment): number | undefined {
  return /^[1-9]\d{0,9}$/.test(iid) ? Number(iid) : undefined;
}

function comment(
  { result, summary }: JobOutcome,
  inputs: Pick<Inputs, 'comment'>,
  environment: Environment,
): Telling | undefined {
  const mergeRequest = mergeRequestOf(environment);
  if (!inputs.comment || mergeRequest === undefined || !isJudgement(result)) return undefined;
  const key = `${result.command}:${result.environment ?? 'default'}`;
  return {
    what: `comment on !${mergeRequest}`,
    async tell(options) {
      const { commentOnMergeRequest } = await import('@signwright/gitlab');
      return commentOnMergeRequest(options, { mergeRequest, key, body: summary });
    },
  };
}

const STATUS = { allow: 'passed', deny: 'failed', error: 'failed', pending: 'pending', inconclusive: 'pending' } as const;

function check({ result }: JobOutcome, inputs: Pick<Inputs, 'status-check'>, environment: Environment): Telling | undefined {
  const mergeRequest = mergeRequestOf(environment);
  const id = Number(inputs['status-check']);
  if (id === 0 || mergeRequest === undefined || !isJudgement(result)) return undefined;
  // Of a merged results pipeline the job's commit is one that GitLab made.
  const commit = environment['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA'] || environment['CI_COMMIT_SHA'] || '';
  const status = STATUS[result.result];
  return {
    what: `status check ${id} of !${mergeRequest}`,
    async tell(options) {
      const { setStatusCheck } = await import('@signwright/gitlab');
      await setStatusCheck(options, { mergeRequest, commit, check: id, status });
      return status;
    },
  };
}

/** The archive is an artifact of this job; those of a tag's newest pipeline are kept. */
function link(
  { result }: JobOutcome,
  inputs: Pick<Inputs, 'release-link' | 'reports'>,
  { CI_COMMIT_TAG: tag, CI_JOB_URL: job }: Environment,
): Telling | undefined {
  const archived = result.command === 'verify' && result.result === 'allow' && result.files.includes(ARCHIVE);
  if (!inputs['release-link'] || !tag || !job || !archived) return undefined;
  const name = ['Signwright evidence', ...(result.environment === undefined ? [] : [`(${result.environment})`])].join(' ');
  return {
    what: `link from the release ${tag}`,
    async tell(options) {
      const { linkFromRelease } = await import('@signwright/gitlab');
      return linkFromRelease(options, { tag, name, url: `${job}/artifacts/raw/${inputs.reports}/${ARCHIVE}` });
    },
  };
}

function isJudgement({ command }: JobResult): boolean {
  return command === 'plan' || command === 'verify';
}
