import { describe, expect, test } from 'vitest';
import { load, problemsOf, withKey } from '../../tests/policy-files.ts';
import { resolveArtifact } from '../index.ts';
import { problemLine } from '../problem.ts';

const policy = (attestation: string): string =>
  withKey('', `tiers: { internal: { signatures: [build], attestations: [${attestation}] } }`);

/** The digest of what is demanded of a file under dist. */
async function demanded(attestation: string): Promise<string> {
  const resolution = resolveArtifact(await load(policy(attestation)), { name: 'dist/a' });
  if (resolution.status !== 'required') throw new Error(resolution.status);
  return resolution.digest;
}

describe('a condition of an attestation', () => {
  test.each([
    ['{ type: test-result, by: build, format: [spdx] }', 'format', 'sbom', 'test-result'],
    ['{ type: sbom, by: build, fail-on: high }', 'fail-on', 'vulnerabilities', 'sbom'],
    ['{ type: sbom, by: build, builder: https://ci.example }', 'builder', 'provenance', 'sbom'],
    ['{ type: vulnerabilities, by: build, source: "https://git.example/a" }', 'source', 'provenance', 'vulnerabilities'],
    [
      '{ type: "https://x.example/v1", by: build, source: "https://git.example/a" }',
      'source',
      'provenance',
      'https://x.example/v1',
    ],
  ])('is refused where it would say nothing: %s', async (attestation, key, asked, type) => {
    const [problem, ...others] = await problemsOf(policy(attestation));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      path: `tiers.internal.attestations[0].${key}`,
      message: `only an attestation of type ${asked} has this condition; this one is of ${type}`,
    });
  });

  test.each([
    ['builder: "**"', /which does not say whose it is/],
    ['builder: "https://*"', /which does not say whose it is/],
    ['builder: "https://a**/b"', /"\*\*" must stand alone/],
    ['source: "**"', /which does not say whose it is/],
    ['source: "https://git.example/**"', /which does not say whose it is/],
    ['source: "git+https://git.example/a"', /which does not say whose it is/],
    ['source: "https://git.example/a.git"', /without "\.git" or "\/" at the end/],
    ['source: "https://git.example/a**"', /"\*\*" must stand alone/],
  ])('leaves something out, and can be met: %s', async (condition, why) => {
    const problems = await problemsOf(policy(`{ type: provenance, by: build, ${condition} }`));
    expect(problems.map(problemLine).join('\n')).toMatch(why);
  });

  test('changes the digest of what is demanded', async () => {
    const digests = await Promise.all(
      ['', ', builder: https://ci.example', ', source: "https://git.example/a/**"', ', source: "https://git.example/b/**"'].map(
        (more) => demanded(`{ type: provenance, by: build${more} }`),
      ),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('of one tier and of another both hold', async () => {
    const loaded = await load(
      withKey(
        '',
        'tiers: { base: { signatures: [build], attestations: [{ type: provenance, by: build, builder: https://ci.example }] }, internal: { extends: base, attestations: [{ type: provenance, by: build, source: "https://git.example/a" }] } }',
      ),
    );
    const resolution = resolveArtifact(loaded, { name: 'dist/a' });
    expect(resolution).toMatchObject({
      demands: {
        attestations: [
          { type: 'provenance', by: 'build', builder: 'https://ci.example' },
          { type: 'provenance', by: 'build', source: 'https://git.example/a' },
        ],
      },
    });
  });
});

test.each([
  ['https://slsa.dev/provenance/v1', 'provenance'],
  ['https://cyclonedx.org/bom/v1.6', 'sbom'],
  ['https://in-toto.io/attestation/test-result/v0.1', 'test-result'],
  ['https://cosign.sigstore.dev/attestation/vuln/v1', 'vulnerabilities'],
])('a predicate type that could be judged is asked for by its word: %s', async (type, word) => {
  const [problem, ...others] = await problemsOf(policy(`{ type: "${type}", by: build }`));
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ message: `by its URI nothing in it would be judged: write ${word}`, suggestion: word });
});
