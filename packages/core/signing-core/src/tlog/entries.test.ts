import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntries, encodeEntries } from './entries.ts';

const records = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 20 });

test('records are read as they were written', () => {
  fc.assert(
    fc.property(records, (some) => {
      const read = decodeEntries(encodeEntries(some));
      expect(read.map((one) => one.toString('hex'))).toEqual(some.map((one) => Buffer.from(one).toString('hex')));
    }),
  );
});

test('each is written after its length, most significant byte first', () => {
  expect(encodeEntries([Buffer.from('ab'), Buffer.alloc(0), Buffer.alloc(258, 7)])).toEqual(
    Buffer.concat([Buffer.from('0002', 'hex'), Buffer.from('ab'), Buffer.from('00000102', 'hex'), Buffer.alloc(258, 7)]),
  );
});

test('a bundle that is cut anywhere inside an entry is refused', () => {
  const whole = encodeEntries([Buffer.from('first'), Buffer.from('second')]);
  for (let length = 1; length < whole.length; length++) {
    if (length === 7) expect(decodeEntries(whole.subarray(0, length))).toHaveLength(1);
    else
      expect(() => decodeEntries(whole.subarray(0, length), 'the tile')).toThrow(
        /^the tile: entry [01] \(from byte [07]\) is cut off$/,
      );
  }
  expect(() => decodeEntries(Buffer.concat([whole, Buffer.of(0)]))).toThrow('entry 2 (from byte 15) is cut off');
});

test('a record of 65,535 bytes is the largest', () => {
  expect(decodeEntries(encodeEntries([Buffer.alloc(65_535)]))[0]).toHaveLength(65_535);
  expect(() => encodeEntries([Buffer.alloc(65_536)])).toThrow(RangeError);
});

test('more entries than are expected are not read', () => {
  const two = encodeEntries([Buffer.of(1), Buffer.of(2)]);
  expect(decodeEntries(two, 'the tile', 2)).toHaveLength(2);
  expect(() => decodeEntries(two, 'the tile', 1)).toThrow('the tile has more than 1 entries');
});
