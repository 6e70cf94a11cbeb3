import { type Json, messageOf, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import { callRemote, type RemoteCall } from './call-remote.ts';
import { exchange, failureOfStatus, type HttpAnswer, type HttpRequest } from './exchange.ts';

export type JsonAsk = RemoteCall &
  Omit<HttpRequest, 'signal' | 'maxBytes'> & {
    /** Most bytes of the answer; 8 MiB unless told. */
    readonly maxBytes?: number;
    /** What a status means that is neither 200 nor worth another try. What was said must not be repeated. */
    readonly refusal: (answer: HttpAnswer) => SignwrightError;
  };

export type JsonAnswer = { readonly json: Json; readonly headers: HttpAnswer['headers'] };

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Asks a service for JSON, within one deadline for all tries.
 *
 * @throws SignwrightError `unreachable` where no answer came in time, it is too large or no JSON; else what `refusal` says.
 */
export async function askJson({ refusal, maxBytes = MAX_BYTES, ...ask }: JsonAsk): Promise<JsonAnswer> {
  const { what, where } = ask;
  return understand(what, where, () =>
    callRemote(
      ask,
      async (signal) => {
        const answer = await exchange({ ...ask, maxBytes, signal });
        if (answer.status !== 200) throw new Unanswered(answer);
        return { json: parseStrictJson(answer.body, { what: 'the answer', maxBytes }), headers: answer.headers };
      },
      (error) => failureOfStatus((error as Unanswered).answer, () => refusal((error as Unanswered).answer), what, where),
    ),
  );
}

/**
 * Runs what reads answers: one that cannot be understood is as good as none, so `invalid-input` becomes `unreachable`.
 *
 * @param what who answers, for messages. @param where without secrets.
 */
export async function understand<T>(what: string, where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'invalid-input') throw error;
    throw new SignwrightError('unreachable', `${what} does not answer as it should: ${messageOf(error)}`, {
      where,
      next: 'check the address, a login page or a proxy may stand before it; then run again',
    });
  }
}

class Unanswered extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super();
    this.answer = answer;
  }
}
