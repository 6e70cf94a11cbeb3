import { type Handle, returnCode } from './cryptoki.ts';

/** Sessions with one token. */
export type Sessions = {
  /**
   * Runs work in a session that nobody else has meanwhile, and waits for one where all are taken. After a failure the session is
   * closed, since an operation may still be open in it.
   *
   * @param signal ends the waiting; work that has begun keeps its session until it is over, whoever still waits for it.
   */
  use<T>(work: (session: Handle) => T | Promise<T>, signal: AbortSignal): Promise<T>;
  /** Closes those that nobody uses: the token may be gone. */
  forget(): void;
};

type Waiting = { readonly resolve: (session: Handle) => void; readonly reject: (error: unknown) => void };

/**
 * Sessions that are opened when needed and kept.
 *
 * @param most that are open at once.
 */
export function sessionPool(open: () => Handle, close: (session: Handle) => void, most: number): Sessions {
  const idle: Handle[] = [];
  const waiting = new Set<Waiting>();
  let count = 0;

  const openOne = (): Handle => {
    const session = open();
    count++;
    return session;
  };
  const closeOne = (session: Handle): void => {
    count--;
    try {
      close(session);
    } catch {
      // It was gone already: whatever closed it has been told to whoever used it.
    }
  };
  const first = (): Waiting | undefined => {
    const [next] = waiting;
    if (next !== undefined) waiting.delete(next);
    return next;
  };
  /** Another session for whoever waits longest, where one can be had. */
  const openForNext = (): void => {
    const next = first();
    if (next === undefined) return;
    try {
      next.resolve(openOne());
    } catch (error) {
      if (isFull(error) && count > 0) waiting.add(next);
      else next.reject(error);
    }
  };

  const take = (signal: AbortSignal): Handle | Promise<Handle> => {
    signal.throwIfAborted();
    const ready = idle.pop();
    if (ready !== undefined) return ready;
    if (count < most) {
      try {
        return openOne();
      } catch (error) {
        if (!isFull(error) || count === 0) throw error;
      }
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(entry);
        reject(signal.reason);
      };
      const entry: Waiting = {
        resolve: (session) => {
          signal.removeEventListener('abort', leave);
          resolve(session);
        },
        reject,
      };
      waiting.add(entry);
      signal.addEventListener('abort', leave, { once: true });
    });
  };

  return {
    use: async (work, signal) => {
      const session = await take(signal);
      try {
        const result = await work(session);
        const next = first();
        if (next === undefined) idle.push(session);
        else next.resolve(session);
        return result;
      } catch (error) {
        closeOne(session);
        openForNext();
        throw error;
      }
    },
    forget: () => {
      for (const session of idle.splice(0)) closeOne(session);
    },
  };
}

function isFull(error: unknown): boolean {
  return returnCode(error) === 'CKR_SESSION_COUNT';
}
