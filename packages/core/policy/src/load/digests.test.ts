import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { LOG_KEY, load, publicKey } from '../../tests/policy-files.ts';
import { type Policy, resolveArtifact } from '../index.ts';

const POLICY = `version: 1
name: digests
trust: { root: trust/root.json, timestamp: { urls: [https://tsa.example] } }
environments: { test: {}, production: {} }
people: { ann: { certificate: { issuer: https://id.example, subject: ann } } }
roles: { lead: [ann] }
workloads: { ci: { issuer: https://ci.example, repository-id: "1" } }
signers:
  build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  other: { keys: [{ ref: keys/b.pem, public-key: trust/b.pub }] }
  ci: { certificate: { fulcio: https://ca.example }, workloads: [ci] }
tiers:
  internal: { signatures: [build, ci] }
  production: { extends: internal, audit: required, approvals: [lead], retain: 7y }
  apart: { signatures: [other] }
artifacts:
  - { match: "dist/*", tier: { test: internal, production: production }, owner: team }
  - { match: "apart/*", tier: apart }
audit: { log: log, verifier-keys: [${LOG_KEY}] }
`;

function requirements(policy: Policy, environment = 'production', name = 'dist/a.tgz'): string {
  const resolution = resolveArtifact(policy, { name, environment });
  if (resolution.status !== 'required') throw new Error(resolution.status);
  return resolution.digest;
}

/** The same value with the keys of every map in another order. */
function shuffled(value: unknown, turn: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, turn));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, shuffled(inner, turn)] as const);
  const cut = entries.length === 0 ? 0 : turn % entries.length;
  return Object.fromEntries([...entries.slice(cut), ...entries.slice(0, cut)]);
}

describe('the policy digest and the requirements digest', () => {
  test('do not depend on layout, comments, quotes, line ends or the order of keys', async () => {
    const plain = await load(POLICY);
    const layouts = fc.record({
      turn: fc.nat(20),
      indent: fc.integer({ min: 2, max: 6 }),
      flow: fc.boolean(),
      quote: fc.boolean(),
      crlf: fc.boolean(),
      comment: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(layouts, async ({ turn, indent, flow, quote, crlf, comment }) => {
        const options = {
          indent,
          collectionStyle: flow ? 'flow' : 'block',
          defaultStringType: quote ? 'QUOTE_SINGLE' : 'PLAIN',
          defaultKeyType: 'PLAIN',
        } as const;
        const yaml = `${comment ? '# a comment\n' : ''}${stringify(shuffled(parse(POLICY), turn), options)}`;
        const again = await load(crlf ? yaml.replaceAll('\n', '\r\n') : yaml);
        expect(again.digest).toBe(plain.digest);
        expect(requirements(again)).toBe(requirements(plain));
      }),
      { numRuns: 40 },
    );
  });

  test('do not depend on how the files it refers to are laid out', async () => {
    const plain = await load(POLICY);
    const again = await load(POLICY, {
      'trust/root.json': '{\r\n  "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"\r\n}\r\n',
      'trust/a.pub': publicKey(0).replaceAll('\n', '\r\n'),
    });
    expect(again.digest).toBe(plain.digest);
    expect(requirements(again)).toBe(requirements(plain));
  });

  test.each([
    ['a public key', { 'trust/a.pub': publicKey(2) }],
    ['the trust root', { 'trust/root.json': '{"mediaType":"x"}' }],
    ['the issuers each CA may assert', { 'trust/root.issuers.json': '{}' }],
  ])('change with %s', async (_what, files) => {
    const [before, after] = [await load(POLICY), await load(POLICY, files)];
    expect(after.digest).not.toBe(before.digest);
    expect(requirements(after)).not.toBe(requirements(before));
  });

  test.each([
    ['another rule', 'apart/*', 'other/*'],
    ['another tier', 'apart: { signatures: [other] }', 'apart: { signatures: [other, build] }'],
    ["another signer's key", 'public-key: trust/b.pub', 'public-key: trust/c.pub'],
    ['an owner', 'owner: team', 'owner: others'],
    ["the policy's name", 'name: digests', 'name: renamed'],
    ["a key's cut-off", 'public-key: trust/a.pub', 'public-key: trust/a.pub, compromised-since: 2026-06-01'],
    ["a workload's cut-off", 'repository-id: "1"', 'repository-id: "1", compromised: [{ from: 2026-06-01 }]'],
    ['another person', 'people: {', 'people: { bob: { certificate: { issuer: https://id.example, subject: bob } },'],
  ])('an unrelated edit (%s) changes the first alone', async (_what, from, to) => {
    const [before, after] = [await load(POLICY), await load(POLICY.replace(from, to))];
    expect(after.digest).not.toBe(before.digest);
    expect(requirements(after)).toBe(requirements(before));
    expect(requirements(after, 'test')).toBe(requirements(before, 'test'));
  });

  test('the end of an authority in the trust root changes the first alone, and its start both', async () => {
    const root = (validFor: object): { [path: string]: string } => ({
      'trust/root.json': JSON.stringify({
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        certificateAuthorities: [{ uri: 'https://ca.example', validFor }],
      }),
    });
    const before = await load(POLICY, root({ start: '2026-01-01T00:00:00Z' }));
    const ended = await load(POLICY, root({ start: '2026-01-01T00:00:00Z', end: '2026-06-01T00:00:00Z' }));
    const other = await load(POLICY, root({ start: '2025-01-01T00:00:00Z' }));
    expect(ended.digest).not.toBe(before.digest);
    expect(requirements(ended)).toBe(requirements(before));
    expect(requirements(other)).not.toBe(requirements(before));
  });

  test.each([
    ['a signer', 'signatures: [build, ci]', 'signatures: [build]'],
    ['a workload', 'repository-id: "1"', 'repository-id: "2"'],
    ["a key's end", 'public-key: trust/a.pub', 'public-key: trust/a.pub, until: 2027-01-01'],
    ['the environment', 'production: {} }', 'production: { allow-development: true } }'],
    ['an approval', 'approvals: [lead]', 'approvals: [{ role: lead, document: change-record }]'],
    ['retention', 'retain: 7y', 'retain: 8y'],
  ])('a relevant edit (%s) changes both', async (_what, from, to) => {
    const [before, after] = [await load(POLICY), await load(POLICY.replace(from, to))];
    expect(after.digest).not.toBe(before.digest);
    expect(requirements(after)).not.toBe(requirements(before));
  });

  test('abbreviations and other spellings of the same demand share a requirements digest', async () => {
    const [short, long] = [
      await load(POLICY),
      await load(
        POLICY.replace('approvals: [lead]', 'approvals: [{ role: lead, count: 1, kind: signed }]')
          .replace('[build, ci]', '[{ by: ci }, { by: build }]')
          .replace('7y', '2555d'),
      ),
    ];
    expect(requirements(long)).toBe(requirements(short));
  });
});
