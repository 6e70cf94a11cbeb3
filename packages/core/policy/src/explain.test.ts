import { expect, test } from 'vitest';
import { LOG_KEY, load } from '../tests/policy-files.ts';
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
    policy,
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

test('an explanation tells which tier asks for approvals, attestations, windows and the rest', async () => {
  const policy = await load(`version: 1
trust: { root: trust/root.json }
workloads: { ci: { issuer: https://ci.example, repository-id: "1" }, gate: { issuer: https://ci.example, repository-id: "2" } }
people: { ann: { certificate: { issuer: https://id.example, subject: ann }, gitlab: 7 } }
roles: { security: [ann] }
signers:
  build: { certificate: { fulcio: https://ca.example }, workloads: [ci] }
  gate: { certificate: { fulcio: https://ca.example }, workloads: [gate] }
verifiers: [{ id: https://gate.example, by: gate }]
audit: { log: l, verifier-keys: [${LOG_KEY}] }
tiers:
  internal: { signatures: [build], attestations: [{ type: sbom, by: build }] }
  production:
    extends: internal
    audit: required
    approvals: [{ role: security, kind: platform }]
    separation-of-duties: [author]
    windows: [{ days: mon, from: "08:00", to: "16:00", timezone: UTC }]
    freezes: [{ from: 2026-12-18, until: 2027-01-04 }]
artifacts: [{ match: "dist/*", tier: production }]
`);
  const { requirements } = explain(policy, resolveArtifact(policy, { name: 'dist/a.tgz' }));
  expect(requirements.map(({ requirement, from }) => [requirement, ...from.map(({ tier }) => tier)])).toEqual([
    ['approval:security:platform', 'production'],
    ['attestation:sbom:build', 'internal'],
    ['audit', 'production'],
    ['freeze', 'production'],
    ['separation-of-duties', 'production'],
    ['signature:build', 'internal'],
    ['window', 'production'],
  ]);
});
