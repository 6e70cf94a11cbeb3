import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pinned, type ResolvedAddress } from '@signwright/transport';

export type PostRequest = {
  readonly url: URL;
  /** Where to connect; no resolver is asked. */
  readonly addresses: readonly ResolvedAddress[];
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
  readonly ca?: string;
  readonly signal: AbortSignal;
};

/** All that is read of an answer. */
export type Answer = { readonly status: number; readonly retryAfterMs?: number };

/**
 * Posts once, on a connection of its own. Resolves as soon as the status is known: no byte of the answer's body is read, whatever
 * its size or pace. Rejects with what the system or TLS says, or the signal's reason.
 */
export function postOnce({ url, addresses, headers, body, ca, signal }: PostRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const common = {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
      // No shared agent, so that no environment variable puts a proxy in between, and no connection outlives the post.
      agent: false as const,
      lookup: pinned(addresses),
      signal,
    };
    const secure = { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) };
    const request: ClientRequest =
      url.protocol === 'https:' ? httpsRequest(url, { ...common, ...secure }) : httpRequest(url, common);
    request.on('response', (response) => {
      resolve(answerOf(response));
      response.destroy();
    });
    request.on('error', reject);
    request.end(body);
  });
}

function answerOf(response: IncomingMessage): Answer {
  const retryAfterMs = delayOf(response.headers['retry-after']);
  return { status: response.statusCode ?? 0, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function delayOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
