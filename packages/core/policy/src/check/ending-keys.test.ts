import { describe, expect, test } from 'vitest';
import { LOG_KEY, load, NOW } from '../../tests/policy-files.ts';

const ANN = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfmZGqEl2kRnYW5rU6qZyQ4dVCe3tzB1mYq0tQ9mLxq';
const policy = (keys: string): string => `version: 1
workloads: { ci: { issuer: https://ci.example, repository-id: "1" } }
signers: { build: { workloads: [ci], keys: [${keys}] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/*", tier: internal }]
`;
const first = (more: string): string => `{ ref: "awskms:///alias/a", public-key: trust/a.pub${more} }`;
const second = (more: string): string => `{ ref: "awskms:///alias/b", public-key: trust/b.pub${more} }`;
/** Days from when the policy is loaded. */
const day = (days: number): string => new Date(NOW.getTime() + days * 86_400_000).toISOString().slice(0, 10);

async function warnings(keys: string): Promise<string[]> {
  return (await load(policy(keys))).warnings.map(({ path, message }) => `${path}: ${message}`);
}

describe('a key that ends', () => {
  test.each([
    ['within 30 days, and no other goes on', first(`, until: ${day(29)}`), true],
    ['later', first(`, until: ${day(32)}`), false],
    ['in the past, as what it signed goes on counting', `${first(`, until: ${day(-3)}`)}, ${second('')}`, false],
    ['and is followed', `${second(`, from: ${day(5)}`)}, ${first(`, until: ${day(10)}`)}`, false],
    ['before the next begins', `${second(`, from: ${day(12)}`)}, ${first(`, until: ${day(10)}`)}`, true],
    [
      'and is followed by one that is compromised',
      `${second(`, compromised-since: ${day(-1)}`)}, ${first(`, until: ${day(10)}`)}`,
      true,
    ],
  ])('is warned of where it ends %s: %s', async (_when, keys, warned) => {
    const found = await warnings(keys);
    if (warned)
      expect(found).toEqual([expect.stringMatching(/^signers\.build\.keys\[\d\]\.until: the key ends .* signer rotate build/)]);
    else expect(found).toEqual([]);
  });

  test("is warned of where it is a person's, or the log's", async () => {
    const text = `${policy(first(''))}people: { ann: { ssh: [{ key: "${ANN}", until: ${day(3)} }] } }
audit: { log: log, verifier-keys: [{ key: "${LOG_KEY}", until: ${day(3)} }] }
`;
    expect((await load(text)).warnings.map(({ path }) => path)).toEqual([
      'people.ann.ssh[0].until',
      'audit.verifier-keys[0].until',
    ]);
  });
});
