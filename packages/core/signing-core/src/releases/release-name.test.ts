import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReleaseName, releaseSubject, releaseText } from './release-name.ts';

describe('the name of a release', () => {
  test.each([
    ['app@1.2.0', { name: 'app', version: '1.2.0' }],
    ['@acme/app@1.2.0-rc.1+build.7', { name: '@acme/app', version: '1.2.0-rc.1+build.7' }],
    ['приложение@2026', { name: 'приложение', version: '2026' }],
  ])('%s is cut at its last "@"', (text, release) => {
    expect(parseReleaseName(text)).toEqual(release);
    expect(releaseText(release)).toBe(text);
  });

  test.each([
    ['app', 'has no "@"'],
    ['', 'has no "@"'],
    ['@1.2.0', 'has no name'],
    ['app@', 'has no version'],
    ['app@1.2.0\n', 'invisible character'],
    ['app\u001b[2J@1', 'invisible character'],
    ['my app@1', 'has a space'],
    ['app\u202e@1', 'invisible character'],
    ['app@1\u200b', 'invisible character'],
    ['e\u0301@1', 'normal form C'],
    [`${'a'.repeat(201)}@1`, 'more than 200'],
    [`app@${'1'.repeat(101)}`, 'more than 100'],
    ['\ud800@1', 'invisible character'],
  ])('%j is refused, and why', (text, why) => {
    expect(() => parseReleaseName(text)).toThrow(why);
  });

  test('stands for one release: others are listed elsewhere', () => {
    const plain = fc.stringMatching(/^[a-z@./-]{1,20}$/);
    const release = fc.record({ name: plain, version: fc.stringMatching(/^[a-z0-9.]{1,10}$/) });
    fc.assert(
      fc.property(release, release, (a, b) => {
        expect(releaseSubject(a) === releaseSubject(b)).toBe(releaseText(a) === releaseText(b));
        expect(parseReleaseName(releaseText(a))).toEqual(a);
      }),
    );
  });
});
