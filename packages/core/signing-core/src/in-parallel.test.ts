import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('results come in the order of the items, and no more run at once than there are lanes', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([3, 1, 2, 0, 5], 2, async (turns) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < turns; turn++) await pause();
    running--;
    return turns * 10;
  });
  expect(results).toEqual([30, 10, 20, 0, 50]);
  expect(most).toBe(2);
});

test('after a failure nothing more is started, and what runs comes to rest before it is thrown', async () => {
  const started: number[] = [];
  let ended = 0;
  const work = inParallel([0, 1, 2, 3], 2, async (item) => {
    started.push(item);
    await pause();
    if (item === 0) throw new Error('the first');
    await pause();
    ended++;
  });
  await expect(work).rejects.toThrow('the first');
  expect(started).toEqual([0, 1]);
  expect(ended).toBe(1);
});
