import { describe, expect, test } from 'vitest';
import { LOG_KEY, load, NOW, publicKey, readerOf } from '../../tests/policy-files.ts';
import { loadPolicy, type Policy, PolicyError, problemLine, resolveArtifact } from '../index.ts';

const BASE = `version: 1
name: central
trust: { root: trust/root.json }
environments: { test: {}, production: {} }
workloads: { ci: { issuer: https://ci.example, repository-id: "1" } }
signers:
  build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  release: { certificate: { fulcio: https://ca.example }, workloads: [ci] }
tiers:
  internal: { signatures: [build] }
  production: { signatures: [build, release] }
artifacts:
  - { match: "dist/*.map", sign: never }
  - { match: "dist/**", tier: { test: internal, production: production } }
`;

const LOG = `audit: { log: log, verifier-keys: [${LOG_KEY}] }\n`;

function filesOf(base: string): { [path: string]: string } {
  return {
    '../central/signwright.yaml': base,
    '../central/trust/root.json': '{}',
    '../central/trust/a.pub': publicKey(0),
    '../central/trust/b.pub': publicKey(1),
    'trust/c.pub': publicKey(2),
  };
}

/** Loads a local policy on the base; `DIGEST` in it stands for the base's policy digest. */
async function local(text: string, base = BASE): Promise<Policy> {
  const files = filesOf(base);
  const central = await loadPolicy('../central/signwright.yaml', readerOf(renamed(files)), { now: NOW });
  const head = 'version: 1\nextends: { file: ../central/signwright.yaml, sha256: DIGEST }\n';
  const whole = `${head}${text}\n`.replaceAll('DIGEST', central.digest);
  return loadPolicy('/srv/app/signwright.yaml', readerOf({ ...files, 'signwright.yaml': whole }), { now: NOW });
}

function renamed(files: { [path: string]: string }): { [path: string]: string } {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.replace('../central/', ''), text]));
}

async function refusal(text: string, base = BASE): Promise<string> {
  try {
    await local(text, base);
  } catch (error) {
    if (error instanceof PolicyError) return error.problems.map(problemLine).join('\n');
    throw error;
  }
  throw new Error('accepted');
}

describe('a local policy', () => {
  test('adds to what its base demands, and uses the names the base defines', async () => {
    const policy = await local('artifacts: [{ match: "dist/*.tgz", tier: production }]');
    const resolution = resolveArtifact(policy, { name: 'dist/a.tgz', environment: 'test' });
    if (resolution.status !== 'required') throw new Error(resolution.status);
    expect(resolution.requirements.map(({ id, layer }) => [id, layer])).toEqual([
      ['signature:build', 'central'],
      ['signature:release', 'signwright.yaml'],
    ]);
    expect(resolution.tiers).toEqual(['internal', 'production']);
    expect(resolution.rules.map(({ where }) => where)).toEqual([
      '/srv/central/signwright.yaml:14:5',
      '/srv/app/signwright.yaml:3:13',
    ]);
    expect(policy.trust?.root?.path).toBe('../central/trust/root.json');
    expect(policy.signers.get('build')?.keys[0]?.ref).toBe('../central/keys/a.pem');
  });

  test("lists nothing that its base does not: the base's silence is a denial", async () => {
    const policy = await local('artifacts: [{ match: "out/**", tier: internal }]');
    expect(resolveArtifact(policy, { name: 'out/a' }).status).toBe('unlisted');
    expect(resolveArtifact(policy, { name: 'dist/a', environment: 'test' }).status).toBe('required');
  });

  test('cannot have signed what its base never signs', async () => {
    const policy = await local('artifacts: [{ match: "dist/**", tier: internal }]');
    expect(resolveArtifact(policy, { name: 'dist/a.map', environment: 'test' }).status).toBe('never');
  });

  test('cannot forbid what its base has signed', async () => {
    const policy = await local('artifacts: [{ match: "dist/**", sign: never }]');
    expect(() => resolveArtifact(policy, { name: 'dist/a', environment: 'test' })).toThrow(PolicyError);
    expect(() => resolveArtifact(policy, { name: 'dist/a', environment: 'test' })).toThrow(
      '/srv/app/signwright.yaml:3:39: artifacts[0].sign: "never" would forbid "dist/a"',
    );
  });

  test('can keep an artifact out of an environment', async () => {
    const policy = await local('artifacts: [{ match: "dist/**", tier: { test: internal } }]');
    expect(resolveArtifact(policy, { name: 'dist/a', environment: 'production' }).status).toBe('environment-not-listed');
    expect(resolveArtifact(policy, { name: 'dist/a' })).toMatchObject({ status: 'environment-needed', choices: ['test'] });
  });

  test.each([
    'trust: { timestamp: { urls: [https://tsa.example] } }',
    'environments: { other: {} }',
    'people: { ann: { gitlab: 1 } }',
    'workloads: { other: { issuer: https://ci.example, repository-id: "2" } }',
    'signers: { mine: { keys: [{ ref: k, public-key: trust/c.pub }] } }',
    'audit: { log: l }',
    'evidence: { store: e }',
    'releases: { by: build }',
    'verifiers: []',
    'notify: []',
  ])("settles nothing that is its base's alone: %s", async (text) => {
    const key = text.split(':')[0];
    expect(await refusal(text)).toContain(
      `/srv/app/signwright.yaml:3:1: ${key}: "${key}" is settled by /srv/central/signwright.yaml alone`,
    );
  });

  test('settles what its base delegates, without redefining any of it', async () => {
    const base = `${BASE}delegates: [signers, evidence]\n`;
    const mine = 'signers: { mine: { keys: [{ ref: k, public-key: trust/c.pub }] } }\nevidence: { store: e }';
    const policy = await local(
      `${mine}\ntiers: { more: { signatures: [mine] } }\nartifacts: [{ match: "dist/**", tier: more }]`,
      base,
    );
    expect(policy.evidence).toEqual({ store: 'e' });
    expect(resolveArtifact(policy, { name: 'dist/a', environment: 'test' })).toMatchObject({
      requirements: [{ id: 'signature:build' }, { id: 'signature:mine' }],
    });
    const theirs = 'signers: { build: { keys: [{ ref: k, public-key: trust/c.pub }] } }';
    expect(await refusal(theirs, base)).toContain('signers.build: the signer "build" is already defined in');
    expect(await refusal('evidence: { store: f }', `${base}evidence: { store: e }\n`)).toContain(
      'evidence.store is already settled',
    );
  });

  test.each([
    ['its base leaves it out', BASE],
    [
      'its base says nothing of environments',
      BASE.replace(/environments: .*\n/, '').replace(/tier: \{.*\} \}/, 'tier: internal }'),
    ],
  ])('does not define the environment "default", even where it may define others and %s', async (_what, base) => {
    const text = 'environments: { own: {}, default: { allow-development: true } }';
    expect(await refusal(text, `${base}delegates: [environments]\n`)).toBe(
      '/srv/app/signwright.yaml:3:26: environments.default: the environment "default" exists in every policy, so /srv/central/signwright.yaml alone settles what may go there: give yours a name of its own',
    );
  });

  test('gives its tiers no windows unless they are delegated, and delegates no more than it was given', async () => {
    const tier = 'tiers: { w: { signatures: [build], windows: [{ days: mon, from: "08:00", to: "09:00", timezone: UTC }] } }';
    expect(await refusal(tier)).toContain('tiers.w.windows: "windows" are settled by');
    expect(await local(tier, `${BASE}delegates: [windows]\n`)).toBeDefined();
    expect(await refusal('delegates: [trust]')).toContain('delegates[0]: "trust" is not this file\'s to delegate');
  });

  test("names its tiers other than its base's, and itself too", async () => {
    expect(await refusal('tiers: { internal: { signatures: [release] } }')).toContain(
      'the tier "internal" is already defined in',
    );
    expect(await refusal('name: central')).toContain('give this one a name of its own');
  });

  test('cannot weaken a tier of its base by extending it', async () => {
    const base = `${BASE.replace('production: { sig', 'production: { audit: required, sig')}${LOG}`;
    expect(await refusal('tiers: { mine: { extends: production, audit: best-effort } }', base)).toContain(
      'weaker than the tier "production": audit is required there',
    );
  });
});

describe('the base of a policy', () => {
  test('is pinned by its policy digest, so another layout is the same base', async () => {
    const files = filesOf(`# laid out anew\n${BASE.replaceAll('\n', '\r\n')}`);
    const { digest } = await loadPolicy('signwright.yaml', readerOf(renamed(filesOf(BASE))), { now: NOW });
    const text = `version: 1\nextends: { file: ../central/signwright.yaml, sha256: ${digest.slice('sha256:'.length)} }\n`;
    await expect(loadPolicy('p.yaml', readerOf({ ...files, 'p.yaml': text }), { now: NOW })).resolves.toBeDefined();
  });

  test('that changed is refused, with both digests and the place', async () => {
    const text = `version: 1\nextends: { file: ../central/signwright.yaml, sha256: ${'a'.repeat(64)} }\n`;
    const loading = loadPolicy('p.yaml', readerOf({ ...filesOf(BASE), 'p.yaml': text }), { now: NOW });
    await expect(loading).rejects.toThrow(
      /p\.yaml:2:54: extends\.sha256: .* has the policy digest sha256:[0-9a-f]{64}, not sha256:a{64}/,
    );
  });

  test("changes the local policy's digest, whatever the local file says", async () => {
    const [a, b] = [await local('name: app'), await local('name: app', BASE.replace('repository-id: "1"', 'repository-id: "2"'))];
    expect(a.digest).not.toBe(b.digest);
  });

  test('that is missing, or that is the policy itself, is an error at the line that names it', async () => {
    const missing = `version: 1\nextends: { file: nothing.yaml, sha256: ${'a'.repeat(64)} }\n`;
    await expect(load(missing)).rejects.toThrow('policy.yaml:2:18: extends.file: there is no file nothing.yaml');
    const itself = `version: 1\nextends: { file: policy.yaml, sha256: ${'a'.repeat(64)} }\n`;
    await expect(load(itself)).rejects.toThrow('at most 5 policies may build on one another');
  });

  test.each([
    ['text', 'glpat-SuperSecretToken123456', 1],
    ['a map', 'version: 1\nname: Super Secret\nSuperSecret: x\n', 4],
    ['a map with an undefined name', BASE.replace('[build]', '[SuperSecret]'), 1],
    ['a policy with a key that is none', BASE.replace('trust/a.pub', 'trust/root.json'), 1],
  ])(
    'that is no valid policy is refused at the line that names it, without a word of what is in it: %s',
    async (_what, base, count) => {
      const text = `version: 1\nextends: { file: ../central/signwright.yaml, sha256: ${'a'.repeat(64)} }\n`;
      const loading = loadPolicy('/srv/app/p.yaml', readerOf({ ...filesOf(base), 'p.yaml': text }), { now: NOW });
      const error = await loading.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(PolicyError);
      expect((error as PolicyError).problems.map(problemLine)).toEqual([
        `/srv/app/p.yaml:2:18: extends.file: /srv/central/signwright.yaml is not a valid policy (${count === 1 ? '1 problem' : `${count} problems`}): see them by signwright policy check /srv/central/signwright.yaml`,
      ]);
      expect(`${JSON.stringify(error)} ${String(error)} ${String((error as Error).cause)}`).not.toMatch(/Super ?Secret/);
    },
  );
});
