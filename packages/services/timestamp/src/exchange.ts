import { messageOf, SignwrightError } from '@signwright/signing-core';

export type Fetch = typeof fetch;

const QUERY = 'application/timestamp-query';
const REPLY = 'application/timestamp-reply';
const MAX_RESPONSE = 65_536;

/**
 * Posts one TimeStampReq and reads the answer (RFC 3161, 3.4) within the deadline: status 200, the reply's content type, no
 * redirect followed, at most 64 KiB.
 *
 * @throws SignwrightError `unreachable` or `verification`, whose message is the reason alone, without the URL.
 */
export async function exchange(url: string, request: Uint8Array, timeoutMs: number, fetch: Fetch): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const headers = { 'content-type': QUERY, accept: REPLY };
    const response = await fetch(url, {
      method: 'POST',
      body: request as Uint8Array<ArrayBuffer>,
      headers,
      redirect: 'manual',
      signal,
    });
    const refusal = refusalOf(response);
    if (refusal !== undefined) {
      await response.body?.cancel();
      throw new SignwrightError('verification', refusal);
    }
    return await readBounded(response);
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('unreachable', signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause), {
      cause,
    });
  }
}

function refusalOf(response: Response): string | undefined {
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    return 'it redirects elsewhere, which is not followed';
  }
  if (response.status !== 200) return `HTTP status ${response.status}`;
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== REPLY) return `the answer's content type is ${JSON.stringify((type ?? 'missing').slice(0, 100))}, not ${REPLY}`;
  return undefined;
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_RESPONSE) throw new SignwrightError('verification', `the answer is larger than ${MAX_RESPONSE} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause) || messageOf(error);
}
