import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, SignwrightError } from '@signwright/signing-core';

/** One request, as it is sent. */
export type Outgoing = {
  readonly method: string;
  readonly url: URL;
  /** The token among them: sent to the origin of `url` alone. */
  readonly headers: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  /** Bytes of the answer, at the most. */
  readonly most: number;
};

export type Answer = { readonly status: number; readonly headers: Headers; readonly bytes: Buffer };

export type Limits = {
  /** For one call with all its tries and redirects. */
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
};

const TRIES = 5;
const REDIRECTS = 3;
const LONGEST_PAUSE_MS = 10_000;
const AGAIN = new Set([429, 500, 502, 503, 504]);

/**
 * Sends a request until there is an answer that is one: again after 429 (as long as it asks for) and 5xx, within one deadline.
 * Redirects are followed for reading alone, by https (or on this machine), and without credentials to another origin.
 *
 * @throws SignwrightError `unreachable`, whose message is the reason alone, without the URL.
 */
export async function exchange(outgoing: Outgoing, limits: Limits): Promise<Answer> {
  const { timeoutMs } = limits;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    for (let tries = 1; ; tries++) {
      const answer = await follow(outgoing, limits, signal);
      if (!AGAIN.has(answer.status) || tries >= TRIES) return answer;
      await wait(pauseOf(answer, tries), undefined, { signal });
    }
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('unreachable', signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause), {
      cause: signal.aborted ? undefined : cause,
    });
  }
}

async function follow({ method, url, headers, body, most }: Outgoing, { fetch }: Limits, signal: AbortSignal): Promise<Answer> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(at, {
      method,
      headers: at.origin === url.origin ? headers : {},
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      redirect: 'manual',
      signal,
    });
    if (![301, 302, 303, 307, 308].includes(response.status)) {
      return { status: response.status, headers: response.headers, bytes: await readBounded(response, most) };
    }
    await response.body?.cancel();
    at = targetOf(response, at, url, method);
    if (redirects >= REDIRECTS) throw refused(`it redirects more than ${REDIRECTS} times`);
  }
}

function targetOf(response: Response, at: URL, first: URL, method: string): URL {
  if (method !== 'GET') throw refused('it redirects a write elsewhere: the project may have been renamed');
  const location = response.headers.get('location') ?? '';
  const target = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
  const fits = target !== undefined && target.username === '' && target.password === '';
  if (fits && (target.protocol === 'https:' || target.origin === first.origin || isLoopback(target, first))) return target;
  throw refused('it redirects to what is no https address');
}

/** A test's server, or one behind a tunnel, sends to another port of the same machine. */
function isLoopback(target: URL, first: URL): boolean {
  return target.protocol === 'http:' && first.protocol === 'http:' && target.hostname === first.hostname;
}

async function readBounded(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw refused(`its answer is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function pauseOf({ headers }: Answer, tries: number): number {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Math.min(Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 250 * 2 ** tries, LONGEST_PAUSE_MS);
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause) || messageOf(error);
}

function refused(why: string): SignwrightError {
  return new SignwrightError('unreachable', why);
}
