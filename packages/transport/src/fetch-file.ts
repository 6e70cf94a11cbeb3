import { SignwrightError } from '@signwright/signing-core';
import { callRemote, type Failure } from './call-remote.ts';
import { exchange, failureOfStatus, type HttpAnswer } from './exchange.ts';
import { addressesOf, type Resolve } from './resolve.ts';

export type FileRequest = {
  /** `https:`; `http:` where private addresses are allowed and it leads to this machine, or where that is `plain` enough. */
  readonly url: string;
  /** Whether `http:` will do wherever it leads: for what is public, and signed by somebody else. */
  readonly plain?: boolean;
  /** A question to post, where the file is the answer to one. */
  readonly question?: { readonly type: string; readonly body: Uint8Array };
  /** Whether it may lead to private, unique-local and loopback addresses. */
  readonly allowPrivate: boolean;
  readonly maxBytes: number;
  /** For all tries and the pauses between, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly resolve?: Resolve;
  /** Certificates in PEM that are trusted for TLS beside the system's. */
  readonly ca?: readonly string[];
};

class Unanswered extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(`status ${answer.status}`);
    this.answer = answer;
  }
}

/**
 * Gets a file that somebody else named the address of: so every address the name has is judged, the connection goes to just those,
 * and no redirect is followed, wherever it leads.
 *
 * @returns its bytes; nothing where the server says there is none.
 * @throws SignwrightError `configuration` for an address that may not be asked, a redirect, a refusal; `invalid-input` where it is
 * too large; `unreachable` where no answer came in time.
 */
export async function fetchFile(request: FileRequest): Promise<Buffer | undefined> {
  const { url, allowPrivate, maxBytes, deadlineMs, signal, resolve, ca, plain = false, question } = request;
  const place = new URL(url);
  const allowed = { allowPrivate, plain, ...(resolve === undefined ? {} : { resolve }) };
  return callRemote({ what: place.host, where: url, deadlineMs, signal }, send, explain);

  async function send(within: AbortSignal): Promise<Buffer | undefined> {
    const addresses = await addressesOf(place, allowed);
    const trusted = ca === undefined ? {} : { ca };
    const asked =
      question === undefined
        ? ({ method: 'GET' } as const)
        : ({ method: 'POST', body: question.body, headers: { 'content-type': question.type } } as const);
    const answer = await exchange({ ...asked, url, addresses, plain, maxBytes, ...trusted, signal: within });
    if (answer.status === 200) return answer.body;
    if (answer.status === 404 || answer.status === 410) return undefined;
    throw new Unanswered(answer);
  }

  function explain(error: unknown): Failure {
    if (!(error instanceof Unanswered)) throw error;
    return failureOfStatus(error.answer, () => refused(url, error.answer.status), place.host);
  }
}

function refused(url: string, status: number): SignwrightError {
  const [why, next] =
    status >= 300 && status < 400
      ? ['redirects elsewhere', 'name the address it leads to; redirects are not followed']
      : status === 401 || status === 403
        ? ['wants a login', 'serve it to everybody who may read it, or take it from a git repository']
        : ['does not give it', 'check the address'];
  return new SignwrightError('configuration', `${new URL(url).host} ${why} (${status})`, { where: url, next });
}
