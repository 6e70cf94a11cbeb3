import { type Handle, returnCode } from './cryptoki.ts';

/** As long as an RSA signature of 4,096 bits. */
const LONGEST_SIGNATURE = 512;

/** A session, with what a thread reads and writes meanwhile: the binding does not keep that from being collected. */
export type Session = {
  readonly handle: Handle;
  input?: Buffer;
  readonly output: Buffer;
};

/** Sessions with one token. */
export type Sessions = {
  /**
   * Runs work in a session that nobody else has meanwhile, and waits for one where all are taken. After a failure the session is
   * closed, since an operation may still be open in it.
   *
   * @param signal ends the waiting; work that has begun keeps its session until it is over, whoever still waits for it.
   */
  use<T>(work: (session: Session) => T | Promise<T>, signal: AbortSignal): Promise<T>;
  /** How often they were forgotten. */
  readonly age: number;
  /**
   * Closes those that nobody uses, for the token may be gone, unless they were forgotten since that age: who lost an old session
   * must not close a new one, as the last to be closed logs everyone out.
   */
  forget(age: number): void;
};

type Waiting = { readonly resolve: (session: Session) => void; readonly reject: (error: unknown) => void };

/**
 * Sessions that are opened when needed and kept.
 *
 * @param most that are open at once.
 */
export function sessionPool(open: () => Handle, close: (session: Handle) => void, most: number): Sessions {
  const idle: Session[] = [];
  const busy = new Set<Session>();
  const waiting = new Set<Waiting>();
  let count = 0;
  let age = 0;

  const openOne = (): Session => {
    const handle = open();
    count++;
    return { handle, output: Buffer.alloc(LONGEST_SIGNATURE) };
  };
  const closeOne = ({ handle }: Session, why?: unknown): void => {
    count--;
    // What is closed already may be the number of another session by now.
    if (GONE.includes(returnCode(why) ?? '')) return;
    try {
      close(handle);
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
      if (isFull(error) && count > 0) {
        waiting.add(next);
        return;
      }
      next.reject(error);
      // Where none is left, nobody comes back to serve those who wait behind.
      if (count === 0) openForNext();
    }
  };

  const take = (signal: AbortSignal): Session | Promise<Session> => {
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
        reject(signal.reason as Error);
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
      const taken = take(signal);
      const session = taken instanceof Promise ? await taken : taken;
      busy.add(session);
      try {
        signal.throwIfAborted();
        const result = await work(session);
        busy.delete(session);
        const next = first();
        if (next === undefined) idle.push(session);
        else next.resolve(session);
        return result;
      } catch (error) {
        busy.delete(session);
        closeOne(session, error);
        openForNext();
        throw error;
      }
    },
    get age() {
      return age;
    },
    forget: (since) => {
      if (since !== age) return;
      age++;
      for (const session of idle.splice(0)) closeOne(session);
    },
  };
}

const GONE = ['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_CLOSED', 'CKR_DEVICE_REMOVED'];

function isFull(error: unknown): boolean {
  return returnCode(error) === 'CKR_SESSION_COUNT';
}
