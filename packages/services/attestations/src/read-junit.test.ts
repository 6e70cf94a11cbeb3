import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJUnit } from './read-junit.ts';

const read = (text: string | Uint8Array): ReturnType<typeof readJUnit> => readJUnit(Buffer.from(text), 'j.xml');
const suite = (inside: string, attributes = ''): string => `<testsuite name="s"${attributes}>${inside}</testsuite>`;
const passing = '<testcase classname="c" name="a"/>';

describe('JUnit XML', () => {
  test('tells what passed, failed, was tried again and was skipped', () => {
    const cases = [
      passing,
      '<testcase name="b"><failure message="x">trace</failure></testcase>',
      '<testcase name="c"><error/></testcase>',
      '<testcase name="d"><skipped/></testcase>',
      '<testcase name="e" status="notrun"/>',
      '<testcase name="f"><flakyFailure/></testcase>',
      '<testcase name="g" status="failed"/>',
      '<testcase name="h"><flakyFailure/><failure/><skipped/></testcase>',
      '<testcase name="i"><system-out>&lt;failure/&gt;<![CDATA[<failure/>]]></system-out></testcase>',
    ].join('');
    expect(read(`<testsuites>${suite(cases)}</testsuites>`)).toEqual({
      passed: ['c > a', 'i'],
      warned: ['f'],
      failed: ['b', 'c', 'g', 'h'],
      skipped: 2,
    });
  });

  test('is read in suites within suites, and without any', () => {
    expect(read(suite(suite(passing)))).toMatchObject({ passed: ['c > a'] });
    expect(read(`<testsuites>${passing}</testsuites>`)).toMatchObject({ passed: ['c > a'] });
  });

  test('may count in a suite what failed in those within', () => {
    const inner = suite('<testcase name="b"><failure/></testcase>', ' failures="1"');
    expect(read(suite(inner, ' failures="1"'))).toMatchObject({ failed: ['b'] });
  });

  test('counts what a suite says of itself as a failure', () => {
    expect(read(suite(`${passing}<error message="no database"/>`))).toMatchObject({ passed: ['c > a'], failed: ['s'] });
  });

  test('may have a byte order mark and a first line, in UTF-8', () => {
    expect(read(`\ufeff<?xml version="1.0" encoding="UTF-8"?>\n${suite('<testcase name="grün"/>')}`)).toMatchObject({
      passed: ['grün'],
    });
  });

  test('keeps names short', () => {
    const [name] = read(suite(`<testcase name="${'x'.repeat(299)}😀😀"/>`)).passed;
    expect(name).toBe(`${'x'.repeat(299)}…`);
  });
});

describe('JUnit XML is refused where', () => {
  test.each([
    ['nothing ran', suite(''), /has no test: no test ran/],
    ['nothing but skipped tests is there', suite('<testcase name="a"><skipped/></testcase>'), /has 1 skipped tests and no other/],
    [
      'a suite tells of failures and lists none',
      suite(passing, ' tests="2" failures="1"'),
      /says that 1 of "s" failed, and lists none/,
    ],
    ['it is cut off', `<testsuites>${suite(passing).slice(0, -5)}`, /is not well-formed XML/],
    ['it goes on after its end', `${suite(passing)}<testsuite/>`, /is not well-formed XML/],
    ['an element is closed by another', `<testsuite>${passing}</testsuites>`, /is not well-formed XML/],
    ['an attribute is there twice', suite('<testcase name="a" name="b"/>'), /is not well-formed XML/],
    ['it has a document type', `<!DOCTYPE testsuite>${suite(passing)}`, /has a document type/],
    [
      'it has entities of its own',
      `<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${suite('<testcase name="&b;"/>')}`,
      /has a document type/,
    ],
    ['it refers to an entity nobody defined', suite('<testcase name="&passwd;"/>'), /is not well-formed XML/],
    ['it is of another kind', '<html><testsuite/></html>', /has <html> at the top; allowed is <testsuites> or <testsuite>/],
    ['it says another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${suite(passing)}`, /is not in UTF-8/],
    ['a count is none', suite(passing, ' failures="-1"'), /the failures "-1", which is no count/],
    ['it is nested too deep', `${'<testsuite>'.repeat(65)}${passing}`, /nested more than 64 deep/],
  ])('%s', (_, text, why) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(why) as string }) as Error,
    );
  });

  test('it is not UTF-8', () => {
    expect(() => read(Buffer.concat([Buffer.from('<testsuite name="'), Buffer.from([0xff]), Buffer.from('"/>')]))).toThrow(
      /is not UTF-8/,
    );
  });

  test('it has more tests than are read', () => {
    expect(() => read(suite('<testcase name="a"/>'.repeat(500_001)))).toThrow(/more than 500000 tests/);
  });

  test('a place can be told, that place is told', () => {
    expect(() => read(`<testsuites>\n<testsuite>\n</testsuites>`)).toThrow(
      expect.objectContaining({ where: expect.stringMatching(/^j\.xml:3:\d+$/) as string }) as Error,
    );
  });

  test('it is cut anywhere', () => {
    const whole = readFileSync(new URL('../vectors/pytest-error.junit.xml', import.meta.url))
      .toString()
      .trimEnd();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(() => read(whole.slice(0, length))).toThrow(expect.objectContaining({ name: 'SignwrightError' }) as Error);
      }),
      { numRuns: 300 },
    );
  });
});
