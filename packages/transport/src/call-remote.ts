import { setTimeout as wait } from 'node:timers/promises';
import { SignwrightError } from '@signwright/signing-core';

/** What a try failed with: whether the same may yet succeed, and what to throw where it does not. */
export type Failure = {
  /** True for throttling and 5xx alone: what was refused, or not reached, is not asked again. */
  readonly again: boolean;
  readonly error: SignwrightError;
  /** Milliseconds the service asks to wait. */
  readonly afterMs?: number;
};

export type RemoteCall = {
  /** Who is called, for messages: `AWS KMS`. */
  readonly what: string;
  /** What about: a key's reference, an address without secrets. */
  readonly where: string;
  /** For all tries and the pauses between, in milliseconds. */
  readonly deadlineMs: number;
  /** Stops it from outside. */
  readonly signal?: AbortSignal | undefined;
};

const TRIES = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Calls a service, again where it is throttled or broken (5xx), after growing random pauses, 5 times at the most and within the
 * deadline. It ends at the deadline and when it is stopped whatever hangs, also where `send` does not look at its signal.
 *
 * @param send one try. @param explain what it failed with; SignwrightError and defects are thrown as they are.
 * @throws SignwrightError `unreachable` where the deadline passed, `cancelled` where it was stopped, else what `explain` says.
 */
export async function callRemote<T>(
  call: RemoteCall,
  send: (signal: AbortSignal) => Promise<T>,
  explain: (error: unknown) => Failure,
): Promise<T> {
  const { what, where, deadlineMs, signal } = call;
  const ended = new AbortController();
  let stop: (error: SignwrightError) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = (error) => {
      reject(error);
      ended.abort(error);
    };
  });
  const cancel = (): void => stop(new SignwrightError('cancelled', `${what} was not waited for: stopped`, { where }));
  const timer = setTimeout(() => stop(tooLate(call)), deadlineMs);
  try {
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    return await Promise.race([stopped, tries(performance.now() + deadlineMs, ended.signal, send, explain)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

async function tries<T>(
  until: number,
  signal: AbortSignal,
  send: (signal: AbortSignal) => Promise<T>,
  explain: (error: unknown) => Failure,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await send(signal);
    } catch (error) {
      if (error instanceof SignwrightError || isDefect(error)) throw error;
      const failure = explain(error);
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** (number - 1), LONGEST_PAUSE_MS);
      const pause = Math.max(longest * (0.5 + Math.random() / 2), failure.afterMs ?? 0);
      if (!failure.again || number === TRIES || performance.now() + pause >= until) throw failure.error;
      await wait(pause, undefined, { signal });
    }
  }
}

/** What only a mistake in the program throws. fetch's TypeError has the connection's failure as its cause. */
function isDefect(error: unknown): boolean {
  return error instanceof Error && /^(Type|Reference|Range|Syntax)Error$/.test(error.name) && error.cause === undefined;
}

function tooLate({ what, where, deadlineMs }: RemoteCall): SignwrightError {
  return new SignwrightError('unreachable', `${what} did not answer within ${deadlineMs / 1000} s`, {
    where,
    next: 'check that it is up and reached from here, then run again',
  });
}
