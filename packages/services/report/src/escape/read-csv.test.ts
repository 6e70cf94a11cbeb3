import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv } from './csv.ts';
import { readCsv } from './read-csv.ts';

const read = (text: string): (readonly string[])[] => readCsv(Buffer.from(text), 'list.csv', 1000).map(({ cells }) => cells);

test('what was written is read back, whatever is in the cells', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('=1+1', '+a/b=', '-', '@x', '\u202e', 'a\r\nb', '\\u{41}', ' a ', '"', 'a,b'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      // A text that already is as an escaped formula is one to whoever reads it.
      fc.pre(rows.flat().every((text) => !/^'[=+\-@\t\r＝＋－＠]/.test(text)));
      expect(read(csv(rows))).toEqual(rows);
    }),
  );
});

test('lines end as they do anywhere, and a byte order mark is no part of a name', () => {
  expect(read('\ufeffa,b\n1,"2\n3"\r\n')).toEqual([
    ['a', 'b'],
    ['1', '2\n3'],
  ]);
  expect(readCsv(Buffer.from('a\n"1\n2"\n3\n'), 'list.csv', 10).map(({ line }) => line)).toEqual([1, 2, 4]);
});

test.each([
  ['a,b\n1\n', 'list.csv:2 has 1 cells, and the header has 2'],
  ['a\nx"y\n', 'list.csv:2 has a quote inside of a cell that is not quoted'],
  ['a\n"x"y\n', 'list.csv:2 has text behind a quoted cell'],
  ['a\nb\n"x\n\n', 'list.csv:3 begins a quoted cell that does not end'],
  ['a\rb\n', 'list.csv:1 has text behind'],
  ['a\n1\n2\n3\n4\n', 'is past the 4 rows that are read'],
])('%j is refused, by its line', (text, message) => {
  expect(() => readCsv(Buffer.from(text), 'list.csv', 4)).toThrow(message);
});

test('what is not UTF-8 is refused', () => {
  expect(() => readCsv(Buffer.of(0x61, 0xff), 'list.csv', 4)).toThrow('list.csv is not UTF-8');
});
