import { unzipSync, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { settled, zipOf } from './zip.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('the same files make the same zip, in whatever order they come', () => {
  const zip = zipOf({ 'b.txt': bytes('b'), 'a/a.txt': bytes('a') });
  expect(Buffer.from(zipOf({ 'a/a.txt': bytes('a'), 'b.txt': bytes('b') })).equals(zip)).toBe(true);
  expect(Object.keys(unzipSync(zip))).toEqual(['a/a.txt', 'b.txt']);
});

test('an extension is the same whenever it was packed, and holds what it held', () => {
  const packed = (types: readonly string[], year: number): Uint8Array => {
    const lines = types.map((type) => `  <Default Extension="${type}"/>\n`).join('');
    const files = { '[Content_Types].xml': bytes(`<Types>\n${lines}</Types>`), 'task.json': bytes('{}') };
    return zipSync(files, { mtime: new Date(year, 5, 1) });
  };
  const one = settled(packed(['.json', '.md', '.cjs'], 2026));
  expect(Buffer.from(settled(packed(['.md', '.cjs', '.json'], 2030))).equals(one)).toBe(true);
  expect(Buffer.from(unzipSync(one)['[Content_Types].xml'] ?? '').toString()).toContain(
    '.cjs"/>\n  <Default Extension=".json"/>\n',
  );
  expect(() => settled(zipSync({ 'task.json': bytes('{}') }))).toThrow('Content_Types');
});
