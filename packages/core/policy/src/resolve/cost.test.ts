import { describe, expect, test } from 'vitest';
import { load, problemsOf, withKey } from '../../tests/policy-files.ts';
import { resolveArtifact } from '../index.ts';

function policyOf(count: number, pattern: (index: number) => string): string {
  const rules = Array.from({ length: count }, (_, index) => `{ match: "${pattern(index)}", tier: internal }`);
  return withKey('', undefined, `artifacts: [${rules.join(', ')}]`);
}

describe('a hostile policy takes seconds at the most', () => {
  test('to load and to look a name up in, with as much as may be of what takes longest', async () => {
    const begun = performance.now();
    const policy = await load(policyOf(390, (index) => `*${'a'.repeat(505)}b${index}`));
    expect(resolveArtifact(policy, { name: 'a'.repeat(1000) }).status).toBe('unlisted');
    expect(performance.now() - begun).toBeLessThan(8000);
  });

  test('to refuse, with as many SSH keys as it can hold', async () => {
    const begun = performance.now();
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtwh8/TVzbzNaXpbslCnyqVS2VGkDexBwa7PnwJgS25';
    const names = Array.from({ length: 40_000 }, () => '*k').join(', ');
    const problems = await problemsOf(withKey(`people: { ann: { ssh: [&k "${key}", ${names}] } }`));
    expect(problems[0]?.message).toContain('listed twice');
    expect(performance.now() - begun).toBeLessThan(8000);
  });

  test('to refuse, with more than may be', async () => {
    const begun = performance.now();
    const problems = await problemsOf(policyOf(860, (index) => `${'*a'.repeat(250)}b${index}`));
    expect(problems[0]?.message).toContain('may have');
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});

test('rules past the first hundreds give no hint, and still decide', async () => {
  const many = policyOf(2000, (index) => `dist/package-${index}/*.tgz`);
  const policy = await load(many);
  const hinted = { hint: expect.stringContaining('lower case') };
  expect(resolveArtifact(policy, { name: 'DIST/package-3/a.tgz' })).toMatchObject(hinted);
  expect(resolveArtifact(policy, { name: 'DIST/package-1999/a.tgz' })).not.toMatchObject(hinted);
  expect(resolveArtifact(policy, { name: 'dist/package-1999/a.tgz' }).status).toBe('required');
});
