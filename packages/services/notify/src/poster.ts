import { setTimeout as wait } from 'node:timers/promises';
import { SignwrightError } from '@signwright/signing-core';
import { addressesOf, type Resolve } from '@signwright/transport';
import { type Answer, postOnce } from './post-once.ts';

export type PosterOptions = {
  /** `https:`; `http:` where private addresses are allowed and it leads to this machine. No user name or password. */
  readonly url: string;
  /** Whether it may lead to private, unique-local and loopback addresses; `false` unless told. */
  readonly allowPrivate?: boolean;
  /** For everything: all tries and the pauses between; 30,000 unless told. */
  readonly deadlineMs?: number;
  /** For one try, answer included; 10,000 unless told. */
  readonly tryMs?: number;
  /** The longest pause before the second try; it doubles for each one after. 500 unless told. */
  readonly pauseMs?: number;
  /** Certificates in PEM to trust instead of the system's, for a server of one's own. */
  readonly ca?: string;
  /** Sent with every try, and part of no message: such as a collector's token. */
  readonly headers?: { readonly [name: string]: string };
  readonly resolve?: Resolve;
};

/** What is posted; `headers` is asked before each try, for they may tell its time. */
export type Message = {
  readonly body: Uint8Array;
  readonly headers: () => { readonly [name: string]: string };
  readonly signal?: AbortSignal;
};

/** Posts a message; returns when a 2xx answer has acknowledged it. */
export type Post = (message: Message) => Promise<void>;

const TRIES = 6;
const LONGEST_PAUSE = 8_000;

/**
 * Posts to one URL. A 429 or 5xx answer, or none, is tried again with growing random pauses, 6 times at the most and within the
 * deadline; a `Retry-After` is kept. Everything else is final: other 4xx answers, redirects (never followed), certificates that do
 * not verify, addresses that are not public. Names are resolved for each try, every address is judged, and the connection goes to
 * just those. Of an answer only the status is read.
 *
 * Messages name the host alone: paths and queries of webhooks are often secrets.
 *
 * @throws SignwrightError at once `configuration` for a URL that cannot be used; from the post `configuration` for what is final,
 * `unreachable` where the deadline or the tries are used up, `cancelled` where the signal says so.
 */
export function createPoster(options: PosterOptions): Post {
  const url = checkUrl(options.url, options.allowPrivate ?? false);
  const { deadlineMs = 30_000, tryMs = 10_000, pauseMs = 500 } = options;
  return async (message) => {
    const until = performance.now() + deadlineMs;
    let pause = pauseMs;
    for (let left = TRIES - 1; ; left--) {
      if (message.signal?.aborted) throw cancelled(url);
      const answer = await tryOnce(url, message, Math.min(tryMs, until - performance.now()), options);
      if (answer === 'acknowledged') return;
      const rest = Math.max(Math.random() * pause, answer.notBeforeMs ?? 0);
      if (left === 0 || performance.now() + rest >= until) throw givenUp(url, answer);
      await wait(rest, undefined, message.signal === undefined ? {} : { signal: message.signal }).catch(() => {
        throw cancelled(url);
      });
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  };
}

type Retry = { readonly why: string; readonly notBeforeMs?: number; readonly cause?: unknown };

async function tryOnce(url: URL, message: Message, ms: number, options: PosterOptions): Promise<'acknowledged' | Retry> {
  const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(ms)));
  const signal = message.signal === undefined ? deadline : AbortSignal.any([deadline, message.signal]);
  let answer: Answer;
  try {
    const addresses = await orAborted(
      addressesOf(url, {
        allowPrivate: options.allowPrivate ?? false,
        ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
      }),
      signal,
    );
    const headers = { ...options.headers, ...message.headers() };
    answer = await postOnce({
      url,
      addresses,
      headers,
      body: message.body,
      signal,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
  } catch (cause) {
    if (message.signal?.aborted) throw cancelled(url);
    if (deadline.aborted) return { why: `no answer within ${Math.ceil(ms)} ms`, cause };
    if (cause instanceof SignwrightError && cause.code === 'configuration') throw cause;
    if (isUntrusted(cause)) throw untrusted(url, cause);
    return { why: reasonOf(cause), cause };
  }
  return judge(url, answer);
}

function judge(url: URL, { status, retryAfterMs }: Answer): 'acknowledged' | Retry {
  if (status >= 200 && status < 300) return 'acknowledged';
  if (status === 429 || status >= 500) {
    return { why: `status ${status}`, ...(retryAfterMs === undefined ? {} : { notBeforeMs: retryAfterMs }) };
  }
  if (status === 410) throw final(url, 'says it is gone (410)', 'remove it from the configuration: it wants no more of these');
  if (status >= 300 && status < 400) {
    throw final(url, `redirects elsewhere (${status})`, 'name the address it leads to; redirects are not followed');
  }
  throw final(url, `refuses it (${status})`, 'check the URL, and the secret or token');
}

/** A resolver cannot be stopped; it is no longer waited for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function checkUrl(text: string, allowPrivate: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string, next: string): SignwrightError =>
    new SignwrightError('configuration', `the URL to post to ${why}`, {
      next,
      ...(url === undefined || url.host === '' ? {} : { where: url.host }),
    });
  if (url === undefined) throw refuse('cannot be read', 'write it as https://host/path');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivate)) {
    throw refuse(`is not https: but ${url.protocol}`, 'use https:');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('carries a user name or password', 'leave it out, and send a token in a header');
  }
  return url;
}

const UNTRUSTED = /CERT|^ERR_TLS_|SELF_SIGNED|LEAF_SIGNATURE/;

function isUntrusted(error: unknown): boolean {
  return UNTRUSTED.test(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** A connection that failed at several addresses says so without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error && error.message !== '' ? error.message : codeOf(error) || 'the connection failed';
}

function final(url: URL, why: string, next: string): SignwrightError {
  return new SignwrightError('configuration', `${url.host} ${why}`, { where: url.host, next });
}

function untrusted(url: URL, cause: unknown): SignwrightError {
  return new SignwrightError('configuration', `the certificate of ${url.host} does not verify (${codeOf(cause)})`, {
    where: url.host,
    next: 'check the name, or trust the authority that issued it',
    cause,
  });
}

function givenUp(url: URL, { why, cause }: Retry): SignwrightError {
  return new SignwrightError('unreachable', `${url.host} did not take it: ${why}`, {
    where: url.host,
    next: 'try again later',
    cause,
  });
}

function cancelled(url: URL): SignwrightError {
  return new SignwrightError('cancelled', `posting to ${url.host} was stopped`, { where: url.host });
}
