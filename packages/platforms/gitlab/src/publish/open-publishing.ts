import { type Json, type JsonObject, SignwrightError } from '@signwright/signing-core';
import { type Entries, type GitlabAsk, objectIn, openAsk, PAGE } from '../ask.ts';
import type { Limits } from '../exchange.ts';
import { type GitlabProject, referenceOf } from '../reference.ts';
import type { Answered } from '../send.ts';
import type { GitlabToken } from '../token.ts';

/** One project on a GitLab, and how it is told things. */
export type GitlabPublishOptions = {
  readonly project: GitlabProject;
  /** A personal, project or group access token with the scope `api`. */
  readonly token: GitlabToken;
  /** For one call with all its requests, in milliseconds; 30,000 unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
};

/** What became of something that is there once. */
export type Published = 'made' | 'updated' | 'unchanged';

/** Tells GitLab things: every request of it shares a deadline and names the same permission where it is refused. */
export type Publishing = {
  readonly options: GitlabAsk['options'];
  readonly where: string;
  /** @param passes the statuses that are answers, 200 and 201 unless told. */
  tell(action: string, call: Promise<unknown>, passes?: readonly number[]): Promise<Answered>;
  object(answered: Answered): JsonObject;
  /** GitLab's number of something. */
  id(value: Json | undefined): number;
  /** A list over its pages, until `last` is content with one. */
  pages(
    action: string,
    page: (at: PageAt) => Promise<unknown>,
    last?: (entries: readonly JsonObject[]) => boolean,
  ): Promise<Entries>;
};

type PageAt = { readonly page: number; readonly perPage: number };

const DEADLINE_MS = 30_000;
const MAX_PAGES = 30;

/** @param permission what to do where the token may not, or the licence has no such thing. */
export async function openPublishing(
  { project, token, timeoutMs = DEADLINE_MS, fetch }: GitlabPublishOptions,
  permission: string,
): Promise<Publishing> {
  const until = performance.now() + timeoutMs;
  const limits: Limits = {
    get timeoutMs() {
      return Math.max(1, Math.round(until - performance.now()));
    },
    fetch: fetch ?? globalThis.fetch,
  };
  const where = referenceOf(project);
  const { options, ask, pages } = await openAsk(project, token, limits);
  return {
    options,
    where,
    tell: (action, call, passes = [200, 201]) => ask(action, call, ({ status }) => passes.includes(status), permission),
    object: (answered) => objectIn(answered, where),
    id(value) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
      throw new SignwrightError('invalid-input', 'an id is no number', { where });
    },
    pages: (action, page, last = () => false) =>
      pages(action, (number) => page({ page: number, perPage: PAGE }), { most: MAX_PAGES, last, permission }),
  };
}
