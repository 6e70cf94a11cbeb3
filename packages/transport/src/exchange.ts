import type { IncomingMessage, RequestOptions } from 'node:http';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import type { Failure } from './call-remote.ts';
import { pinned, type ResolvedAddress } from './resolve.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** https; http for this machine alone, unless it is {@link plain}. Neither user nor password may stand in it. */
  readonly url: string;
  /** Whether http will do wherever it leads: for what is public, and signed by somebody else. */
  readonly plain?: boolean;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
  /** Where to connect, as {@link addressesOf} has judged them: no resolver is asked, no connection shared. */
  readonly addresses?: readonly ResolvedAddress[];
  /** Certificates in PEM that are trusted for TLS beside the system's. */
  readonly ca?: readonly string[];
  /** Most bytes of an answer; 1 MiB unless told. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

const MAX_BYTES = 1024 * 1024;
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * Sends one request and reads the answer whole, whatever its status. Redirects are not followed: what is sent may be a secret.
 *
 * @throws SignwrightError `configuration` for an address that may not be asked or a certificate that does not verify, `invalid-input`
 * for an answer that is too large, `unreachable` where none came. Messages name the host alone.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const url = checkUrl(request.url, request.plain ?? false);
  try {
    return await readWhole(await send(url, request), url, request.maxBytes ?? MAX_BYTES);
  } catch (error) {
    if (error instanceof SignwrightError) throw error;
    throw isUntrusted(error) ? untrusted(url, error) : unreached(url, error);
  }
}

/** What an answer with a status that is no success means: a refusal, or something to try again. */
export function failureOfStatus(
  { status, headers }: HttpAnswer,
  refusal: () => SignwrightError,
  what: string,
  where?: string,
): Failure {
  const place = where === undefined ? {} : { where };
  const after = headers['retry-after'];
  const afterMs = after !== undefined && /^\d{1,4}$/.test(after) ? { afterMs: Number(after) * 1000 } : {};
  if (status === 429)
    return {
      again: true,
      ...afterMs,
      error: new SignwrightError('unreachable', `${what} is throttled: too many requests (429)`, {
        next: 'run again later, or raise its quota',
        ...place,
      }),
    };
  if (status >= 500)
    return {
      again: true,
      ...afterMs,
      error: new SignwrightError('unreachable', `${what} is broken (${status})`, { next: 'run again later', ...place }),
    };
  return { again: false, error: refusal() };
}

function checkUrl(text: string, plain: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string, next: string): SignwrightError =>
    new SignwrightError('configuration', `an address that ${why}`, url === undefined ? { next } : { where: url.host, next });
  if (url === undefined) throw refuse('cannot be read', 'write it as https://host/path');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (plain || LOOPBACK.test(url.hostname))))
    throw refuse(`is not https but ${url.protocol}`, 'use https; http is for this machine alone');
  if (url.username !== '' || url.password !== '') throw refuse('carries a user or a password', 'leave them out');
  return url;
}

async function send(url: URL, { method, headers, body, addresses, ca, signal }: HttpRequest): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const trusted = ca === undefined || ca.length === 0 ? undefined : [...(await usuallyTrusted()), ...ca];
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options: RequestOptions & { ca?: string[]; rejectUnauthorized?: boolean; minVersion?: 'TLSv1.2' } = {
    method,
    headers: { ...headers, ...length },
    signal,
    ...(addresses === undefined ? {} : { agent: false as const, lookup: pinned(addresses) }),
    ...(secure ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const } : {}),
    ...(secure && trusted !== undefined ? { ca: trusted } : {}),
  };
  const http = await (secure ? import('node:https') : import('node:http'));
  return new Promise((resolve, reject) => {
    const request = http.request(url, options);
    request.on('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** What Node trusts by itself, which it forgets where certificates of one's own are named. */
async function usuallyTrusted(): Promise<readonly string[]> {
  const tls = await import('node:tls');
  if (typeof tls.getCACertificates === 'function') return tls.getCACertificates('default');
  // Node 20 does not say what NODE_EXTRA_CA_CERTS added.
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  const more = extra === undefined ? '' : await (await import('node:fs/promises')).readFile(extra, 'utf8').catch(() => '');
  return more === '' ? tls.rootCertificates : [...tls.rootCertificates, more];
}

async function readWhole(response: IncomingMessage, url: URL, maxBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new SignwrightError('invalid-input', `the answer of ${url.host} is larger than ${maxBytes} bytes`, {
        where: url.host,
      });
    }
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')] as const);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(chunks, length) };
}

const UNTRUSTED = /CERT|^ERR_TLS_|SELF_SIGNED|LEAF_SIGNATURE/;

function isUntrusted(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && UNTRUSTED.test(code);
}

function untrusted(url: URL, cause: unknown): SignwrightError {
  return new SignwrightError(
    'configuration',
    `the certificate of ${url.host} does not verify (${(cause as { code: string }).code})`,
    {
      where: url.host,
      next: 'check the name, or trust its authority for TLS: NODE_EXTRA_CA_CERTS=FILE',
      cause,
    },
  );
}

function unreached(url: URL, cause: unknown): SignwrightError {
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  const { code } = first as { code?: unknown };
  const reason = messageOf(first) || (typeof code === 'string' ? code : 'the connection failed');
  return new SignwrightError('unreachable', `${url.host} was not reached: ${reason}`, {
    where: url.host,
    next: 'check that it is up and reached from here, then run again',
    cause,
  });
}
