import { expect, test } from 'vitest';
import { load } from '../tests/policy-files.ts';
import { explain, resolveArtifact, uniteResolutions } from './index.ts';

const POLICY = `version: 1
signers:
  build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  release: { keys: [{ ref: keys/b.pem, public-key: trust/b.pub }] }
tiers:
  internal: { signatures: [build] }
  production: { extends: internal, signatures: [release] }
artifacts:
  - { match: "out/*", tier: internal }
  - { match: "dist/*", kind: image, tier: internal }
  - { match: "dist/*", tier: production }
  - { match: "**", tier: internal }
`;

test('an explanation tells which rules were passed over and why, the tiers, and which tier asks for what', async () => {
  const policy = await load(POLICY);
  const { queries, requirements } = explain(policy, resolveArtifact(policy, { name: 'dist/a.tgz' }));
  expect(queries).toHaveLength(1);
  const [layer] = queries[0]?.layers ?? [];
  expect(layer?.considered.map(({ rule, match }) => [rule.where, match])).toEqual([
    ['policy.yaml:9:5', 'name-differs'],
    ['policy.yaml:10:5', 'images-only'],
    ['policy.yaml:11:5', 'matches'],
  ]);
  expect(layer?.rule?.where).toBe('policy.yaml:11:5');
  expect(layer?.tiers).toEqual([
    { id: 'production', where: 'policy.yaml:7:15' },
    { id: 'internal', where: 'policy.yaml:6:13' },
  ]);
  expect(requirements).toEqual([
    { requirement: 'signature:build', from: [{ layer: 'policy.yaml', tier: 'internal', where: 'policy.yaml:6:13' }] },
    { requirement: 'signature:release', from: [{ layer: 'policy.yaml', tier: 'production', where: 'policy.yaml:7:15' }] },
  ]);
});

test('an explanation of what is unlisted shows every rule that was looked at', async () => {
  const policy = await load(POLICY.replace('"**"', '"*.md"'));
  const { queries, requirements } = explain(policy, resolveArtifact(policy, { name: 'a/b' }));
  expect(queries[0]?.layers[0]?.considered).toHaveLength(4);
  expect(queries[0]?.layers[0]).toMatchObject({ tiers: [] });
  expect(requirements).toEqual([]);
});

test('an explanation of two resolutions united has a part for each name', async () => {
  const policy = await load(POLICY);
  const united = uniteResolutions(
    resolveArtifact(policy, { name: 'out/a' }),
    resolveArtifact(policy, { name: 'dist/a', kind: 'file' }),
  );
  const { queries, requirements } = explain(policy, united);
  expect(queries.map(({ query, layers }) => [query.name, layers[0]?.rule?.where])).toEqual([
    ['dist/a', 'policy.yaml:11:5'],
    ['out/a', 'policy.yaml:9:5'],
  ]);
  expect(requirements.map(({ requirement }) => requirement)).toEqual(['signature:build', 'signature:release']);
});
