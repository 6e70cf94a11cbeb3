import { setTimeout as wait } from 'node:timers/promises';
import { SignwrightError } from '@signwright/signing-core';
import type { Connect, Connected } from './connect.ts';
import { explain } from './explain.ts';
import { type Failure, failureOf } from './failure.ts';

/** Tries of one request, the first included; the deadline ends them sooner. */
export const TRIES = 6;
const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** What a request is made with: the SDK, and a signal that ends it. */
export type At = Connected & { readonly signal: AbortSignal };
export type Request<T> = (at: At) => Promise<T>;

/** One call of the store: an object, and the time there is. */
export type Call = {
  readonly object: { readonly Bucket: string; readonly Key: string };
  /** `s3://bucket/key`, for messages. */
  readonly where: string;
  /** Sends a request once. Throws what the SDK does. */
  once<T>(request: Request<T>): Promise<T>;
  /**
   * Sends a request, again where it may yet succeed. Throws SignwrightError.
   *
   * @param otherwise makes a result of a failure, or gives `undefined` where it stays one.
   */
  send<T>(action: string, request: Request<T>, otherwise?: (failure: Failure) => { as: T } | undefined): Promise<T>;
  explain(action: string, failure: Failure): SignwrightError;
  /** Before the next try: the longer, the more there were. */
  pause(tries: number): Promise<void>;
};

/**
 * Runs one call of the store within its deadline, whatever hangs: the network, the server, or what issues credentials.
 *
 * @throws SignwrightError `unreachable` once the deadline is over.
 */
export async function withinDeadline<T>(
  connect: Connect,
  object: Call['object'],
  deadline: number,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const where = `s3://${object.Bucket}/${object.Key}`;
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(where, deadline)), deadline);
  });
  try {
    return await Promise.race([work(callOf(connect, object, where, ended.signal)), late]);
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

function callOf(connect: Connect, object: Call['object'], where: string, signal: AbortSignal): Call {
  const call: Call = {
    object,
    where,
    async once(request) {
      return request({ ...(await connect()), signal });
    },
    async send(action, request, otherwise) {
      for (let tries = 1; ; tries++) {
        try {
          return await call.once(request);
        } catch (error) {
          const failure = readFailure(error);
          const result = otherwise?.(failure);
          if (result !== undefined) return result.as;
          if (!mayPass(failure) || tries === TRIES) throw call.explain(action, failure);
        }
        await call.pause(tries);
      }
    },
    explain: (action, failure) => explain({ action, bucket: object.Bucket, where }, failure),
    async pause(tries) {
      const longest = Math.min(SHORTEST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
      await wait(longest * (0.5 + Math.random() / 2), undefined, { signal });
    },
  };
  return call;
}

/** What a request failed with; what is no answer to it (our own errors, defects) is thrown on. */
export function readFailure(error: unknown): Failure {
  if (error instanceof SignwrightError) throw error;
  const failure = failureOf(error);
  if (failure.status === undefined && /^(Type|Reference|Range|Syntax)Error$/.test((error as Error).name)) throw error;
  return failure;
}

/** Whether the same request may yet succeed. */
export function mayPass({ kind }: Failure): boolean {
  return kind === 'busy' || kind === 'unclear' || kind === 'conflict';
}

function tooLate(where: string, deadline: number): SignwrightError {
  return new SignwrightError('unreachable', `the store cannot use ${where}: no answer within ${deadline / 1000} s`, {
    where,
    next: 'check that the server is up and reached from here, then run again; what was being written may be there',
  });
}
