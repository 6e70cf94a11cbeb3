import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editYaml } from './edit-yaml.ts';

const T = '2026-11-01T00:00:00.000Z';
const set = (text: string, path: (string | number)[], value: unknown = T): string =>
  editYaml(text, (document) => document.setIn(path, document.createNode(value)), 'policy.yaml');
const end = (text: string): string =>
  editYaml(text, (document) => document.setIn(['authorities', 0, 'validFor', 'end'], T), 'root.json', 'json');

describe('a value is set in YAML', () => {
  test.each([
    [
      'behind the others of a map in braces',
      'a: { b: 1, c: x } # why\n',
      ['a', 'since'],
      `a: { b: 1, c: x, since: ${T} } # why\n`,
    ],
    ['in braces without spaces', 'a: {b: 1}\n', ['a', 'since'], `a: {b: 1, since: ${T}}\n`],
    [
      'in braces over lines',
      'a: {\n  b: 1, # one\n  c: 2 # two\n}\n',
      ['a', 'since'],
      `a: {\n  b: 1, # one\n  c: 2,\n  since: ${T} # two\n}\n`,
    ],
    [
      'below the others of a block',
      'a:\n  b: 1\n  c: 2 # two\n\n# of d\nd: 3\n',
      ['a', 'since'],
      `a:\n  b: 1\n  c: 2 # two\n  since: ${T}\n\n# of d\nd: 3\n`,
    ],
    ['at the end of a file without a line end', 'a:\n  b: 1', ['a', 'since'], `a:\n  b: 1\n  since: ${T}`],
    [
      'below a list',
      'a:\n  b:\n    - 1\n    - 2 # two\nd: 3\n',
      ['a', 'since'],
      `a:\n  b:\n    - 1\n    - 2 # two\n  since: ${T}\nd: 3\n`,
    ],
    [
      'in an item of a list',
      'k:\n  - ref: x\n    pub: y\n  - ref: z\n',
      ['k', 0, 'since'],
      `k:\n  - ref: x\n    pub: y\n    since: ${T}\n  - ref: z\n`,
    ],
    ['with the line ends of the file', 'a:\r\n  b: 1\r\nc: 2\r\n', ['a', 'since'], `a:\r\n  b: 1\r\n  since: ${T}\r\nc: 2\r\n`],
    ['in a map that is empty', 'a: {} # why\n', ['a', 'since'], `a: { since: ${T} } # why\n`],
    ['in place of another', 'a: { since: 2026-12-01, b: 1 } # why\n', ['a', 'since'], `a: { since: ${T}, b: 1 } # why\n`],
    ['in place of one in quotes', "a:\n  since: '2026-12-01' # why\n", ['a', 'since'], `a:\n  since: ${T} # why\n`],
    [
      'behind a block text',
      'a:\n  b: |\n    text\n    more\nc: 1\n',
      ['a', 'since'],
      `a:\n  b: |\n    text\n    more\n  since: ${T}\nc: 1\n`,
    ],
  ] as [string, string, (string | number)[], string][])('%s', (_, text, path, edited) => {
    expect(set(text, path)).toBe(edited);
  });

  test('as one more of a list', () => {
    const span = { from: T, reason: 'runner 7: stolen' };
    expect(set('a: [{ from: 2025-01-01 }]\n', ['a', 1], span)).toBe(
      `a: [{ from: 2025-01-01 }, { from: ${T}, reason: "runner 7: stolen" }]\n`,
    );
    expect(set('a:\n  - from: 2025-01-01 # old\nb: 1\n', ['a', 1], span)).toBe(
      `a:\n  - from: 2025-01-01 # old\n  - { from: ${T}, reason: "runner 7: stolen" }\nb: 1\n`,
    );
  });

  test('in place of a text, whatever is in it', () => {
    const key = 'ssh-ed25519 AAAA ann: {x}, "y" # z';
    for (const text of [`a: [${JSON.stringify(key)}]\n`, `a:\n  - '${key}'\n`])
      expect(parse(set(text, ['a', 0], { key, since: T }))).toEqual({ a: [{ key, since: T }] });
  });

  test('in JSON, which stays JSON as it was laid out', () => {
    const json = (value: unknown, space?: number): string => `${JSON.stringify(value, null, space)}\n`;
    const before = {
      authorities: [
        { uri: 'x', validFor: { start: T } },
        { uri: 'y', validFor: { start: T } },
      ],
    };
    const after = { authorities: [{ uri: 'x', validFor: { start: T, end: T } }, before.authorities[1]] };
    for (const space of [2, 4]) expect(end(json(before, space))).toBe(json(after, space));
    const flat = end(json(before));
    expect(JSON.parse(flat)).toEqual(after);
  });

  test('twice comes to the last', () => {
    const once = set('a: { b: 1 }\n', ['a', 'since']);
    expect(set(once, ['a', 'since'], '2025-01-01')).toBe('a: { b: 1, since: 2025-01-01 }\n');
  });

  test('not in a part that an alias repeats elsewhere, whether the alias is here, further up or there', () => {
    for (const text of [
      'a: &x { b: 1 }\nc: *x\n',
      'c: &x { b: 1 }\na: *x\n',
      'c: &x\n  b: 1\na: *x\n',
      'list: &x [{ b: 1 }]\nc: { keys: *x }\n',
      'a: &x { keys: [{ b: 1 }] }\nc: *x\n',
    ]) {
      const path = text.includes('keys') ? ['c', 'keys', 0, 'since'] : ['c', 'since'];
      expect(() => set(text, path), text).toThrow('policy.yaml cannot be edited so');
    }
  });

  test('not in a file whose aliases come to more than any file has', () => {
    const ten = (item: string): string => `[${Array.from({ length: 10 }, () => item).join(', ')}]`;
    const lines = Array.from({ length: 7 }, (_, at) => `a${at + 1}: &a${at + 1} ${ten(`*a${at}`)}`);
    const bomb = ['a0: &a0 [x]', ...lines, 'b: 1', ''].join('\n');
    expect(() => set(bomb, ['b'])).toThrow(/policy\.yaml cannot be read: Excessive alias count/);
  });

  test('not where it would not be seen, and then the file is named', () => {
    expect(() => set('a: &x { b: 1 }\nc: *x\n', ['c', 'since'])).toThrow(/policy\.yaml cannot be edited so.* at c\./);
    expect(() => set('a: [}\n', ['a'])).toThrow(/policy\.yaml cannot be read/);
    expect(() => editYaml('a:\n  b: 1\n  c: 2\n', (document) => document.deleteIn(['a', 'c']), 'policy.yaml')).toThrow(
      /policy\.yaml cannot be edited so/,
    );
  });
});
