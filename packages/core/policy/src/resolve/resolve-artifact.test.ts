import { describe, expect, test } from 'vitest';
import { LOG_KEY, load, withKey } from '../../tests/policy-files.ts';
import { type Query, type Resolution, resolveArtifact, unenforcedAnywhere, unenforcedInRun } from '../index.ts';

const TWO =
  'tiers: { internal: { signatures: [build] }, production: { extends: internal, signatures: [{ by: late, for: [package] }] } }';
const LATE = withKey('environments: { test: { allow-development: true }, production: {} }', TWO).replace(
  'signers: {',
  'signers: { late: { keys: [{ ref: keys/b.pem, public-key: trust/b.pub }] },',
);

async function resolve(rules: string, query: Query, policy = LATE): Promise<Resolution> {
  return resolveArtifact(await load(policy.replace(/artifacts: .*\n/, `artifacts: ${rules}\n`)), query);
}

function asked(resolution: Resolution): readonly string[] | string {
  return resolution.status === 'required' ? resolution.requirements.map(({ id }) => id) : resolution.status;
}

describe('which rule decides', () => {
  test('the first that matches', async () => {
    const rules = '[{ match: "dist/*.map", sign: never, reason: private }, { match: "dist/**", tier: internal }]';
    const never = await resolve(rules, { name: 'dist/a.map' });
    expect(never).toMatchObject({ status: 'never', rule: { where: 'policy.yaml:5:13', reason: 'private' } });
    expect(asked(await resolve(rules, { name: 'dist/b/a.map' }))).toEqual(['signature:build']);
  });

  test('none: it is unlisted, with a hint where a rule comes near', async () => {
    const rules = '[{ match: "dist/*", kind: image, tier: internal }, { match: "out/*", kind: sbom, tier: internal }]';
    expect(await resolve(rules, { name: 'dist/a' })).toMatchObject({
      status: 'unlisted',
      hint: 'the rule at policy.yaml:5:13 matches its name, but is for images',
    });
    expect(await resolve(rules, { name: 'out/a', kind: 'package' })).toMatchObject({
      hint: 'the rule at policy.yaml:5:63 matches its name, but is for kind sbom, not package',
    });
    expect(await resolve(rules, { name: 'OUT/a' })).toMatchObject({ hint: expect.stringContaining('lower case') });
  });

  test('a rule for images never takes a file; one without a kind takes an image too', async () => {
    const images = '[{ match: "r.example/**", kind: image, tier: internal }]';
    expect(asked(await resolve(images, { name: 'r.example/app' }))).toBe('unlisted');
    expect(asked(await resolve(images, { name: 'r.example/app', kind: 'image' }))).toEqual(['signature:build']);
    expect(asked(await resolve('[{ match: "r.example/**", tier: internal }]', { name: 'r.example/app', kind: 'image' }))).toEqual(
      ['signature:build'],
    );
  });

  test('a kind that a signed part claims must be the kind of the rule, so a lie finds the rule of the lie alone', async () => {
    const rules = '[{ match: "dist/*", kind: sbom, tier: internal }, { match: "dist/*", kind: package, tier: production }]';
    expect(asked(await resolve(rules, { name: 'dist/a.tgz', kind: 'sbom' }))).toEqual(['signature:build']);
    expect(asked(await resolve(rules, { name: 'dist/a.tgz', kind: 'package' }))).toEqual(['signature:build', 'signature:late']);
    expect(asked(await resolve(rules, { name: 'dist/a.tgz', kind: 'plan' }))).toBe('unlisted');
  });

  test("the kind is the one asked for, else the rule's, else what the name speaks of", async () => {
    const kindOf = async (rules: string, query: Query) => {
      const resolution = await resolve(rules, query);
      return resolution.status === 'required' ? resolution.kind : resolution.status;
    };
    const any = '[{ match: "dist/**", tier: internal }]';
    expect(await kindOf(any, { name: 'dist/a.bin', kind: 'plan' })).toBe('plan');
    expect(await kindOf('[{ match: "dist/**", kind: chart, tier: internal }]', { name: 'dist/a.tgz' })).toBe('chart');
    for (const [name, kind] of [
      ['a.cdx.json', 'sbom'],
      ['a.spdx.json', 'sbom'],
      ['a.tar.gz', 'package'],
      ['A.WHL', 'package'],
      ['a.tfplan', 'plan'],
      ['notes.md', 'document'],
      ['a.intoto.jsonl', 'provenance'],
      ['a.json', 'file'],
    ]) {
      expect(await kindOf(any, { name: `dist/${name}` })).toBe(kind);
    }
  });
});

describe('which tier it leads to', () => {
  const byPlace = '[{ match: "dist/*", tier: { test: internal, production: production } }]';

  test('the one its map names for the environment; any other environment is refused', async () => {
    const name = 'dist/a.tgz';
    expect(asked(await resolve(byPlace, { name, environment: 'production' }))).toEqual(['signature:build', 'signature:late']);
    expect(await resolve(byPlace, { name, environment: 'test' })).toMatchObject({
      tiers: ['internal'],
      environment: { id: 'test', allowDevelopment: true },
    });
    expect(await resolve(byPlace, { name, environment: 'default' })).toMatchObject({
      status: 'environment-not-listed',
      allowed: ['test', 'production'],
    });
  });

  test('none until the environment is told, where it depends on that', async () => {
    expect(await resolve(byPlace, { name: 'dist/a.tgz' })).toMatchObject({
      status: 'environment-needed',
      choices: ['test', 'production'],
    });
  });

  test('a plain tier is for every environment that is listed, and for no other', async () => {
    const plain = '[{ match: "dist/*", tier: internal }]';
    expect(await resolve(plain, { name: 'dist/a', environment: 'production' })).toMatchObject({
      environment: { allowDevelopment: false },
    });
    await expect(resolve(plain, { name: 'dist/a', environment: 'prodcution' })).rejects.toThrow(
      expect.objectContaining({ code: 'usage', next: 'did you mean "production"?' }),
    );
  });

  test('a tier that asks nobody to sign a kind lets nothing of that kind through', async () => {
    const policy = withKey('', 'tiers: { internal: { signatures: [{ by: build, for: [package] }] } }');
    expect(await resolve('[{ match: "*", tier: internal }]', { name: 'a.tgz' }, policy)).toMatchObject({ status: 'required' });
    expect(await resolve('[{ match: "*", tier: internal }]', { name: 'a.pdf' }, policy)).toMatchObject({
      status: 'unlisted',
      hint: 'the rule at policy.yaml:5:13 leads to a tier that asks nobody to sign a document',
    });
  });
});

describe('a key whose enforcement is not built yet', () => {
  const LEGAL = `people: { ann: { certificate: { issuer: https://id.example, subject: ann } } }\nroles: { legal: [ann] }\naudit: { log: l, verifier-keys: [${LOG_KEY}] }`;
  const OF_DOCUMENT = 'audit: best-effort, approvals: [{ role: legal, document: change-record }]';

  test('is named wherever a tier would need it', async () => {
    const policy = withKey(LEGAL, `tiers: { internal: { signatures: [build], ${OF_DOCUMENT} } }`);
    expect(await resolve('[{ match: "*", tier: internal }]', { name: 'a' }, policy)).toMatchObject({
      unenforced: [{ key: 'tiers.internal.approvals', where: expect.stringMatching(/^policy\.yaml:6:\d+$/) as string }],
    });
  });

  test.each([
    ['approvals: [legal], audit: best-effort', 'approval:legal', true],
    ['freezes: [{ from: 2026-12-18, until: 2027-01-04 }]', 'freeze', true],
    ['mode: observe, until: 2026-12-31', undefined, false],
    ['attestations: [{ type: sbom, by: build }]', 'attestation:sbom:build', true],
    ['windows: [{ days: mon, from: "08:00", to: "09:00", timezone: UTC }]', 'window', true],
  ])('is none of those that are demanded: %s', async (written, requirement, enforced) => {
    const policy = withKey(LEGAL, `tiers: { internal: { signatures: [build], ${written} } }`);
    const resolution = await resolve('[{ match: "*", tier: internal }]', { name: 'a' }, policy);
    expect(resolution).toMatchObject({ enforced, unenforced: [] });
    expect(asked(resolution)).toEqual([...(requirement === undefined ? [] : [requirement]), 'signature:build'].sort());
  });

  test('an attestation is demanded of the kinds it is for', async () => {
    const policy = withKey(
      '',
      'tiers: { internal: { signatures: [build], attestations: [{ type: sbom, by: build, for: [image] }] } }',
    );
    const rules = '[{ match: "*", tier: internal }]';
    expect(asked(await resolve(rules, { name: 'a.tgz' }, policy))).toEqual(['signature:build']);
    expect(asked(await resolve(rules, { name: 'a', kind: 'image' }, policy))).toEqual([
      'attestation:sbom:build',
      'signature:build',
    ]);
  });

  test('is told of every tier and rule of every layer to whoever checks the policy, once, where it is written', async () => {
    const base = withKey(
      `name: base\nidentities: { x: { issuer: https://i.example, subject: x, root: trust/root.json } }\n${LEGAL}\nnotify: [{ webhook: https://h.example, secret-env: S, on: [revoked] }]`,
      'tiers: { internal: { signatures: [build] }, unused: { extends: internal, audit: best-effort, approvals: [{ role: legal, document: change-record }] } }',
      'artifacts: [{ match: a, tier: internal }, { match: b, vendor: x }]',
    );
    const { digest } = await load(base);
    const local = `version: 1\nextends: { file: base.yaml, sha256: ${digest} }\ntiers: { mine: { extends: internal, audit: best-effort, approvals: [{ role: legal, document: audit-report }] } }\n`;
    const policy = await load(local, { 'base.yaml': base });
    expect(unenforcedAnywhere(policy).map(({ key, where }) => `${where} ${key}`)).toEqual([
      'base.yaml:7:59 notify.on',
      'base.yaml:9:105 tiers.unused.approvals',
      'policy.yaml:3:68 tiers.mine.approvals',
    ]);
    expect(unenforcedInRun(policy).map(({ key }) => key)).toEqual(['notify.on']);
  });

  test.each([
    ['trust: { revocation: { mode: require } }', []],
    ['trust: { revocation: { mode: off } }', []],
    ['evidence: { store: .signwright/evidence }', []],
    ['evidence: { store: "s3://bucket", lock: governance }', []],
    ['audit: { log: /var/log/signwright }', []],
    [
      'audit: { log: /var/log/signwright, max-age: 4h, witnesses: [{ name: witness.acme.example, key: "witness.acme.example+396bc887+BAidDOlBFkfcsi/YIt5uM11m/GGPAD8WpN54/0+DpJpw" }] }',
      [],
    ],
    ['notify: [{ webhook: https://h.example, secret-env: S, on: [deny, allow, log-alarm] }]', []],
    ['notify: [{ webhook: https://h.example, secret-env: S, on: [deny, revoked] }]', ['notify.on']],
    ['invalidate-before: 2026-01-01', []],
  ])('at the top is named for every run: %s', async (written, keys) => {
    const unenforced = unenforcedInRun(await load(withKey(written)));
    expect(unenforced.map(({ key }) => key)).toEqual(keys);
    for (const { where } of unenforced) expect(where).toMatch(/^policy\.yaml:2:\d+$/);
  });
});
