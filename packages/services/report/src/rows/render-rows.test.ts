import { expect, test } from 'vitest';
import { renderRows } from './render-rows.ts';

const table = {
  columns: ['index', 'name'],
  rows: [
    ['7', 'dist/app.tgz'],
    ['12345', 'b'],
  ],
};

test('text has its columns under each other', () => {
  expect(renderRows(table, 'text')).toBe('index  name\n7      dist/app.tgz\n12345  b\n');
  expect(renderRows({ ...table, rows: [] }, 'text')).toBe('');
});

test('csv is RFC 4180, and a later page has no header', () => {
  expect(renderRows(table, 'csv')).toBe('index,name\r\n7,dist/app.tgz\r\n12345,b\r\n');
  expect(renderRows({ columns: ['a'], rows: [['x "y", z']] }, 'csv', { header: false })).toBe('"x ""y"", z"\r\n');
  expect(renderRows({ ...table, rows: [] }, 'csv')).toBe('index,name\r\n');
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('a spreadsheet takes %j for no formula', (cell) => {
  const field = renderRows({ columns: ['a'], rows: [[cell]] }, 'csv', { header: false });
  expect(field).toMatch(/^"?'/);
});

test.each(['text', 'csv'] as const)('nothing in a cell is obeyed by a terminal or a CI system: %s', (format) => {
  const cells = ['a\nb', '\u001b[2J', '\u202egpj', '##vso[task.complete]', '::error::x', 'a\u0000'];
  const out = renderRows({ columns: ['a', 'b', 'c', 'd', 'e', 'f'], rows: [cells] }, format, { header: false });
  expect(out.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]|##vso|::error/u);
});
