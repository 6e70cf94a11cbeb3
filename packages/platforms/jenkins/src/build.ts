import {
  canonicalDigest,
  checkCommits,
  checkRunCommit,
  type FieldReader,
  fieldReader,
  hasControlCharacter,
  isAbsent,
  type JsonObject,
  type PlatformAccount,
  platformAccount,
  type RunReference,
  runOf,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { askJson } from '@signwright/transport';
import { askForBuild } from './ask-for-build.ts';

/** One job of a Jenkins, and how it is asked. */
export type JenkinsOptions = {
  /** `https://jenkins.acme.example`, with the path Jenkins is below, if any. */
  readonly url: string;
  /** The job's full name: `folder/app/main`; a branch's slash is `%2F` in it, as JOB_NAME has it. */
  readonly job: string;
  readonly user: string;
  /** A secret: the user's API token. */
  readonly token: string;
  /** For one question, in milliseconds; 60,000 unless told. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
};

/** What a build says of people. */
export type Build = {
  /** Where people see it. */
  readonly url: string;
  /** When it began, ISO 8601 in UTC. */
  readonly began: string;
  readonly actions: readonly JsonObject[];
  readonly read: FieldReader;
  /** SHA-256 over RFC 8785 of `{path: answer}`. */
  readonly answer: Sha256;
};

export const WHAT = 'Jenkins';
const DEADLINE_MS = 60_000;
const NUMBER = /^[1-9]\d{0,9}$/;
const PART = /^(?!\.{1,2}$)[^/\\\p{C}]{1,255}$/u;
const TREE = 'number,timestamp,actions[_class,userId,lastBuiltRevision[SHA1],causes[_class,userId,user[id],timestamp]]';

/** The job's address, for messages. */
export function whereOf({ url, job }: JenkinsOptions): string {
  return `${URL.canParse(url) ? new URL(url).host : 'Jenkins'}/${job}`;
}

/**
 * Reads a build (GET …/api/json, as npm `jenkins` has it) and sees that it checked out the commit that is asked about: the git plugin
 * notes each (`hudson.plugins.git.util.BuildData`).
 */
export async function readBuild(options: JenkinsOptions, about: RunReference): Promise<Build> {
  checkCommits([about.commit]);
  const number = runOf(about, NUMBER);
  const { base, authorization } = requestOf(options);
  const where = whereOf(options);
  const { path, json } = await askForBuild(base, { name: options.job.split('/'), number, tree: TREE }, async (asked) => ({
    path: asked,
    ...(await askJson({
      what: WHAT,
      where,
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      signal: options.signal,
      method: 'GET',
      url: `${base}${asked}`,
      headers: { authorization, accept: 'application/json' },
      refusal: ({ status }) => refused(status, where),
    })),
  }));
  const read = fieldReader('the answer');
  const build = read.record(json, '');
  if (build['number'] !== Number(number)) read.fail('number', 'is of another build');
  const actions = read.list(build['actions'], 'actions').map((action) => read.record(action, 'actions[]'));
  const built = actions.flatMap(({ lastBuiltRevision }) =>
    isAbsent(lastBuiltRevision) ? [] : [read.text(read.record(lastBuiltRevision, 'lastBuiltRevision')['SHA1'], 'SHA1')],
  );
  if (!built.includes(about.commit)) checkRunCommit(about, built[0] ?? '', where);
  const began = build['timestamp'];
  if (typeof began !== 'number') return read.fail('timestamp', 'must be a number');
  return {
    url: `${base}${pathOf(options.job)}/${number}/`,
    began: timeOf(read, began, 'timestamp'),
    actions,
    read,
    answer: canonicalDigest({ [path]: json }),
  };
}

/** A user of Jenkins. @throws SignwrightError `configuration` where people are known by e-mail addresses there, which are not kept. */
export function userOf(id: JsonObject[string] | undefined): PlatformAccount {
  if (typeof id === 'string' && id.includes('@')) {
    throw new SignwrightError('configuration', 'this Jenkins knows people by their e-mail addresses, which are not kept', {
      next: 'let its security realm name users by ids',
    });
  }
  return platformAccount('jenkins', id);
}

/** Milliseconds since 1970 as ISO 8601. */
export function timeOf(read: FieldReader, value: JsonObject[string] | undefined, path: string): string {
  const at = typeof value === 'number' && Number.isSafeInteger(value) ? new Date(value) : undefined;
  return at === undefined || Number.isNaN(at.getTime()) ? read.fail(path, 'is not a time') : at.toISOString();
}

function pathOf(job: string): string {
  return job
    .split('/')
    .map((part) => `/job/${encodeURIComponent(part)}`)
    .join('');
}

function requestOf({ url, job, user, token }: JenkinsOptions): { readonly base: string; readonly authorization: string } {
  const fits = job.split('/').every((part) => PART.test(part)) && user !== '' && !user.includes(':') && token !== '';
  if (!URL.canParse(url) || !fits || hasControlCharacter(`${user}${token}`)) {
    throw new SignwrightError('configuration', 'Jenkins cannot be asked without an address, a job, a user and a token', {
      next: 'name the job as JOB_NAME does, and the user with an API token of theirs',
    });
  }
  const authorization = `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
  return { base: url.replace(/\/+$/, ''), authorization };
}

function refused(status: number, where: string): SignwrightError {
  const next = 'let the user read the job (Overall/Read, Job/Read), and give an API token of theirs';
  if (status === 401) return new SignwrightError('configuration', 'Jenkins does not accept the token (401)', { where, next });
  if (status === 403) return new SignwrightError('configuration', 'Jenkins refuses the user (403)', { where, next });
  if (status === 404) {
    const problem = 'Jenkins has no such job or build, or the user may not see it (404)';
    return new SignwrightError('configuration', problem, { where, next: `check their names; ${next}` });
  }
  if (status >= 300 && status < 400) {
    return new SignwrightError('configuration', `Jenkins is elsewhere (${status})`, {
      where,
      next: 'give its address as its own settings have it',
    });
  }
  return new SignwrightError('unreachable', `Jenkins answers with status ${status}`, { where, next: 'run again later' });
}
