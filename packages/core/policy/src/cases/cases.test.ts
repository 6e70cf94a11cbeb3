import { describe, expect, test } from 'vitest';
import { load, withKey } from '../../tests/policy-files.ts';
import { PolicyError, problemLine } from '../problem.ts';
import { checkResolution } from './check-case.ts';
import { parseCases } from './parse-cases.ts';

const read = (text: string) => parseCases(Buffer.from(text), 'cases.yaml');

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof PolicyError) return error.problems.map(problemLine).join('\n');
    throw error;
  }
  throw new Error('accepted');
}

describe('a file of cases', () => {
  test('is read with the place of each case', () => {
    const { policy, cases } = read('version: 1\ncases:\n  - { name: a, artifact: x, expect: { denied: unlisted } }\n');
    expect(policy).toBe('signwright.yaml');
    expect(cases).toMatchObject([{ name: 'a', where: 'cases.yaml:3:5' }]);
  });

  test.each([
    ['no case', 'version: 1\ncases: []', 'cases.yaml:2:8: cases: the list is empty'],
    ['no cases at all', 'version: 1', 'the key "cases" is missing'],
    [
      'a key that is none',
      'version: 1\ncases: [{ name: a, artifcat: x, expect: { denied: unlisted } }]',
      'cases.yaml:2:20: cases[0].artifcat: unknown key',
    ],
    ['nothing expected', 'version: 1\ncases: [{ name: a, artifact: x, expect: {} }]', 'cases[0].expect: nothing is given'],
    [
      'an expectation that is none',
      'version: 1\ncases: [{ name: a, artifact: x, expect: { denied: never } }]',
      'found "never"; allowed are unlisted, never-sign',
    ],
    [
      'nothing it is about',
      'version: 1\ncases: [{ name: a, expect: { denied: unlisted } }]',
      'one of "artifact", "file" is needed',
    ],
    [
      'a verdict on no file',
      'version: 1\ncases: [{ name: a, artifact: x, expect: { result: deny } }]',
      'cases.yaml:2:43: cases[0].expect.result: it is of a verdict',
    ],
    ['a file and no verdict', 'version: 1\ncases: [{ name: a, file: x, expect: { tiers: [t] } }]', 'the key "result" is missing'],
    [
      'evidence for no file',
      'version: 1\ncases: [{ name: a, artifact: x, evidence: e, expect: { tiers: [t] } }]',
      'there is no "file" to judge by it',
    ],
    [
      'denial and demands',
      'version: 1\ncases: [{ name: a, artifact: x, expect: { denied: unlisted, tiers: [t] } }]',
      'nothing is asked of what is denied',
    ],
    ['a key twice', 'version: 1\nversion: 1', 'the key is there twice'],
    [
      'a time that is none',
      'version: 1\ncases: [{ name: a, file: x, at: yesterday, expect: { result: deny } }]',
      'found "yesterday"; allowed is a time',
    ],
  ])('with %s is refused, naming the place', (_what, text, says) => {
    expect(refusal(text)).toContain(says);
  });
});

describe('what a policy says of a name', async () => {
  const policy = await load(
    withKey(
      'environments: { test: {}, production: {} }',
      'tiers: { internal: { signatures: [build] } }',
      'artifacts: [{ match: "dist/*.map", sign: never }, { match: "dist/**", tier: { test: internal } }]',
    ),
  );
  const check = (text: string): string[] => {
    const [one] = read(`version: 1\ncases: [{ name: a, ${text} }]`).cases;
    if (one === undefined) throw new Error('no case');
    return checkResolution(policy, one);
  };

  test.each([
    'artifact: dist/a, environment: test, expect: { tiers: [internal], signers: [build], requirements: ["signature:build"] }',
    'artifact: dist/a.map, expect: { denied: never-sign }',
    'artifact: out/a, expect: { denied: unlisted }',
    'artifact: dist/a, expect: { denied: environment-needed }',
    'artifact: dist/a, environment: production, expect: { denied: environment-not-listed }',
  ])('holds: %s', (text) => {
    expect(check(text)).toEqual([]);
  });

  test.each([
    [
      'artifact: dist/a, environment: test, expect: { tiers: [production] }',
      ['tiers: production is not among internal', 'tiers: internal is not expected'],
    ],
    ['artifact: dist/a, environment: test, expect: { signers: [] }', ['signers: build is not expected']],
    ['artifact: dist/a, environment: test, expect: { denied: unlisted }', ['it is asked for signature:build, not unlisted']],
    ['artifact: out/a, expect: { tiers: [internal] }', ['it is denied: unlisted']],
    ['artifact: out/a, expect: { signers: [] }', ['it is denied: unlisted']],
    ['artifact: dist/a.map, expect: { denied: unlisted }', ['it is never-sign, not unlisted']],
    [
      'artifact: dist/a, environment: tset, expect: { tiers: [internal] }',
      ['the policy lists no environment "tset"; there are default, test, production'],
    ],
  ])('does not hold: %s', (text, says) => {
    expect(check(text)).toEqual(says);
  });
});
