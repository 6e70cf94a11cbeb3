import { compileGlob } from '@signwright/signing-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { load, withKey } from '../../tests/policy-files.ts';
import { covers } from './covers.ts';

const part = fc.oneof(
  fc.constant('**'),
  fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 3 }).map(single),
);
const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const name = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'));

function single(text: string): string {
  return text.replace(/\*+/g, '*');
}

describe('a pattern said to cover another', () => {
  test('matches whatever that one matches', () => {
    fc.assert(
      fc.property(pattern, pattern, name, (wider, narrower, text) => {
        fc.pre(covers(wider, narrower) && compileGlob(narrower)(text));
        expect(compileGlob(wider)(text)).toBe(true);
      }),
      { numRuns: 3000, maxSkipsPerRun: 1000 },
    );
  });

  test.each([
    ['dist/**', 'dist/a/*.tgz', true],
    ['dist/*.tgz', 'dist/a-*.tgz', true],
    ['**', 'a/b', true],
    ['a/**/c', 'a/b/**/c', true],
    ['dist/*', 'dist/**', false],
    ['dist/*.tgz', 'dist/*', false],
    ['*/a', '**/a', false],
  ])('%s covers %s: %s', (wider, narrower, answer) => {
    expect(covers(wider, narrower)).toBe(answer);
  });
});

describe('a rule that an earlier one hides', () => {
  async function warnings(artifacts: string): Promise<string[]> {
    const policy = await load(withKey('', undefined, artifacts));
    return policy.warnings.map(({ where, path, message }) => `${where} ${path} ${message}`);
  }

  test('is warned of, with the place of the earlier one', async () => {
    expect(
      await warnings('artifacts:\n  - { match: "dist/**", tier: internal }\n  - { match: ["dist/*.tgz", dist/x], sign: never }'),
    ).toEqual([
      'policy.yaml:7:5 artifacts[1] the rule never decides: what it matches, the rule at policy.yaml:6:5 matches first',
    ]);
  });

  test.each([
    ['it matches more', '[{ match: "dist/*", tier: internal }, { match: "dist/**", tier: internal }]'],
    ['one of its patterns is free', '[{ match: "dist/*", tier: internal }, { match: [dist/a, b], tier: internal }]'],
    ['the earlier one is for images', '[{ match: "dist/*", kind: image, tier: internal }, { match: dist/a, tier: internal }]'],
  ])('is not warned of where %s', async (_why, artifacts) => {
    expect(await warnings(`artifacts: ${artifacts}`)).toEqual([]);
  });

  test('and differs from it in kind alone is warned of too: files in hand go by their names', async () => {
    const artifacts = '[{ match: "a/*", kind: sbom, tier: internal }, { match: "a/*", kind: package, tier: internal }]';
    expect(await warnings(`artifacts: ${artifacts}`)).toEqual([expect.stringContaining('decides nothing of files in hand')]);
  });

  test('so is a tier that no rule leads to', async () => {
    const policy = await load(withKey('', 'tiers: { internal: { signatures: [build] }, spare: { signatures: [build] } }'));
    expect(policy.warnings.map(({ path, severity }) => [path, severity])).toEqual([['tiers.spare', 'warning']]);
  });
});
