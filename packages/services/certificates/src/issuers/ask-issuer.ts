import { type JsonObject, parseStrictJson, REMOTE_DEADLINE_MS, SignwrightError } from '@signwright/signing-core';
import { callRemote, exchange, type Failure, failureOfStatus, type HttpAnswer } from '@signwright/transport';
import { sayable } from './sayable.ts';

/** Where an issuer is, and how long it is waited for. */
export type IssuerOptions = {
  /** Its base address: `https://fulcio.acme.example`. */
  readonly url: string;
  /** Certificates in PEM that are trusted for its TLS beside the system's. */
  readonly ca?: readonly string[] | undefined;
  /** Stops what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** For one certificate, all tries included, in milliseconds; 10,000 unless told. */
  readonly deadlineMs?: number | undefined;
};

/** Where an issuer is that can be asked how long a certificate is to live: in seconds, as it has it unless told. */
export type LastingOptions = IssuerOptions & { readonly validity?: number };

/** A question to an issuer. */
type IssuerQuestion = {
  /** Who is asked, for messages: `Fulcio`. */
  readonly what: string;
  readonly options: IssuerOptions;
  /** Below the base address: `/api/v2/signingCert`. */
  readonly path: string;
  /** Sent as JSON by POST; without one it is a GET. */
  readonly body?: object;
  /** The token in the body: what the issuer repeats of it is not shown. */
  readonly token?: string;
  /** What to do where it refuses. */
  readonly next: string;
};

const MAX_ANSWER = 512 * 1024;

/**
 * Asks an issuer and reads its answer, a JSON object.
 *
 * @throws SignwrightError `denied` where it refuses what was sent (400, 401, 403), `configuration` where it is no such issuer,
 * `unreachable`, `cancelled`. Messages hold what the issuer said, unless it repeats the token.
 */
export function askIssuer(question: IssuerQuestion): Promise<JsonObject> {
  const { what, options, path, body } = question;
  const url = addressOf(options.url, path);
  const explain = explainAnswers(question, url.host);
  return callRemote(
    { what, where: url.host, deadlineMs: options.deadlineMs ?? REMOTE_DEADLINE_MS, signal: options.signal },
    async (signal) => {
      const answer = await exchange({
        method: body === undefined ? 'GET' : 'POST',
        url: url.href,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        maxBytes: MAX_ANSWER,
        signal,
      });
      if (answer.status !== 200 && answer.status !== 201) throw new Answered(answer);
      return readObject(answer.body) ?? fail(notOne(what, url.host, 'answers'));
    },
    (error) => {
      if (error instanceof Answered) return explain(error.answer);
      throw error;
    },
  );
}

/**
 * The address of a path below an issuer's base.
 *
 * @throws SignwrightError `configuration` where it cannot be read, or carries a user or a password, which are not shown.
 */
export function addressOf(base: string, path: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '') {
    throw new SignwrightError('configuration', 'the address of a certificate issuer cannot be read', {
      next: 'write it as https://host or https://host/path, without query or fragment',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SignwrightError('configuration', 'the address of a certificate issuer carries a user or a password', {
      where: url.host,
      next: 'leave them out: issuers are asked without',
    });
  }
  return new URL(`${url.href.replace(/\/+$/, '')}${path}`);
}

/** The error where somebody answers who is no such issuer. */
export function notOne(what: string, host: string, how: string): SignwrightError {
  return new SignwrightError('configuration', `${host} ${how}, but not as ${what} does`, {
    where: host,
    next: `check the address of ${what}`,
  });
}

class Answered extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(`status ${answer.status}`);
    this.answer = answer;
  }
}

/** A token may be good for one try alone: a 401 after a try that broke says nothing but that, so what broke is what is told. */
function explainAnswers({ what, token, next }: IssuerQuestion, host: string): (answer: HttpAnswer) => Failure {
  let broke: Failure | undefined;
  return (answer) => {
    const { status } = answer;
    if (status === 401 && broke !== undefined) return { again: false, error: broke.error };
    const said = sayable(readObject(answer.body)?.['message'], token);
    const failure = failureOfStatus(
      answer,
      () =>
        status === 400 || status === 401 || status === 403
          ? new SignwrightError('denied', `${what} refuses to issue a certificate (${status})${said}`, { where: host, next })
          : notOne(what, host, `answers with status ${status}`),
      what,
    );
    if (!failure.again) return failure;
    const { message, next: later } = failure.error;
    const error = new SignwrightError('unreachable', `${message}${said}`, { where: host, ...(later ? { next: later } : {}) });
    broke = { ...failure, error };
    return broke;
  };
}

function readObject(body: Buffer): JsonObject | undefined {
  try {
    const json = parseStrictJson(body, { what: 'the answer', maxBytes: MAX_ANSWER });
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function fail(error: SignwrightError): never {
  throw error;
}
