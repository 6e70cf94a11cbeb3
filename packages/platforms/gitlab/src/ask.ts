import type { BaseResourceOptions } from '@gitbeaker/requester-utils';
import { type Json, type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import type { Limits } from './exchange.ts';
import { explain } from './explain.ts';
import { type GitlabProject, originOf, referenceOf } from './reference.ts';
import { type Answered, send } from './send.ts';
import type { GitlabToken } from './token.ts';

/** A GitLab's API, version 4, through gitbeaker, with a sender of our own. */
export type GitlabAsk = {
  /** What gitbeaker's resources are made with. */
  readonly options: BaseResourceOptions<false>;
  /**
   * One call of a resource. Our sender gives gitbeaker the whole answer as the body, whatever it says its methods return.
   *
   * @param passes which answers are ones; others are explained. @param permission what a refusal names in place of the usual.
   */
  ask(action: string, call: Promise<unknown>, passes?: (answered: Answered) => boolean, permission?: string): Promise<Answered>;
  /** Pages of a list until one is not full or `last` is content; `complete` is false where there are more than `most`. */
  pages(action: string, page: (number: number) => Promise<unknown>, limits: PageLimits): Promise<Entries>;
};

export type PageLimits = {
  readonly most: number;
  readonly last?: (entries: readonly JsonObject[]) => boolean;
  readonly permission?: string;
  /** Is told each page, with what was asked: path and query. */
  readonly keep?: (path: string, entries: readonly JsonObject[]) => void;
};
export type Entries = { readonly entries: readonly JsonObject[]; readonly complete: boolean };

/** Entries of a page. */
export const PAGE = 100;

/**
 * Opens the API for one project. gitbeaker's own way to send requests is not used: it follows redirects with the token in a header that
 * `fetch` keeps for other hosts, bounds no answer, puts the token into its errors, and sends files as forms, which GitLab stores as
 * they come, form and all.
 */
export async function openAsk(project: GitlabProject, token: GitlabToken, limits: Limits): Promise<GitlabAsk> {
  const where = referenceOf(project);
  const ask: GitlabAsk['ask'] = async (action, call, passes = ({ status }) => status === 200, permission) => {
    const answered = (await call.catch((error: unknown) => {
      throw error instanceof SignwrightError ? located(error, action, where) : error;
    })) as Answered;
    if (passes(answered)) return answered;
    throw explain(answered.status, textOf(answered), action, where, token.variable, permission);
  };
  return {
    options: await optionsOf(project, token, limits),
    ask,
    async pages(action, page, { most, last = () => false, permission, keep }) {
      const entries: JsonObject[] = [];
      for (let number = 1; number <= most; number++) {
        const answered = await ask(action, page(number), undefined, permission);
        const found = listIn(answered, where);
        keep?.(answered.path, found);
        entries.push(...found);
        if (found.length < PAGE || last(found)) return { entries, complete: true };
      }
      return { entries, complete: false };
    },
  };
}

async function optionsOf(project: GitlabProject, token: GitlabToken, limits: Limits): Promise<BaseResourceOptions<false>> {
  const { createRequesterFn } = await import('./gitbeaker.ts');
  return {
    host: originOf(project),
    ...(token.kind === 'job' ? { jobToken: token.value } : { token: token.value }),
    requesterFn: createRequesterFn(
      async (_, request) => request,
      (endpoint, request = {}) => send(endpoint, request, limits),
    ),
    queryTimeout: null,
    rateLimits: {},
  };
}

function located(error: SignwrightError, action: string, where: string): SignwrightError {
  return new SignwrightError(error.code, `GitLab cannot ${action}: ${error.message}`, {
    where,
    next: error.next ?? 'check the host and the network, then run again',
    cause: error.cause,
  });
}

function listIn(answered: Answered, where: string): readonly JsonObject[] {
  const json = jsonIn(answered, where);
  if (Array.isArray(json) && json.every((each) => typeof each === 'object' && each !== null))
    return json as readonly JsonObject[];
  throw notGitlab(where);
}

export function objectIn(answered: Answered, where: string): JsonObject {
  const json = jsonIn(answered, where);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw notGitlab(where);
}

function jsonIn({ bytes }: Answered, where: string): Json {
  try {
    return parseStrictJson(bytes, { what: 'the answer', maxBytes: bytes.length });
  } catch (cause) {
    throw notGitlab(where, cause);
  }
}

/** The beginning of what was said, to be looked at and not repeated. */
export function textOf({ bytes }: Answered): string {
  return bytes.subarray(0, 4096).toString('latin1');
}

function notGitlab(where: string, cause?: unknown): SignwrightError {
  return new SignwrightError('unreachable', 'what answers does not answer as GitLab does', {
    where,
    next: 'check the host; a login page or a proxy may stand before it',
    cause,
  });
}
