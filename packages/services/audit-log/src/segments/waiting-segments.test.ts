import { createMemoryBlobStore } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { segmentKey } from '../layout.ts';
import { countWaiting } from './waiting-segments.ts';

test('segments that wait for their order are counted, without those that are in order', async () => {
  const blobs = createMemoryBlobStore();
  for (let number = 0; number < 9; number++) await blobs.putIfAbsent(segmentKey(number), Buffer.from('a segment'));
  expect(await countWaiting(blobs, 2)).toBe(7);
  expect(await countWaiting(blobs, 9)).toBe(0);
});
