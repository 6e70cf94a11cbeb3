import { readSnapshot, recordReads, SignwrightError, snapshotReader, writeSnapshot } from '@signwright/signing-core';
import { testAuthority } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { NOW, publicKey, readerOf } from '../../tests/policy-files.ts';
import { editionOf, signatory } from '../../tests/sign-edition.ts';
import { type BaseReference, loadPolicy, type Policy, PolicyError, problemLine, resolveArtifact } from '../index.ts';

const CENTRAL = `version: 1
name: central
serial: 7
trust: { root: trust/root.json }
signers: { build: { keys: [{ ref: "awskms:///alias/a", public-key: trust/a.pub }], workloads: [ci] } }
workloads: { ci: { issuer: https://ci.example, repository-id: "1" } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
const SECURITY = signatory();
type Files = { [path: string]: string | Uint8Array };
const ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
const AROUND: Files = { 'trust/root.json': ROOT, 'trust/a.pub': publicKey(0) };

/** The central policy and what is beside it, signed. */
async function central(text = CENTRAL, by = SECURITY): Promise<Files> {
  const files = { ...AROUND, 'central.yaml': text };
  const policy = await loadPolicy('central.yaml', readerOf(files), { now: NOW });
  const edition = { ...editionOf(policy) };
  return { ...files, 'central.yaml.sigstore.json': await by.sign(edition) };
}

function local(extended: string, more = ''): string {
  const { issuer, subject } = SECURITY.who;
  return `version: 1
extends: { ${extended} }
identities: { security: { issuer: "${issuer}", subject: "${subject}", root: trust/security.json } }
${more}`;
}

const SIGNED = 'file: base/central.yaml, signed-by: security, name: central';
const below = (directory: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${directory}/${path}`, bytes]));

async function load(base: Files, extended = SIGNED, more = ''): Promise<Policy> {
  const files = { ...below('base', base), ...SECURITY.files, 'app.yaml': local(extended, more) };
  return loadPolicy('app.yaml', readerOf(files), { now: NOW });
}

async function refusal(loading: Promise<Policy>): Promise<string> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof PolicyError) return error.problems.map(problemLine).join('\n');
    throw error;
  }
  throw new Error('accepted');
}

describe('a base by signature', () => {
  test('is taken in the edition that is signed, whichever that is, and tells which it was', async () => {
    const seven = await load(await central());
    expect(seven.signedBases).toEqual([
      {
        name: 'central',
        serial: 7,
        digest: seven.layers[0]?.digest,
        who: SECURITY.who,
        root: expect.stringMatching(/^sha256:/),
        where: 'base/central.yaml',
      },
    ]);
    expect(resolveArtifact(seven, { name: 'dist/a' }).status).toBe('required');
    const eight = await load(await central(CENTRAL.replace('serial: 7', 'serial: 8')));
    expect(eight.signedBases).toMatchObject([{ serial: 8 }]);
    expect(eight.digest).not.toBe(seven.digest);
  });

  test.each([
    [
      'was changed after it was signed',
      async () => ({ ...(await central()), 'central.yaml': CENTRAL.replace('dist/**', '**') }),
      'it signs another policy: its digest',
    ],
    [
      'names another key than the one it was signed with',
      async () => ({ ...(await central()), 'trust/a.pub': publicKey(1) }),
      'its digest',
    ],
    [
      'is signed for an older edition',
      async () => ({ ...(await central()), 'central.yaml': CENTRAL.replace('serial: 7', 'serial: 8') }),
      'another policy',
    ],
    ['is not signed', async () => ({ ...AROUND, 'central.yaml': CENTRAL }), 'must be signed by'],
    ['is signed by somebody of another authority', async () => central(CENTRAL, signatory(testAuthority())), 'must be signed by'],
    [
      'is another policy of theirs',
      async () => central(CENTRAL.replace('name: central', 'name: lax')),
      'is the policy lax, not central',
    ],
  ])('that %s is refused at the line that names it', async (_what, files, says) => {
    const told = await refusal(load(await files()));
    expect(told).toMatch(/^app\.yaml:2:\d+: extends\.signed-by: /);
    expect(told).toContain(says);
  });

  test('with a lower serial than the local file wants is refused', async () => {
    const files = await central();
    await expect(load(files, `${SIGNED}, min-serial: 7`)).resolves.toBeDefined();
    expect(await refusal(load(files, `${SIGNED}, min-serial: 8`))).toContain('has the serial 7, and 8 at least is wanted');
  });

  test('without a serial is refused, though its digest is signed', async () => {
    const text = CENTRAL.replace('serial: 7\n', '');
    const files: Files = { ...AROUND, 'central.yaml': text };
    const { digest } = await loadPolicy('central.yaml', readerOf(files), { now: NOW });
    const signature = await SECURITY.sign({ name: 'central', serial: 0, digest });
    expect(await refusal(load({ ...files, 'central.yaml.sigstore.json': signature }))).toContain('has no serial');
  });

  test.each([
    ['file: base/central.yaml, signed-by: security', 'the key "name" is missing'],
    ['file: base/central.yaml, signed-by: somebody, name: central', 'the identity "somebody" is not one of this file\'s own'],
    [`file: base/central.yaml, sha256: ${'a'.repeat(64)}, name: central`, 'it goes with "signed-by"'],
    [`${SIGNED}, allow-private: true`, 'a file is not fetched'],
    [`${SIGNED}, sha256: ${'a'.repeat(64)}`, 'exactly one of "sha256", "signed-by" is needed'],
  ])('is pinned in one way, wholly: %s', async (extended, says) => {
    expect(await refusal(load(await central(), extended))).toContain(says);
  });

  test("is signed by an identity of the local file's own, which is no vendor and lets no other in", async () => {
    const vendor = await refusal(load(await central(), SIGNED, 'artifacts: [{ match: "dist/**", vendor: security }]'));
    expect(vendor).toContain('the identity "security" is not defined');
    const files = { ...below('base', await central()), ...SECURITY.files };
    const text = local(SIGNED).replace(
      ' } }\n',
      ' }, other: { issuer: "https://i.example", subject: x, root: trust/security.json } }\n',
    );
    const two = loadPolicy('app.yaml', readerOf({ ...files, 'app.yaml': text }), { now: NOW });
    expect(await refusal(two)).toContain('"identities" is settled by base/central.yaml alone');
  });

  test("an identity of the base's with the same name keeps its meaning", async () => {
    const vendor = 'identities: { security: { issuer: https://vendor.example, subject: x, root: trust/root.json } }\n';
    const policy = await load(await central(`${CENTRAL.replace('tier: internal', 'vendor: security')}${vendor}`));
    expect(resolveArtifact(policy, { name: 'dist/a' })).toMatchObject({
      demands: { vendors: [{ issuer: 'https://vendor.example', root: policy.vendors.get('security')?.rootDigest }] },
    });
    expect(policy.vendors.get('security')?.rootDigest).not.toBe(SECURITY.root.digest);
  });
});

/** Serves the files of one fetched base, and tells what was asked for. */
function fetching(files: Files) {
  const asked: BaseReference[] = [];
  const places = new Map<string, Files>();
  return {
    asked,
    fetchBase: async (reference: BaseReference) => {
      asked.push(reference);
      places.set(`${reference.directory}/`, files);
    },
    over: (own: Files) => async (path: string) => {
      const [prefix, served] = [...places].find(([start]) => path.startsWith(start)) ?? ['', own];
      return readerOf(served)(path.slice(prefix.length));
    },
  };
}

describe('a base that is fetched', () => {
  const at = { 'policies/central.yaml': 'central.yaml' };
  const remote = async (files?: Files): Promise<Files> => below('policies', files ?? (await central()));

  test.each([
    ['url: https://p.example/policies/central.yaml', { type: 'url', address: 'https://p.example', allowPrivate: false }],
    [
      'url: http://127.0.0.1:80/policies/central.yaml, allow-private: true'.replace(':80', ':8080'),
      { type: 'url', address: 'http://127.0.0.1:8080', allowPrivate: true },
    ],
    [
      'git: "https://g.example/a/b.git#main:policies/central.yaml"',
      { type: 'git', address: 'https://g.example/a/b.git', ref: 'main' },
    ],
    [
      'git: "ssh://git@g.example/a/b.git#v1/x:policies/central.yaml"',
      { type: 'git', address: 'ssh://git@g.example/a/b.git', ref: 'v1/x' },
    ],
  ])('by %s is read with all it names, and loads again from its snapshot without any fetching', async (written, reference) => {
    const served = fetching(await remote());
    const own = { ...SECURITY.files, 'app.yaml': local(`${written}, signed-by: security, name: central`) };
    const { read, files } = recordReads(served.over(own));
    const policy = await loadPolicy('app.yaml', read, { now: NOW, fetchBase: served.fetchBase });
    expect(served.asked).toMatchObject([{ ...reference, file: Object.keys(at)[0] }]);
    expect(policy.signedBases).toHaveLength(1);
    expect(policy.layers[0]?.source.file).toMatch(/^https?:|^ssh:/);

    const snapshot = readSnapshot(writeSnapshot({ digest: policy.digest, file: 'app.yaml', files }));
    const again = await loadPolicy(snapshot.file, snapshotReader(snapshot), { now: NOW });
    expect(again.digest).toBe(policy.digest);
    expect(again.signedBases).toEqual(policy.signedBases);
  });

  test('is pinned by its policy digest as a file is', async () => {
    const served = fetching(await remote());
    const pinned = (digest: string): Promise<Policy> => {
      const text = `version: 1\nextends: { url: https://p.example/policies/central.yaml, sha256: ${digest.slice(-64)} }\n`;
      return loadPolicy('app.yaml', served.over({ 'app.yaml': text }), { now: NOW, fetchBase: served.fetchBase });
    };
    const { digest } = await loadPolicy('central.yaml', readerOf(await central()), { now: NOW });
    await expect(pinned(digest)).resolves.toBeDefined();
    expect(served.asked[0]?.sha256).toBe(digest);
    expect(await refusal(pinned('a'.repeat(64)))).toContain('https://p.example/policies/central.yaml has the policy digest');
  });

  test('builds on files of its own place alone, not on valid ones of this machine; and names none of its directories', async () => {
    const files = await central();
    const { digest } = await loadPolicy('central.yaml', readerOf(files), { now: NOW });
    const load = async (remote: Files, text: string): Promise<Policy> => {
      const served = fetching({ ...below('policies', remote), 'policies/app.yaml': text });
      const own = { ...below('.signwright', files), ...files, 'top.yaml': '' };
      const top = `version: 1\nextends: { url: https://p.example/policies/app.yaml, sha256: PIN }\n`;
      const pin = (wanted: string): Promise<Policy> =>
        loadPolicy('top.yaml', served.over({ ...own, 'top.yaml': top.replace('PIN', wanted) }), {
          now: NOW,
          fetchBase: served.fetchBase,
        });
      const actual = /has the policy digest sha256:([0-9a-f]{64})/.exec(await refusal(pin('a'.repeat(64))))?.[1];
      if (actual === undefined) throw new Error(await refusal(pin('a'.repeat(64))));
      return pin(actual);
    };
    const building = (file: string): string => `version: 1\nextends: { file: ${file}, sha256: ${digest.slice(-64)} }\n`;
    await expect(load(files, building('central.yaml'))).resolves.toBeDefined();
    for (const above of ['../../../', '../../../../'])
      await expect(load(files, building(`${above}central.yaml`))).rejects.toThrow('is not a valid policy (1 problem)');
    await expect(load(files, CENTRAL)).resolves.toBeDefined();
    for (const line of ['evidence: { store: evidence }', 'audit: { log: log }'])
      await expect(load(files, `${CENTRAL}${line}\n`)).rejects.toThrow('is not a valid policy');
  });

  test.each([
    'url: https://p.example/a/../b.yaml',
    'url: https://p.example/b.yaml?x=1',
    'url: https://p.example/',
    'url: https://user@p.example/b.yaml',
    'url: http://p.example/b.yaml',
    'url: ftp://p.example/b.yaml',
    'git: "https://g.example/a.git"',
    'git: "https://g.example/a.git#-x"',
    'git: "https://g.example/a.git#main:../x"',
    'git: "https://g.example/a.git#a..b"',
    'git: "https://u:p@g.example/a.git#main"',
    'git: "ext::sh -c x#main"',
    'git: "ssh://-oProxyCommand=x/a.git#main"',
  ])('is named by a plain address or not at all: %s', async (written) => {
    const served = fetching({});
    const text = `version: 1\nextends: { ${written}, sha256: ${'a'.repeat(64)} }\n`;
    const told = await refusal(loadPolicy('p.yaml', served.over({ 'p.yaml': text }), { now: NOW, fetchBase: served.fetchBase }));
    expect(told).toMatch(/^p\.yaml:2:\d+: extends\.(url|git): /);
    expect(served.asked).toEqual([]);
  });

  test('that cannot be reached is told as that, and what cannot be used at the line that names it', async () => {
    const failing = (code: 'unreachable' | 'configuration') => async () => {
      throw new SignwrightError(code, 'p.example answers 500', { next: 'run again later' });
    };
    const read = readerOf({ 'p.yaml': `version: 1\nextends: { url: https://p.example/b.yaml, sha256: ${'a'.repeat(64)} }\n` });
    await expect(loadPolicy('p.yaml', read, { now: NOW, fetchBase: failing('unreachable') })).rejects.toMatchObject({
      code: 'unreachable',
    });
    const told = await refusal(loadPolicy('p.yaml', read, { now: NOW, fetchBase: failing('configuration') }));
    expect(told).toBe('p.yaml:2:17: extends.url: p.example answers 500 (run again later)');
  });
});

describe('a base whose signer changes', () => {
  const NEXT = signatory(testAuthority());
  const BY = '[{ by: next, from: 2026-06-01 }, { by: security, until: 2026-06-08 }]';

  async function taken(by: typeof SECURITY, at: string, signedBy = BY): Promise<Policy> {
    const files = { ...AROUND, 'central.yaml': CENTRAL };
    const edition = editionOf(await loadPolicy('central.yaml', readerOf(files), { now: NOW }));
    const base = { ...files, 'central.yaml.sigstore.json': await by.sign(edition, new Date(at)) };
    const { issuer, subject } = SECURITY.who;
    const app = `version: 1
extends: { file: base/central.yaml, signed-by: ${signedBy}, name: central }
identities:
  security: { issuer: "${issuer}", subject: "${subject}", root: trust/security.json }
  next: { issuer: "${issuer}", subject: "${subject}", root: trust/next.json }
`;
    const next = {
      'trust/next.json': NEXT.files['trust/security.json'] ?? '',
      'trust/next.issuers.json': NEXT.files['trust/security.issuers.json'] ?? '',
    };
    return loadPolicy('app.yaml', readerOf({ ...below('base', base), ...SECURITY.files, ...next, 'app.yaml': app }), {
      now: NOW,
    });
  }

  test.each([
    ['the old one before', SECURITY, '2026-02-01T00:00:00Z', true],
    ['the old one in the overlap', SECURITY, '2026-06-07T23:59:59Z', true],
    ['the old one from the end on', SECURITY, '2026-06-08T00:00:00Z', false],
    ['the new one a second too early, as by a clock that is slow', NEXT, '2026-05-31T23:59:59Z', false],
    ['the new one in the overlap', NEXT, '2026-06-04T00:00:00Z', true],
    ['the new one after', NEXT, '2026-09-01T00:00:00Z', true],
    ['somebody else', signatory(testAuthority()), '2026-06-04T00:00:00Z', false],
  ])('is taken as signed by %s: %s', async (_who, by, at, counts) => {
    if (counts)
      expect((await taken(by, at)).signedBases).toMatchObject([
        { serial: 7, others: [{ root: expect.stringMatching(/^sha256:/) }] },
      ]);
    else expect(await refusal(taken(by, at))).toMatch(/extends\.signed-by: base\/central\.yaml must be signed by .* or /);
  });

  test('names identities of the file alone, each with an end after its beginning; none of them is a vendor', async () => {
    expect(await refusal(taken(SECURITY, '2026-06-01T00:00:00Z', '[security, nobody]'))).toContain(
      'signed-by[1]: the identity "nobody"',
    );
    const backwards = '[{ by: security, from: 2026-06-08, until: 2026-06-01 }]';
    expect(await refusal(taken(SECURITY, '2026-06-01T00:00:00Z', backwards))).toContain('before it begins');
    expect((await taken(NEXT, '2026-06-04T00:00:00Z')).vendors.size).toBe(0);
  });
});
