import { messageOf, SignwrightError, type TimestampAuthority } from '@signwright/signing-core';
import { exchange, type Fetch } from './exchange.ts';
import { randomInteger, timestampRequest } from './request.ts';
import { checkStatus } from './status.ts';

/**
 * Judges a granted TimeStampResp: imprint of `signature`, `nonce` (the bytes of the INTEGER sent), signature, chain to the trust
 * root. Throws where it does not hold.
 */
export type VerifyResponse = (response: Uint8Array, signature: Uint8Array, nonce: Uint8Array) => unknown;

export type TimestampClientOptions = {
  /** Authorities, the first choice first. `http:` is allowed: an answer is signed, and what is sent is a digest. */
  urls: readonly string[];
  verify: VerifyResponse;
  /** For one request to one authority, answer included; 10,000 unless told. */
  timeoutMs?: number;
  /** Told once of each authority that failed, with the reason, before the next is tried. */
  onFallback?: (url: string, reason: string) => void;
  fetch?: Fetch;
};

type Failure = { url: string; error: unknown };

const NONCE_BYTES = 8;
const TIMEOUT_MS = 10_000;

/**
 * RFC 3161 timestamps over HTTP (RFC 3161, 3.4). Authorities are tried in order; one that is down, slow, refuses or answers
 * wrongly is passed over, and from then on asked last, so that a run of many signatures waits for it once.
 *
 * @throws SignwrightError `configuration` at once for no URL or one that cannot be used; from `timestamp`, `unreachable` that
 * lists each authority and why.
 */
export function createTimestampClient(options: TimestampClientOptions): TimestampAuthority {
  const urls = options.urls.map(checkUrl);
  if (urls.length === 0) {
    throw new SignwrightError('configuration', 'no timestamp authority is named', {
      next: 'name one in trust.timestamp.urls of the policy',
    });
  }
  const failed = new Set<string>();
  return {
    async timestamp(signature) {
      const failures: Failure[] = [];
      for (const url of [...urls.filter((one) => !failed.has(one)), ...urls.filter((one) => failed.has(one))]) {
        try {
          const response = await ask(url, signature, options);
          failed.delete(url);
          return response;
        } catch (error) {
          failures.push({ url, error });
          if (!failed.has(url)) options.onFallback?.(url, messageOf(error));
          failed.add(url);
        }
      }
      throw allFailed(failures);
    },
  };
}

async function ask(url: string, signature: Uint8Array, options: TimestampClientOptions): Promise<Uint8Array> {
  const nonce = randomInteger(NONCE_BYTES);
  const request = timestampRequest(signature, nonce);
  const response = await exchange(url, request, options.timeoutMs ?? TIMEOUT_MS, options.fetch ?? fetch);
  checkStatus(response);
  await options.verify(response, signature, nonce);
  return response;
}

function checkUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new SignwrightError('configuration', 'the URL of a timestamp authority cannot be read', {
      next: 'write it as https://tsa.example/path',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SignwrightError('configuration', 'the URL of a timestamp authority carries a password', {
      where: url.host,
      next: 'leave it out: timestamp authorities need none, and URLs are logged',
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new SignwrightError('configuration', `a timestamp authority is reached by https: or http:, not ${url.protocol}`, {
      where: text,
    });
  }
  return url.href;
}

function allFailed(failures: readonly Failure[]): SignwrightError {
  const reasons = failures.map(({ url, error }) => `${url}: ${messageOf(error)}`).join('; ');
  return new SignwrightError('unreachable', `no timestamp authority gave a valid timestamp (${reasons})`, {
    next: 'retry; if it lasts, check the URLs, and that the trust root lists these authorities',
    cause: failures.at(-1)?.error,
  });
}
