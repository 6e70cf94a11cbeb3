import type { FormattedResponse, RequestOptions } from '@gitbeaker/requester-utils';
import { exchange, type Limits } from './exchange.ts';

/** What GitLab answered. */
export type Answered = {
  readonly status: number;
  readonly bytes: Buffer;
  /** What was asked: path and query. */
  readonly path: string;
};

const MAX_FILE = 64 * 1024 * 1024;
const MAX_JSON = 8 * 1024 * 1024;

/**
 * Sends what gitbeaker has shaped into a request, by `exchange`. A form's file becomes the body and its other fields the query: GitLab
 * stores the body of such a request as the file. A JSON body goes out as it is.
 *
 * @returns the answer as the body, so that gitbeaker gives it back as it is.
 */
export async function send(endpoint: string, options: RequestOptions, limits: Limits): Promise<FormattedResponse> {
  const { method = 'GET', prefixUrl, searchParams = '', headers = {}, body } = options;
  const url = new URL(endpoint, prefixUrl?.replace(/\/?$/, '/'));
  url.search = searchParams;
  const isForm = body instanceof FormData;
  const bytes = isForm ? await takeApart(body, url) : typeof body === 'string' ? Buffer.from(body) : undefined;
  const credentials = { ...headers, ...(isForm && bytes !== undefined ? { 'content-type': 'application/octet-stream' } : {}) };
  const isFile = /\/packages\/generic\//.test(url.pathname) && method === 'GET';
  const outgoing = {
    method,
    url,
    headers: credentials,
    most: isFile ? MAX_FILE : MAX_JSON,
    ...(bytes === undefined ? {} : { body: bytes }),
  };
  const answer = await exchange(outgoing, limits);
  const answered: Answered = { status: answer.status, bytes: answer.bytes, path: `${url.pathname}${url.search}` };
  return { status: answer.status, headers: {}, body: answered };
}

async function takeApart(form: FormData, url: URL): Promise<Uint8Array | undefined> {
  let file: Uint8Array | undefined;
  for (const [name, value] of form) {
    if (typeof value === 'string') url.searchParams.set(name, value);
    else file = new Uint8Array(await value.arrayBuffer());
  }
  return file;
}
