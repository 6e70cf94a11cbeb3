import { expect, test } from 'vitest';
import { checkCommits, checkRunCommit, runOf } from './run-reference.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');

test('commits are named in full, in one form, each once and not too many', () => {
  expect(checkCommits([COMMIT, COMMIT])).toEqual([COMMIT]);
  expect(checkCommits(['a'.repeat(64)])).toHaveLength(1);
  for (const wrong of ['main', COMMIT.slice(1), COMMIT.toUpperCase(), `${COMMIT}\n`, `../${COMMIT}`])
    expect(() => checkCommits([wrong])).toThrowError(expect.objectContaining({ code: 'usage' }));
  const many = Array.from({ length: 501 }, (_, index) => String(index).padStart(40, '0'));
  expect(() => checkCommits(many)).toThrow(/500 commits at once/);
});

test('a run is named by its id', () => {
  const about = { commit: COMMIT, environment: 'production' };
  expect(runOf({ ...about, run: '42' }, /^\d+$/)).toBe('42');
  expect(() => runOf(about, /^\d+$/)).toThrow(/no run is named/);
  expect(() => runOf({ ...about, run: '42/../43' }, /^\d+$/)).toThrow(/"42\/..\/43" is not the id of a run/);
});

test('a run of another commit is told from the one asked about', () => {
  const about = { commit: COMMIT, environment: 'production', run: '42' };
  checkRunCommit(about, COMMIT, 'here');
  expect(() => checkRunCommit(about, 'd'.repeat(40), 'here')).toThrowError(
    expect.objectContaining({ code: 'verification', where: 'here' }),
  );
  expect(() => checkRunCommit(about, 'secret', 'here')).toThrow(/another commit/);
});
