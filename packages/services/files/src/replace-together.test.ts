import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { finishReplacing, replaceTogether } from './replace-together.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-together-'));
});
afterEach(() => rmSync(place, { recursive: true }));
const at = (name: string): string => join(place, name);
const bytes = (text: string): Buffer => Buffer.from(text);
const NAMES = ['a', 'b', 'c'];

/** The journal of a change that was cut off before any of its files was written. */
function cutOff(write: Readonly<Record<string, string>>, remove: readonly string[] = []): void {
  const files = Object.fromEntries(Object.entries(write).map(([name, text]) => [name, bytes(text).toString('base64')]));
  writeFileSync(at('journal'), JSON.stringify({ version: 1, write: files, remove }));
}

describe('files that are replaced together', () => {
  test('are written and removed, and no journal stays', async () => {
    writeFileSync(at('c'), 'old');
    await replaceTogether(at('journal'), {
      write: new Map([
        ['a', bytes('1')],
        ['b', bytes('2')],
      ]),
      remove: ['c', 'gone'],
    });
    expect(readdirSync(place).sort()).toEqual(['a', 'b']);
    expect(readFileSync(at('b'), 'utf8')).toBe('2');
    await expect(finishReplacing(at('journal'), NAMES)).resolves.toBe(false);
  });

  test('are finished from the journal after a kill, however far they were', async () => {
    for (const done of [[], ['a'], ['a', 'b']]) {
      for (const name of NAMES) writeFileSync(at(name), done.includes(name) ? 'new' : 'old');
      cutOff({ a: 'new', b: 'new' }, ['c']);
      await expect(finishReplacing(at('journal'), NAMES)).resolves.toBe(true);
      expect(readdirSync(place).sort()).toEqual(['a', 'b']);
      expect(['a', 'b'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['new', 'new']);
    }
  });

  test.each([
    ['a file elsewhere', { '../a': 'x' }, []],
    ['another file', { d: 'x' }, []],
    ['the removal of another file', {}, ['d']],
  ])('are not touched where the journal speaks of %s', async (_what, write, remove) => {
    writeFileSync(at('d'), 'old');
    cutOff({ a: 'x', ...write }, remove);
    await expect(finishReplacing(at('journal'), NAMES)).rejects.toMatchObject({ code: 'invalid-input' });
    expect(readdirSync(place).sort()).toEqual(['d', 'journal']);
  });

  test('are not touched where the journal is half', async () => {
    writeFileSync(at('journal'), '{"version":1,"write":{');
    await expect(finishReplacing(at('journal'), NAMES)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
