import { expect, test } from 'vitest';
import { entriesPath, tilePath } from './tiles.ts';

test.each([
  [tilePath(0, 0), 'tile/0/000'],
  [tilePath(0, 999), 'tile/0/999'],
  [tilePath(1, 1000), 'tile/1/x001/000'],
  // The specification's own example.
  [tilePath(0, 1_234_067), 'tile/0/x001/x234/067'],
  [tilePath(63, 5, 1), 'tile/63/005.p/1'],
  [tilePath(2, 1_234_067, 255), 'tile/2/x001/x234/067.p/255'],
  [tilePath(0, 7, 256), 'tile/0/007'],
  [tilePath(0, Number.MAX_SAFE_INTEGER), 'tile/0/x009/x007/x199/x254/x740/991'],
  [entriesPath(273, 112), 'tile/entries/273.p/112'],
  [entriesPath(1_234_067), 'tile/entries/x001/x234/067'],
])('%s is where C2SP tlog-tiles keeps it', (path, expected) => {
  expect(path).toBe(expected);
});

test.each([
  () => tilePath(64, 0),
  () => tilePath(-1, 0),
  () => tilePath(0, -1),
  () => tilePath(0, 0.5),
  () => tilePath(0, 2 ** 53),
  () => tilePath(0, 0, 0),
  () => entriesPath(0, 257),
])('a tile that cannot be has no place (%s)', (path) => {
  expect(path).toThrow(RangeError);
});
