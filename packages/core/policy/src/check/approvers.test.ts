import { describe, expect, test } from 'vitest';
import { LOG_KEY, load } from '../../tests/policy-files.ts';

/** What a policy is warned of that has a tier of this, people with and without accounts, and a verifier. */
async function warnings(
  tier: string,
  roles = '{ ops: [ann, bob], former: [ann, { person: bob, until: 2026-06-01 }] }',
): Promise<string[]> {
  const policy = await load(`version: 1
trust: { root: trust/root.json }
people:
  ann: { gitlab: 1, certificate: { issuer: https://id.example, subject: ann } }
  bob: { certificate: { issuer: https://id.example, subject: bob } }
roles: ${roles}
workloads: { ci: { issuer: https://ci.example, repository-id: "1" }, gate: { issuer: https://ci.example, repository-id: "2" } }
signers:
  ci: { certificate: { fulcio: https://ca.example }, workloads: [ci] }
  gate: { certificate: { fulcio: https://ca.example }, workloads: [gate] }
verifiers: [{ id: https://gate.example, by: gate }]
audit: { log: l, verifier-keys: [${LOG_KEY}] }
tiers: { t: { signatures: [ci], audit: required, ${tier} } }
artifacts: [{ match: "dist/**", tier: t }]
`);
  return policy.warnings.map(({ path, message }) => `${path}: ${message}`);
}

describe('people without an account on any platform', () => {
  test('are told of where duties are separated: their approvals will not count', async () => {
    expect(await warnings('approvals: [ops], separation-of-duties: [author]')).toEqual([
      'tiers.t.separation-of-duties: bob: no account on any platform (gitlab, github, jenkins, azure-devops): nobody can tell whether they are the author or the requester, so their approvals will not count',
    ]);
  });

  test('are told of where clicks count: none of theirs will', async () => {
    expect(await warnings('approvals: [{ role: ops, kind: platform }]')).toEqual([
      'tiers.t.approvals: bob: no account on any platform (gitlab, github, jenkins, azure-devops): no click of theirs will be recognised',
    ]);
  });

  test('are nothing to tell of where they sign, and nobody asks who wrote it', async () => {
    expect(await warnings('approvals: [ops]')).toEqual([]);
  });
});

test('a role too few people are of today is told of, and the policy still loads: it verifies what they approved before', async () => {
  expect(await warnings('approvals: [{ role: former, count: 2 }]')).toEqual([
    'tiers.t.approvals: 2 of the role "former" must approve, but 1 of its people is of it today: nothing new will be approved',
  ]);
  expect(await warnings('approvals: [former]')).toEqual([]);
});

test('somebody may be of a role again, later', async () => {
  const again = '{ ops: [ann, { person: bob, until: 2026-05-01 }, { person: bob, from: 2026-06-01 }] }';
  expect(await warnings('approvals: [ops]', again)).toEqual([]);
});
