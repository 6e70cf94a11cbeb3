import type { Notification, Notifier } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';

export type NotifierFixture = {
  readonly notifier: Notifier;
  /** What was heard at the other end, in order. */
  heard(): readonly Notification[];
};

const event: Notification = {
  id: 'sha256:0af1',
  type: 'deny',
  time: '2026-11-22T10:00:00.000Z',
  data: { artifact: 'dist/größe\u0000\u202e.tgz', reasons: ['none', null, 1, true] },
};

/** What every notifier must do. @param make one whose other end takes everything, or, where `fails`, nothing. */
export function notifierContract(name: string, make: (fails: boolean) => Promise<NotifierFixture>): void {
  describe(`${name}, as a notifier`, () => {
    test('tells the whole event, whatever is in it', async () => {
      const { notifier, heard } = await make(false);
      await notifier.notify(event);
      expect(heard()).toEqual([event]);
    });

    test('tells several in order, each by its own id', async () => {
      const { notifier, heard } = await make(false);
      for (const id of ['a', 'b', 'c']) await notifier.notify({ ...event, id });
      expect(heard().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    });

    test('says so where nobody took it, and every try had the same id', async () => {
      const { notifier, heard } = await make(true);
      await expect(notifier.notify(event)).rejects.toMatchObject({
        name: 'SignwrightError',
        code: expect.stringMatching(/^(unreachable|configuration)$/),
      });
      expect(new Set(heard().map(({ id }) => id)).size).toBeLessThanOrEqual(1);
    });
  });
}
