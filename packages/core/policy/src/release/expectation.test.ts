import { describe, expect, test } from 'vitest';
import { policy } from '../../tests/release-parts.ts';
import { PolicyError, problemLine } from '../problem.ts';
import { parseExpectation } from './expectation.ts';

const parse = (text: string) => parseExpectation(Buffer.from(text), 'release.yaml', policy);

function problems(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PolicyError) return error.problems.map(problemLine).join('\n');
    throw error;
  }
  throw new Error('accepted');
}

const ONE = 'version: 1\nparts:\n  - { signer: build, artifacts: ["dist/**"] }\n';

describe('what a release must have', () => {
  test('is whose parts, over which artifacts; others are refused unless it says otherwise', () => {
    const { parts, others } = parse(`version: 1
others: allow
parts:
  - { name: linux, signer: build, workload: app, artifacts: ["dist/linux/*", { match: dist/app.tgz, sha256: ${'ab'.repeat(32)} }] }
  - { repository: "https://ci.example/acme/*", artifacts: [{ match: "dist/*.cdx.json", count: 2 }] }
`);
    expect(others).toBe('allow');
    expect(parts).toMatchObject([
      {
        name: 'linux',
        where: 'release.yaml:4:5',
        signer: 'build',
        workload: { id: 'app' },
        artifacts: [{ match: 'dist/linux/*' }, { sha256: `sha256:${'ab'.repeat(32)}` }],
      },
      { name: 'https://ci.example/acme/*', artifacts: [{ count: 2 }] },
    ]);
    expect(parse(ONE).others).toBe('refuse');
    expect(parse('{"version":1,"parts":[{"signer":"build","artifacts":["a"]}]}').parts).toHaveLength(1);
  });

  test.each([
    ['an unknown key', `${ONE}extra: 1\n`, 'release.yaml:4:1: extra: unknown key; allowed are version, others, parts'],
    [
      'an unknown key of a part',
      ONE.replace('artifacts', 'artefacts'),
      'release.yaml:3:22: parts[0].artefacts: unknown key; allowed are name, signer, workload, repository, artifacts; did you mean "artifacts"?',
    ],
    ['no part', 'version: 1\nparts: []\n', 'release.yaml:2:8: parts: the list is empty: leave the key out, or give at least one'],
    [
      'a part of nobody',
      'version: 1\nparts: [{ artifacts: [a] }]\n',
      'release.yaml:2:9: parts[0]: at least one of "signer", "workload", "repository" is needed; none is there',
    ],
    [
      'a part without artifacts',
      'version: 1\nparts: [{ signer: build }]\n',
      'release.yaml:2:9: parts[0]: the key "artifacts" is missing',
    ],
    [
      'a signer the policy has not',
      ONE.replace('build', 'biuld'),
      'release.yaml:3:15: parts[0].signer: the policy has no signer "biuld"; its signers are build, release, closer; did you mean "build"?',
    ],
    [
      'a workload of a signer with keys',
      ONE.replace('signer: build', 'signer: release, workload: app'),
      'release.yaml:3:34: parts[0].workload: the signer signs with keys, and a key proves no workload: leave "workload" out, and tell its parts by "signer"',
    ],
    [
      'a workload that is not the signer’s',
      ONE.replace('signer: build', 'signer: build, workload: release'),
      'release.yaml:3:32: parts[0].workload: the signer build does not have the workload "release"; there are app, mac',
    ],
    [
      'a pattern that is none',
      ONE.replace('dist/**', 'dist/a**'),
      'release.yaml:3:34: parts[0].artifacts[0]: in the pattern "dist/a**", "**" must stand alone between slashes',
    ],
    [
      'bytes of a pattern',
      ONE.replace('"dist/**"', `{ match: "dist/*", sha256: ${'ab'.repeat(32)} }`),
      'parts[0].artifacts[0].sha256: these are the bytes of one artifact',
    ],
    [
      'a count of none',
      ONE.replace('"dist/**"', '{ match: "dist/*", count: 0 }'),
      'found 0; allowed is a whole number from 1 to 100000',
    ],
    ['a word that is none', `others: ignore\n${ONE}`, 'release.yaml:1:9: others: found "ignore"; allowed are refuse, allow'],
    ['a key that is there twice', `${ONE}version: 1\n`, 'the key is there twice'],
    ['nothing', '', 'the file is empty: such a file needs version and parts'],
    ['more than one document', `${ONE}---\n${ONE}`, 'such a file is one YAML document'],
    ['a list', '[]', 'found a list; allowed is a map'],
  ])('with %s is refused by its place', (_what, text, line) => {
    expect(problems(text)).toContain(line);
  });

  test('is called what it is in the error', () => {
    expect(() => parse('version: 2\n')).toThrow(/^what the release must have has 2 problems:/);
  });
});
