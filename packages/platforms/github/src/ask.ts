import {
  canonicalDigest,
  type FieldReader,
  fieldReader,
  hasControlCharacter,
  type Json,
  type JsonObject,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { askJson } from '@signwright/transport';

/** One repository on GitHub, and how it is asked. */
export type GithubOptions = {
  /** `owner/name`. */
  readonly repository: string;
  /** A secret: the job's GITHUB_TOKEN, or one of a GitHub App or person. */
  readonly token: string;
  /** Where the API is; `https://api.github.com` unless told, `https://HOST/api/v3` on GitHub Enterprise Server. */
  readonly api?: string;
  /** For one question with all its requests, in milliseconds; 60,000 unless told. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
};

/** One question: all its requests share a deadline, and all answers go into one digest. */
export type Ask = {
  /** @param path below the repository. @param permission what the token must be allowed, for messages. */
  get(path: string, permission: string): Promise<JsonObject>;
  /** All entries of a list, over its pages. @throws SignwrightError `unreachable` where there are more than are read. */
  every(path: string, permission: string): Promise<readonly JsonObject[]>;
  /** The first entries of a list; `complete` is false where there are more. */
  first(path: string, permission: string, maxPages: number): Promise<{ entries: readonly JsonObject[]; complete: boolean }>;
  readonly read: FieldReader;
  /** SHA-256 over RFC 8785 of `{path: answer}`. */
  digest(): Sha256;
};

export const WHAT = 'GitHub';
const API = 'https://api.github.com';
const DEADLINE_MS = 60_000;
const MAX_PAGES = 30;
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.\.?$)[\w.-]{1,100}$/;

/** The repository's address, for messages. */
export function whereOf({ repository, api = API }: GithubOptions): string {
  return `${URL.canParse(api) ? new URL(api).host : 'api'}/${repository}`;
}

/** @throws SignwrightError `configuration` where the repository is none. */
export function openAsk(options: GithubOptions): Ask {
  const { repository, token, api = API, deadlineMs = DEADLINE_MS, signal } = options;
  if (!REPOSITORY.test(repository) || hasControlCharacter(token) || token === '') {
    throw new SignwrightError('configuration', 'GitHub cannot be asked without a repository and a token', {
      next: 'name the repository as owner/name, and pass the job its GITHUB_TOKEN',
    });
  }
  const until = performance.now() + deadlineMs;
  const where = whereOf(options);
  const answers = new Map<string, Json>();
  const read = fieldReader('the answer');
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'user-agent': 'signwright',
    'x-github-api-version': '2022-11-28',
  };

  async function ask(path: string, permission: string): Promise<{ json: Json; next: string | undefined }> {
    const { json, headers: answered } = await askJson({
      what: WHAT,
      where,
      deadlineMs: Math.max(1, Math.round(until - performance.now())),
      signal,
      method: 'GET',
      url: `${api}/repos/${repository}${path}`,
      headers,
      refusal: ({ status, headers }) => refused(status, headers, permission, where),
    });
    answers.set(path, json);
    return { json, next: nextOf(answered['link']) };
  }

  async function first(path: string, permission: string, maxPages: number): ReturnType<Ask['first']> {
    const entries: JsonObject[] = [];
    const start = `${path}${path.includes('?') ? '&' : '?'}per_page=100`;
    let page: string | undefined = start;
    for (let pages = 0; page !== undefined && pages < maxPages; pages++) {
      const { json, next } = await ask(page, permission);
      entries.push(...read.list(json, '').map((entry, index) => read.record(entry, `[${index}]`)));
      page = next === undefined ? undefined : `${start}&${next}`;
    }
    return { entries, complete: page === undefined };
  }

  return {
    read,
    digest: () => canonicalDigest(Object.fromEntries(answers)),
    first,
    async get(path, permission) {
      return read.record((await ask(path, permission)).json, '');
    },
    async every(path, permission) {
      const { entries, complete } = await first(path, permission, MAX_PAGES);
      if (complete) return entries;
      throw new SignwrightError('unreachable', `GitHub lists more than ${entries.length} entries, which are not all read`, {
        where,
      });
    },
  };
}

/** Of a `Link` header the one parameter that leads on: the address itself is not followed, for the token goes with the request. */
function nextOf(link: string | undefined): string | undefined {
  const address = /<([^<>]*)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { searchParams } = new URL(address);
  for (const name of ['page', 'after']) {
    const value = searchParams.get(name);
    if (value !== null) return new URLSearchParams({ [name]: value }).toString();
  }
  return undefined;
}

function refused(
  status: number,
  headers: { readonly [name: string]: string },
  permission: string,
  where: string,
): SignwrightError {
  if (status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined)) {
    return new SignwrightError('unreachable', 'GitHub is asked too often (403, its rate limit)', {
      where,
      next: 'run again when the hour is over, or use the token of an app with a higher limit',
    });
  }
  const next = `give the token the permission ${permission} for this repository`;
  if (status === 401) return new SignwrightError('configuration', 'GitHub does not accept the token (401)', { where, next });
  if (status === 403) return new SignwrightError('configuration', 'GitHub refuses the token (403)', { where, next });
  if (status === 404 || status === 410 || status === 422) {
    const problem = `GitHub has no such repository, run or commit, or the token may not see it (${status})`;
    return new SignwrightError('configuration', problem, { where, next: `check their names; ${next}` });
  }
  if (status >= 300 && status < 400) {
    return new SignwrightError('configuration', `GitHub has this repository elsewhere (${status})`, {
      where,
      next: 'name the repository as it is called now',
    });
  }
  return new SignwrightError('unreachable', `GitHub answers with status ${status}`, { where, next: 'run again later' });
}
