import { SignwrightError } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { callRemote, type Failure, type RemoteCall } from './index.ts';

const CALL: RemoteCall = { what: 'the service', where: 'https://service.example', deadlineMs: 5_000 };
const busy = (): Failure => ({ again: true, error: new SignwrightError('unreachable', 'busy') });
const refused = (): Failure => ({ again: false, error: new SignwrightError('configuration', 'refused') });

/** Fails that many times, then answers how often it was asked. */
function failing(times: number): { send: () => Promise<number>; asked: () => number } {
  let asked = 0;
  const send = async (): Promise<number> => {
    asked++;
    if (asked <= times) throw new Error('no');
    return asked;
  };
  return { send, asked: () => asked };
}

describe('a call of a service', () => {
  test('is answered by the first try that succeeds', async () => {
    expect(await callRemote(CALL, failing(0).send, busy)).toBe(1);
    expect(await callRemote(CALL, failing(3).send, busy)).toBe(4);
  });

  test('is tried five times at the most', async () => {
    const { send, asked } = failing(100);
    await expect(callRemote(CALL, send, busy)).rejects.toMatchObject({ code: 'unreachable', message: 'busy' });
    expect(asked()).toBe(5);
  });

  test('that was refused is not tried again', async () => {
    const { send, asked } = failing(100);
    await expect(callRemote(CALL, send, refused)).rejects.toMatchObject({ message: 'refused' });
    expect(asked()).toBe(1);
  });

  test('throws our own errors and defects as they are', async () => {
    const own = new SignwrightError('conflict', 'ours');
    await expect(callRemote(CALL, async () => Promise.reject(own), busy)).rejects.toBe(own);
    const defect = new TypeError('x is not a function');
    await expect(callRemote(CALL, async () => Promise.reject(defect), busy)).rejects.toBe(defect);
  });

  test('ends at its deadline though what is called never looks at its signal', async () => {
    let seen: AbortSignal | undefined;
    const hanging = (signal: AbortSignal): Promise<never> => {
      seen = signal;
      return new Promise(() => undefined);
    };
    await expect(callRemote({ ...CALL, deadlineMs: 60 }, hanging, busy)).rejects.toMatchObject({
      code: 'unreachable',
      message: 'the service did not answer within 0.06 s',
      where: CALL.where,
    });
    expect(seen?.aborted).toBe(true);
  });

  test('does not wait for a try that would begin after the deadline', async () => {
    const { send, asked } = failing(100);
    const later = (): Failure => ({ ...busy(), afterMs: 60_000 });
    await expect(callRemote(CALL, send, later)).rejects.toMatchObject({ message: 'busy' });
    expect(asked()).toBe(1);
  });

  test('waits as long as the service asks', async () => {
    const started = performance.now();
    await callRemote(CALL, failing(1).send, () => ({ ...busy(), afterMs: 300 }));
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
  });

  test.each(['while it hangs', 'while it pauses', 'before it began'])('is given up when it is stopped %s', async (when) => {
    const stop = new AbortController();
    if (when === 'before it began') stop.abort();
    else setTimeout(() => stop.abort(), 30);
    const { send, asked } = failing(100);
    const work = when === 'while it hangs' ? (): Promise<never> => new Promise(() => undefined) : send;
    const call = callRemote({ ...CALL, signal: stop.signal }, work, () => ({ ...busy(), afterMs: 2_000 }));
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(asked()).toBeLessThanOrEqual(1);
  });
});
