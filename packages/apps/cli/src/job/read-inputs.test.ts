import { SignwrightError } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { INPUTS, type JobCommand, RELEASE_COMMANDS } from './inputs.ts';
import { type Inputs, readInputs } from './read-inputs.ts';

const json = (inputs: unknown): { SIGNWRIGHT_INPUTS: string } => ({ SIGNWRIGHT_INPUTS: JSON.stringify(inputs) });
const read = (environment: Readonly<Record<string, string>>, command: JobCommand = 'verify'): Inputs =>
  readInputs(command, 'gitlab', environment);
const refusal = (environment: Readonly<Record<string, string>>, command?: JobCommand): SignwrightError => {
  try {
    read(environment, command);
  } catch (error) {
    if (error instanceof SignwrightError) return error;
    throw error;
  }
  throw new Error('it was read');
};

describe('the table', () => {
  test('has every input once, in kebab-case, with a description that is a sentence', () => {
    expect(new Set(INPUTS.map(({ name }) => name)).size).toBe(INPUTS.length);
    for (const { name, description, commands } of INPUTS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description, name).toMatch(/^[A-Z].*\.$/);
      expect(commands.length).toBeGreaterThan(0);
    }
  });

  test('is what is read, each with a default of its type', () => {
    const inputs = read({});
    expect(Object.keys(inputs)).toEqual(INPUTS.map(({ name }) => name));
    const types = { string: 'string', boolean: 'boolean', duration: 'number', list: 'object' };
    for (const { name, type } of INPUTS) expect(typeof inputs[name as keyof Inputs], name).toBe(types[type]);
  });

  test.each(RELEASE_COMMANDS)('of %s takes lists as lines and as lists', (command) => {
    const given = { environment: 'production', policy: 'https://p.example/a.yaml' };
    const wanted = { ...given, paths: ['dist', 'infra/a b'] };
    expect(read(json({ ...given, paths: 'dist\r\n infra/a b \n' }), command)).toMatchObject(wanted);
    expect(read(json(wanted), command)).toMatchObject(wanted);
  });
});

test.each([
  ['words', { attest: 'true', collect: 'false' }],
  ['values of JSON', { attest: true, collect: false }],
])('booleans are %s', (_, given) => {
  expect(read(json(given))).toMatchObject({ attest: true, collect: false });
});

test('an empty text is the default, for a platform hands on what nobody filled in', () => {
  const all = Object.fromEntries(INPUTS.map(({ name }) => [name, '']));
  expect(read(json(all))).toEqual(read({}));
});

test('what is for another command or platform may be handed on with its default, and not with another value', () => {
  expect(read(json({ sidecars: true, 'status-check': '' }), 'sign')).toMatchObject({ sidecars: true });
  expect(refusal(json({ sidecars: false }))).toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/sidecars is not for verify/),
  });
  expect(() => readInputs('verify', 'jenkins', json({ 'status-check': '12' }))).toThrow(
    /status-check is not for verify on jenkins/,
  );
});

test('names of files stay what they are', () => {
  const paths = ['--help', '$(id)', '`id`', 'a\'b"c', '##vso[task.complete]', '::error::', ' spaces ', '%0A'];
  expect(read(json({ paths })).paths).toEqual(paths);
});

describe('refused, with what may be', () => {
  test.each([
    ['an unknown name, with the nearest', { evnironment: 'x' }, /no input "evnironment"/, /did you mean environment\?/],
    ['a boolean that is none', { attest: 'yes' }, /attest is a text of 3 characters.*true or false/, /correct/],
    ['a number', { environment: 4 }, /environment is number/, /correct/],
    ['an environment with a line break', { environment: 'a\nb' }, /environment is a text/, /correct/],
    ['reports that lead out', { reports: '../x' }, /reports is/, /correct/],
    ['reports from the root', { reports: '/tmp' }, /reports is/, /correct/],
    ['a duration without its unit', { wait: '30' }, /wait is/, /correct/],
    ['a path with a line break in a list', { paths: ['a\nb'] }, /paths is a list/, /correct/],
    ['a policy with an escape', { policy: 'a\u001b[2J' }, /policy is/, /correct/],
    [
      'something that is no name of a variable',
      { 'passphrase-env': 'correct horse' },
      /passphrase-env is a text of 13/,
      /correct/,
    ],
  ])('%s', (_, given, message, next) => {
    const error = refusal(json(given));
    expect([error.message, error.next]).toEqual([expect.stringMatching(message), expect.stringMatching(next)]);
  });

  test('a value is not repeated, for it may be a secret in the wrong place', () => {
    const error = refusal(json({ 'passphrase-env': 'correct horse battery' }));
    expect(JSON.stringify(error) + error.message + error.next).not.toContain('horse');
  });

  test.each([['[]'], ['"x"'], ['null'], ['{'], ['{"attest":true,"attest":false}']])('JSON that is no object: %s', (text) => {
    expect(refusal({ SIGNWRIGHT_INPUTS: text }).code).toMatch(/usage|invalid-input/);
  });

  test('a name of an object’s prototype', () => {
    expect(refusal({ SIGNWRIGHT_INPUTS: '{"__proto__": "x"}' }).message).toContain('__proto__');
  });
});
