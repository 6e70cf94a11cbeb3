import { describe, expect, test } from 'vitest';
import { type Session, sessionPool } from './sessions.ts';

const forever = new AbortController().signal;
const refused = (code: string): Error => new Error(`${code}:1`);

/** A token that has so many sessions at the most. */
function token(most: number): { open: () => Buffer; close: (handle: Buffer) => void; opened: Set<number>; refusing?: string } {
  let last = 0;
  const fake = {
    opened: new Set<number>(),
    refusing: undefined as string | undefined,
    open: (): Buffer => {
      if (fake.refusing !== undefined) throw refused(fake.refusing);
      if (fake.opened.size >= most) throw refused('CKR_SESSION_COUNT');
      fake.opened.add(++last);
      return Buffer.of(last);
    },
    close: (handle: Buffer): void => {
      fake.opened.delete(handle[0] as number);
    },
  };
  return fake as ReturnType<typeof token>;
}

/** Work that ends when it is told to. */
function pending(): { work: (session: Session) => Promise<number>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => undefined;
  const over = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { work: (session) => over.then(() => session.handle[0] as number), end };
}

describe('sessions with a token', () => {
  test('are each used for one thing at a time, and by many in turn', async () => {
    const { open, close, opened } = token(100);
    const sessions = sessionPool(open, close, 4);
    const inUse = new Set<Session>();
    let most = 0;
    const work = async (session: Session): Promise<void> => {
      expect(inUse.has(session)).toBe(false);
      inUse.add(session);
      most = Math.max(most, inUse.size);
      await new Promise((resolve) => setImmediate(resolve));
      inUse.delete(session);
    };
    await Promise.all(Array.from({ length: 200 }, () => sessions.use(work, forever)));
    expect(most).toBe(4);
    expect(opened.size).toBe(4);
  });

  test('are waited for where the token has no more, and asked for in vain where it has none', async () => {
    const few = token(2);
    const sessions = sessionPool(few.open, few.close, 16);
    const done = await Promise.all(Array.from({ length: 20 }, (_, index) => sessions.use(async () => index, forever)));
    expect(done).toHaveLength(20);
    const none = token(0);
    await expect(sessionPool(none.open, none.close, 16).use(() => 1, forever)).rejects.toThrow('CKR_SESSION_COUNT');
  });

  test('are closed after a failure, for an operation may be open in them', async () => {
    const { open, close, opened } = token(1);
    const sessions = sessionPool(open, close, 1);
    const failing = sessions.use(() => Promise.reject(refused('CKR_DATA_LEN_RANGE')), forever);
    const next = sessions.use((session) => session.handle[0], forever);
    await expect(failing).rejects.toThrow('CKR_DATA_LEN_RANGE');
    expect(await next).toBe(2);
    expect([...opened]).toEqual([2]);
  });

  test('that were closed by others are not closed again: their numbers may be those of new ones', async () => {
    const { open, close, opened } = token(2);
    const sessions = sessionPool(open, close, 2);
    await expect(sessions.use(() => Promise.reject(refused('CKR_SESSION_HANDLE_INVALID')), forever)).rejects.toThrow();
    expect(opened.size).toBe(1);
  });

  test('are not waited for any longer once it is stopped, and work under way keeps its own', async () => {
    const { open, close } = token(1);
    const sessions = sessionPool(open, close, 1);
    const first = pending();
    const working = sessions.use(first.work, forever);
    const stop = new AbortController();
    const waiting = sessions.use(() => 1, stop.signal);
    const behind = sessions.use((session) => session.handle[0], forever);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    first.end();
    expect(await working).toBe(1);
    expect(await behind).toBe(1);
  });

  test('that are all lost while others wait leave nobody waiting', async () => {
    const fake = token(2);
    const sessions = sessionPool(fake.open, fake.close, 2);
    const works = [pending(), pending()];
    const working = works.map(({ work }) => sessions.use(work, forever));
    const waiting = Array.from({ length: 10 }, () => sessions.use(() => 1, forever));
    fake.refusing = 'CKR_DEVICE_REMOVED';
    for (const { end } of works) end(refused('CKR_DEVICE_REMOVED'));
    const ends = await Promise.allSettled([...working, ...waiting]);
    expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 'rejected'));
  });

  test('are forgotten once for those who lost them at one age', async () => {
    const { open, close, opened } = token(4);
    const sessions = sessionPool(open, close, 4);
    await sessions.use(() => 1, forever);
    const { age } = sessions;
    sessions.forget(age);
    expect(opened.size).toBe(0);
    await sessions.use(() => 1, forever);
    sessions.forget(age);
    expect(opened.size).toBe(1);
  });
});
