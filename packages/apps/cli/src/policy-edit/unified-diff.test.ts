import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { changedLines, unifiedDiff } from './unified-diff.ts';

const place = mkdtempSync(join(tmpdir(), 'signwright-diff-'));
afterAll(() => rmSync(place, { recursive: true }));

test('one line of a file is shown with what is around it', () => {
  expect(unifiedDiff('f', 'a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nd\nx\ne\nf\n')).toBe(
    '--- a/f\n+++ b/f\n@@ -2,5 +2,6 @@\n b\n c\n d\n+x\n e\n f\n',
  );
  expect(unifiedDiff('f', 'a\n', 'a\n')).toBe('');
  expect(changedLines('a\nb\r\nc', 'a\nx\nc')).toEqual(['- b', '+ x']);
});

test('git makes the one text of the other by it', () => {
  const line = fc.constantFrom('a', 'b', '', '  c', '-d', '+e');
  const text = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 30 }), fc.boolean())
    .map(([lines, ended]) => lines.join('\n') + (ended ? '\n' : ''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const patch = unifiedDiff('file', before, after);
      if (patch === '' || before === '' || after === '') return;
      writeFileSync(join(place, 'file'), before);
      execFileSync('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', '-'], {
        cwd: place,
        input: patch,
        env: { ...process.env, GIT_DIR: '/nowhere' },
      });
      expect(readFileSync(join(place, 'file'), 'utf8')).toBe(after);
    }),
    { numRuns: 60 },
  );
});
