import { describe, expect, test } from 'vitest';
import { load } from '../../tests/policy-files.ts';
import { problemLine } from '../problem.ts';

/** Signers `a` and `b` with workloads, `key` without; what is given is put in. */
function policy(workloads: string, a: string, b: string, tiers = 't: { signatures: [a, b, key] }'): string {
  return `version: 1
trust: { root: trust/root.json }
workloads: { ${workloads} }
signers:
  a: { certificate: { fulcio: https://ca.example }, workloads: [${a}] }
  b: { keys: [{ ref: "awskms:///alias/b", public-key: trust/b.pub }], workloads: [${b}] }
  key: { keys: [{ ref: k, public-key: trust/a.pub }] }
tiers:
  ${tiers}
artifacts: [{ match: "**", tier: t }]
`;
}

async function warnings(text: string): Promise<string[]> {
  return (await load(text)).warnings.map(problemLine).filter((line) => line.includes('one job'));
}

const ONE = 'x: { issuer: https://ci.example, repository-id: "1" }';
const ALIKE = `${ONE}, y: { repository-id: "1", issuer: https://ci.example }`;

describe('two signatures that one job can make', () => {
  test('are warned of where their signers share a workload', async () => {
    expect(await warnings(policy(ONE, 'x', 'x'))).toEqual([
      'policy.yaml:9:20: tiers.t.signatures: one job can make both signatures, by "a" and by "b": both name the workload "x"',
    ]);
  });

  test('are warned of where their workloads say the same', async () => {
    expect(await warnings(policy(ALIKE, 'x', 'y'))).toEqual([
      'policy.yaml:9:20: tiers.t.signatures: one job can make both signatures, by "a" and by "b": the workloads "x" and "y" are the same',
    ]);
  });

  test('are warned of once, by the tier that brings them together', async () => {
    const tiers = 'o: { signatures: [a] }\n  t: { extends: p, signatures: [key] }\n  p: { extends: o, signatures: [b] }';
    expect(await warnings(policy(ONE, 'x', 'x', tiers))).toEqual([
      expect.stringContaining('policy.yaml:11:32: tiers.p.signatures: one job'),
    ]);
  });

  test.each([
    ['other repositories', policy(ONE.concat(', y: { issuer: https://ci.example, repository-id: "2" }'), 'x', 'y')],
    ['other issuers', policy(ONE.concat(', y: { issuer: https://other.example, repository-id: "1" }'), 'x', 'y')],
    [
      'the same repository on another ref',
      policy(ONE.concat(', y: { issuer: https://ci.example, repository-id: "1", ref: r }'), 'x', 'y'),
    ],
    ['other tiers', policy(ONE, 'x', 'x', 't: { signatures: [a] }\n  u: { signatures: [b] }')],
    ['other kinds', policy(ONE, 'x', 'x', 't: { signatures: [{ by: a, for: [image] }, { by: b, for: [package, file] }] }')],
  ])('are none where they are of %s', async (_what, text) => {
    expect(await warnings(text)).toEqual([]);
  });
});

test('what no token ever says is warned of: a bare ref, a repository as it is cloned, an issuer with a slash', async () => {
  const workload = 'x: { issuer: https://ci.example/, repository: "https://ci.example/a/b.git", ref: main }';
  const lines = (await load(policy(workload, 'x', 'x'))).warnings.map(problemLine);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/workloads\.x\.ref: .*refs\/heads\/main or refs\/tags\/main/),
      expect.stringMatching(/workloads\.x\.repository: .*without "\.git"/),
      expect.stringMatching(/workloads\.x\.issuer: .*without "\/"/),
    ]),
  );
  const sound = 'x: { issuer: https://ci.example, repository: "https://ci.example/a/*", ref: "refs/heads/*" }';
  expect((await load(policy(sound, 'x', 'x'))).warnings.map(problemLine).join()).not.toMatch(/workloads\.x/);
});
