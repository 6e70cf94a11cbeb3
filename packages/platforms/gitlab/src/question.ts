import {
  canonicalDigest,
  type FieldReader,
  fieldReader,
  type Json,
  type JsonObject,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { type Entries, type GitlabAsk, objectIn, openAsk, PAGE, type PageLimits } from './ask.ts';
import type { Limits } from './exchange.ts';
import { type GitlabProject, referenceOf } from './reference.ts';
import type { GitlabToken } from './token.ts';

/** One project on a GitLab, and how it is asked about people. */
export type GitlabPeopleOptions = {
  readonly project: GitlabProject;
  /** A personal, project or group access token: a job's own may not ask for this. */
  readonly token: GitlabToken;
  /** For one question with all its requests, in milliseconds; 60,000 unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
};

type Page = { readonly page: number; readonly perPage: number };

/** One question: all its requests share a deadline, and all answers go into one digest. */
export type Question = {
  /** What gitbeaker's resources are made with. */
  readonly options: GitlabAsk['options'];
  readonly read: FieldReader;
  get(action: string, call: Promise<unknown>): Promise<JsonObject>;
  /**
   * A list over its pages, until `last` is content with one.
   *
   * @throws SignwrightError `unreachable` where there are more than are read.
   */
  every(
    action: string,
    page: (at: Page) => Promise<unknown>,
    last?: (entries: readonly JsonObject[]) => boolean,
  ): Promise<readonly JsonObject[]>;
  /** The first pages of a list. */
  first(action: string, page: (at: Page) => Promise<unknown>, most: number): Promise<Entries>;
  /** SHA-256 over RFC 8785 of `{path: answer}`. */
  digest(): Sha256;
};

export const WHAT = 'GitLab';
/** The form of a pipeline's id. */
export const PIPELINE: RegExp = /^[1-9]\d{0,14}$/;
const DEADLINE_MS = 60_000;
const MAX_PAGES = 30;
const PERMISSION =
  'use an access token with the scope read_api and the role Reporter in the project (CI_JOB_TOKEN may not ask for this); ' +
  'approvals of deployments, and rules for those of merge requests, need GitLab Premium';

export async function openQuestion({ project, token, timeoutMs = DEADLINE_MS, fetch }: GitlabPeopleOptions): Promise<Question> {
  const until = performance.now() + timeoutMs;
  const limits: Limits = {
    get timeoutMs() {
      return Math.max(1, Math.round(until - performance.now()));
    },
    fetch: fetch ?? globalThis.fetch,
  };
  const where = referenceOf(project);
  const { options, ask, pages } = await openAsk(project, token, limits);
  const answers = new Map<string, Json>();
  async function all(
    action: string,
    page: (at: Page) => Promise<unknown>,
    limits: Pick<PageLimits, 'most' | 'last'>,
  ): Promise<Entries> {
    const keep = (path: string, entries: readonly JsonObject[]): void => void answers.set(path, entries);
    return pages(action, (number) => page({ page: number, perPage: PAGE }), { ...limits, permission: PERMISSION, keep });
  }

  return {
    options,
    read: fieldReader('the answer'),
    digest: () => canonicalDigest(Object.fromEntries(answers)),
    async get(action, call) {
      const answered = await ask(action, call, undefined, PERMISSION);
      const json = objectIn(answered, where);
      answers.set(answered.path, json);
      return json;
    },
    first: (action, page, most) => all(action, page, { most }),
    async every(action, page, last = () => false) {
      const { entries, complete } = await all(action, page, { most: MAX_PAGES, last });
      if (complete) return entries;
      throw new SignwrightError('unreachable', `GitLab cannot ${action}: there are more than ${MAX_PAGES * PAGE}`, { where });
    },
  };
}

/** A time in any zone, as ISO 8601 in UTC. */
export function timeOf({ read }: Question, value: Json | undefined, path: string): string {
  const text = read.text(value, path);
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined;
  return at === undefined || Number.isNaN(at.getTime()) ? read.fail(path, 'is not a time') : at.toISOString();
}
