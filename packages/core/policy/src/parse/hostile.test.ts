import { describe, expect, test } from 'vitest';
import { load, problemsOf, withKey } from '../../tests/policy-files.ts';

const VALID = withKey('');

/** The first problem of a policy that must be refused. */
async function refusal(text: string | Uint8Array): Promise<string> {
  const [problem] = await problemsOf(text);
  return `${problem?.line}:${problem?.column} ${problem?.message}`;
}

describe('a policy file is refused where it', () => {
  test('is over 1 MiB', async () => {
    expect(await refusal(`${VALID}# ${'x'.repeat(1024 * 1024)}`)).toMatch(
      /^1:1 the file has \d+ bytes; a policy has at most 1048576/,
    );
  });

  test('is empty, or has comments only', async () => {
    expect(await refusal('')).toContain('the file is empty');
    expect(await refusal(' \n\t\n')).toContain('the file is empty');
    expect(await refusal('# nothing\n---\n')).toMatch(/the file is empty|found nothing/);
  });

  test('is not UTF-8', async () => {
    expect(await refusal(Buffer.from([0x76, 0xff, 0xfe]))).toContain('not UTF-8');
    expect(await refusal(Buffer.from(`\ufeff${VALID}`, 'utf16le'))).toContain('not UTF-8');
  });

  test.each([
    ['NUL', '\u0000'],
    ['an escape', '\u001b[2J'],
    ['a right-to-left override', '\u202e'],
    ['a line separator', '\u2028'],
  ])('has %s in it, which hides what a reviewer reads', async (_name, character) => {
    expect(await refusal(`${VALID}# a${character}b\n`)).toMatch(/^6:4 the character U\+[0-9A-F]{4} is not allowed/);
  });

  test('has a key twice', async () => {
    expect(await refusal(`${VALID}version: 1\n`)).toBe('6:1 the key is there twice: first in line 1');
    expect(await refusal(withKey('', 'tiers: { internal: { signatures: [build], "signatures": [] } }'))).toBe(
      '4:43 the key is there twice: first in line 4',
    );
  });

  test('has a merge key', async () => {
    const merged = withKey('', 'tiers: { a: &a { signatures: [build] }, internal: { <<: *a } }');
    expect(await refusal(merged)).toBe('4:53 merge keys (<<) are not allowed: write the keys out, or let a tier extend another');
  });

  test('has keys that are not text', async () => {
    expect(await refusal('1: x')).toBe('1:1 a key must be text, but 1 was found: put it in quotes');
    expect(await refusal('true: x')).toBe('1:1 a key must be text, but true was found: put it in quotes');
    expect(await refusal('? [a]\n: x')).toBe('1:3 a key must be text, but a list, map or alias was found');
  });

  test('has a key that would reach into a prototype', async () => {
    expect(await refusal(withKey('', 'tiers: { __proto__: { signatures: [build] } }'))).toBe(
      '4:10 the key "__proto__" is not allowed',
    );
    const inherited = withKey('', 'tiers: { internal: { signatures: [toString] } }');
    expect(await refusal(inherited)).toContain('the signer "toString" is not defined');
    const environment = withKey('', undefined, 'artifacts: [{ match: x, tier: { constructor: internal } }]');
    expect(await refusal(environment)).toContain('the environment "constructor" is not defined');
  });

  test('has a tag', async () => {
    expect(await refusal('version: !!int "1"')).toContain('the tag "tag:yaml.org,2002:int" is not allowed');
    expect(await refusal('version: !js/eval x')).toContain('the tag "!js/eval" is not allowed');
  });

  test('has a directive, or several documents', async () => {
    expect(await refusal(`%YAML 1.1\n---\n${VALID}`)).toContain('directives');
    expect(await refusal(`${VALID}---\n${VALID}`)).toBe('6:1 a second document begins here: a policy is one YAML document');
  });

  test('indents by tabs', async () => {
    expect(await refusal('tiers:\n\tinternal: {}\n')).toBe('2:1 not YAML: Tabs are not allowed as indentation');
  });

  test('multiplies by aliases', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    expect(await refusal(lines.join('\n'))).toContain('has more than 100000 values once its aliases are written out');
  });

  test('has an alias that contains itself, or none to point at', async () => {
    expect(await refusal('a: &a [*a]')).toContain('the alias *a contains itself');
    expect(await refusal('a: *b')).toMatch(/alias/i);
  });

  test('names two nodes by one anchor, for readers differ on which of them an alias means', async () => {
    const twice = [
      'version: 1',
      'signers: { one: { keys: [{ ref: k, public-key: trust/a.pub }] }, two: { keys: [{ ref: l, public-key: trust/b.pub }] } }',
      'tiers:',
      '  a: &t { signatures: [{ by: &n one }] }',
      '  z: { signatures: [{ by: &n two }] }',
      '  c: *t',
      '  e: { signatures: [*n] }',
      'artifacts: [{ match: "dist/**", tier: e }]',
    ].join('\n');
    expect((await problemsOf(twice)).map(({ where, path, message }) => `${where} ${path} ${message}`)).toEqual([
      'policy.yaml:5:30 tiers.z.signatures[0].by the anchor &n is there twice, first in line 4: give each a name of its own',
    ]);
    const once = twice.replace('&n two', '&m two');
    const plain = once
      .replaceAll(/&[ntm] /g, '')
      .replace('c: *t', 'c: { signatures: [{ by: one }] }')
      .replace('*n', 'one');
    expect((await load(once)).digest).toBe((await load(plain)).digest);
  });

  test.each([
    ['lists', '['.repeat(200_000)],
    ['maps', '{a: '.repeat(100_000)],
    ['indentation', Array.from({ length: 800 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['dashes', '- '.repeat(200_000)],
    ['lists that close', `a: ${'['.repeat(200)}${']'.repeat(200)}`],
  ])('is nested too deep by %s', async (_name, text) => {
    expect(await refusal(text)).toContain('the file is nested too deep');
  });

  test('has numbers that are none', async () => {
    expect(await refusal(withKey('serial: .inf'))).toContain('Infinity is not a number');
    expect(await refusal(withKey('serial: 99999999999999999999'))).toContain('allowed is a whole number from 0');
  });
});

describe('a file that is no policy', () => {
  const SECRET = 'glpat-SuperSecretToken123456';

  test.each([
    ['text', SECRET, '1:1 found text; allowed is a map of keys and values'],
    ['lines of text', `https://user:${SECRET}@git.example\nhttps://git.example\n`, '1:1 found text; allowed is a map'],
    ['a list', `- ${SECRET}\n`, '1:1 found a list; allowed is a map'],
    ['a number', '123456', '1:1 found a number; allowed is a map'],
    ['true or false', 'true', '1:1 found true or false; allowed is a map'],
    ['a tag', `!${SECRET} x`, '1:31 found text; allowed is a map'],
    ['an alias', `*${SECRET}`, '1:1'],
    ['a list of aliases', `[*${SECRET}]`, '1:1'],
    ['an odd block scalar', `a: |${SECRET}\n`, '1:5 not YAML: Block scalar header includes extra characters'],
    ['an odd tag', `a: !<${SECRET}\n`, '1:4 not YAML'],
    ['a tag without a suffix', `a: !${SECRET}! x\n`, '1:4 not YAML'],
    ['a token out of place', `}${SECRET}`, '1:1 not YAML'],
    ['text after text', `"a" ${SECRET}`, '1:5 not YAML'],
  ])('is refused without a word of what is in it, be it %s', async (_what, text, start) => {
    const problems = await problemsOf(text);
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)[0]).toContain(start);
    expect(JSON.stringify(problems)).not.toMatch(/SuperSecret|git\.example|123456/);
  });

  test.each([
    ['a trust root', 'trust: { root: other }', 'trust.root'],
    ["an identity's root", 'identities: { x: { issuer: https://i.example, subject: x, root: other } }', 'identities.x.root'],
    ['a public key', 'signers: { x: { keys: [{ ref: k, public-key: other }] } }', 'signers.x.keys[0].public-key'],
  ])('is refused so as %s too', async (_what, written, path) => {
    const policy = written.startsWith('signers') ? VALID.replace('signers: { ', `${written.slice(0, -1)}, `) : withKey(written);
    for (const other of [SECRET, `{"a": ${SECRET}`, `-----BEGIN PUBLIC KEY-----\n${SECRET}\n-----END PUBLIC KEY-----\n`]) {
      const problems = await problemsOf(policy, { other });
      expect(problems.map((problem) => problem.path)).toEqual([path]);
      expect(JSON.stringify(problems)).not.toContain('SuperSecret');
    }
  });
});

describe('a policy file is read the same', () => {
  test('with a byte order mark, carriage returns and plain aliases', async () => {
    const plain = await load(VALID);
    expect((await load(`\ufeff${VALID}`)).digest).toBe(plain.digest);
    expect((await load(VALID.replaceAll('\n', '\r\n'))).digest).toBe(plain.digest);
    const aliased = VALID.replace('[build]', '[&b build]').replace('{ match:', '{ owner: *b, match:');
    expect((await load(aliased)).digest).toBe((await load(VALID.replace('{ match:', '{ owner: build, match:'))).digest);
  });

  test('whatever names of its own it has', async () => {
    const policy = await load(
      withKey('', 'tiers: { constructor: { signatures: [build] } }', 'artifacts: [{ match: x, tier: constructor }]'),
    );
    expect(policy.warnings).toEqual([]);
  });
});
