import { freshKeys, memorySigner, TEST_SAN, type TestAuthority, testAuthority } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import type { Json } from '../formats/strict-json.ts';
import { keyIdOf } from '../keys.ts';
import type { Signing } from '../sign.ts';
import { prepareStatement, signStatement } from '../sign-statement.ts';
import { parseTrustRoot } from '../trust-root.ts';
import type { Verdict } from '../verdict.ts';
import { addOwnerSignature } from './add-signature.ts';
import { trustRootChanges } from './changes.ts';
import { checkUpdate, type TrustRootInUse } from './check-update.ts';
import { signTrustRoot, TRUST_ROOT_STATEMENT, type TrustRootEdition } from './edition.ts';
import { byExpiredRoot, expiryOf } from './expiry.ts';
import { checkSigned, loadTrustRoot, type SignedTrustRoot, type TrustRootFiles } from './load-signed.ts';
import { parseOwners } from './owners.ts';

const NOON = new Date('2026-06-01T12:00:00Z');
const YEAR_END = Date.parse('2026-12-31T00:00:00Z');
const PATH = 'trusted-root.json';
const CERTIFIED = { issuer: 'https://issuer.example', subject: TEST_SAN };
const authority = testAuthority();

type Owner = { readonly listed: object; readonly signing: Signing };

/** Somebody who signs by a certificate of an authority. */
function certified(by: TestAuthority = authority): Owner {
  const leaf = by.leaf();
  const root = parseTrustRoot(by.trustedRoot(), by.issuers(), 'test');
  return {
    listed: CERTIFIED,
    signing: {
      signer: memorySigner(leaf.keys, leaf.der),
      rule: { id: 'trust', certificate: true, workloads: [{ id: 'ci', issuer: 'https://issuer.example' }], keys: [] },
      timestamps: { timestamp: async (signature) => by.timestamp(signature, { at: NOON }) },
      trust: { root, keys: [] },
      clock: { now: () => NOON },
    },
  };
}

function keyed(): Owner {
  const keys = freshKeys();
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const rules = [{ keyId: keyIdOf(keys.publicKey), publicKey }];
  const { signing } = certified();
  return {
    listed: { publicKey },
    signing: {
      ...signing,
      signer: memorySigner(keys),
      rule: { id: 'trust', certificate: false, workloads: [], keys: rules },
      trust: { ...signing.trust, keys: rules },
    },
  };
}

const [ann, bob, mallory] = [keyed(), keyed(), keyed()];
const ownersFile = (owners: readonly Owner[], threshold = 1): Buffer =>
  Buffer.from(JSON.stringify({ version: 1, owners: owners.map(({ listed }) => listed), threshold }));

type Spec = {
  readonly root?: TestAuthority;
  readonly issuers?: readonly string[] | null;
  readonly owners?: Buffer;
  readonly signers?: readonly Owner[];
  readonly name?: string;
  readonly version?: number;
  readonly expires?: number;
};

/** The files of an edition. */
async function filesOf(spec: Spec = {}): Promise<Map<string, Uint8Array>> {
  const { root = authority, issuers, owners = ownersFile([ann]), signers = [ann] } = spec;
  const files = new Map<string, Uint8Array>([
    [PATH, root.trustedRoot()],
    ['trusted-root.owners.json', owners],
  ]);
  if (issuers !== null) files.set('trusted-root.issuers.json', root.issuers(issuers));
  const found = await load(files);
  const edition: TrustRootEdition = {
    name: spec.name ?? 'acme',
    version: spec.version ?? 1,
    expires: spec.expires ?? YEAR_END,
    root: found.root.digest,
    issuers: found.issuersDigest,
    owners: parseOwners(owners, PATH).digest,
  };
  for (const [at, { signing }] of signers.entries())
    files.set(
      at === 0 ? 'trusted-root.sigstore.json' : `trusted-root.${at + 1}.sigstore.json`,
      await signTrustRoot(edition, signing),
    );
  return files;
}

async function load(files: ReadonlyMap<string, Uint8Array>): Promise<TrustRootFiles> {
  const found = await loadTrustRoot(PATH, async (path) => files.get(path));
  if (found === undefined) throw new Error('no trust root');
  return found;
}

const signed = async (spec?: Spec): Promise<SignedTrustRoot> => checkSigned(await load(await filesOf(spec)));

async function inUse(spec?: Spec): Promise<TrustRootInUse> {
  const { edition, root, owners } = await signed(spec);
  return { name: edition.name, root, owners, edition };
}

describe('an edition of a trust root', () => {
  test('is what its owners have signed, by key or certificate', async () => {
    const both = await signed({ owners: ownersFile([ann, certified()], 2), signers: [ann, certified()], version: 7 });
    expect(both.edition).toMatchObject({ name: 'acme', version: 7, expires: YEAR_END, root: both.root.digest });
    expect(both.signedBy).toMatchObject({ refused: [], development: false });
    expect(both.signedBy.owners).toHaveLength(2);
    await expect(signed({ issuers: null })).resolves.toMatchObject({ edition: { issuers: null } });
  });

  type Change = [string, string, () => Uint8Array | undefined, string];
  test.each<Change>([
    ['another root', PATH, () => testAuthority().trustedRoot(), 'the trust root is not what was signed'],
    [
      'another word on issuers',
      'trusted-root.issuers.json',
      () => authority.issuers(['https://evil.example']),
      'its issuers file',
    ],
    ['no word on issuers', 'trusted-root.issuers.json', () => undefined, 'its issuers file is not what was signed'],
    ['other owners', 'trusted-root.owners.json', () => ownersFile([ann, mallory]), 'its owners file is not what was signed'],
    ['no owners', 'trusted-root.owners.json', () => undefined, 'there is no trusted-root.owners.json'],
    ['no signature', 'trusted-root.sigstore.json', () => undefined, 'nobody has signed it'],
  ])('is none with %s', async (_what, path, bytes, says) => {
    const files = await filesOf();
    const put = bytes();
    if (put === undefined) files.delete(path);
    else files.set(path, put);
    await expect(load(files).then(checkSigned)).rejects.toThrow(says);
  });

  test('is none where somebody else signed, or too few did', async () => {
    await expect(signed({ signers: [mallory] })).rejects.toThrow('0 of its own owners have signed it, and 1 must; not counted');
    await expect(signed({ owners: ownersFile([ann, bob], 2), signers: [ann] })).rejects.toThrow('1 of its own owners has signed');
  });

  test('counts an owner once, however often they sign', async () => {
    const twice = signed({ owners: ownersFile([ann, bob], 2), signers: [ann, ann, ann] });
    await expect(twice).rejects.toThrow('1 of its own owners has signed it, and 2 must');
    const certificates = signed({ owners: ownersFile([certified(), bob], 2), signers: [certified(), certified()] });
    await expect(certificates).rejects.toThrow('1 of its own owners has signed it, and 2 must');
  });

  test('takes no certificate that is traced elsewhere, or whose issuer its authority may not assert', async () => {
    const stranger = certified(testAuthority());
    await expect(signed({ owners: ownersFile([stranger]), signers: [stranger] })).rejects.toThrow('0 of its own owners');
    const unasserted = signed({ owners: ownersFile([certified()]), signers: [certified()], issuers: ['https://other.example'] });
    await expect(unasserted).rejects.toThrow('0 of its own owners');
  });

  test('counts no signature of another edition beside it', async () => {
    const [files, older] = [
      await filesOf({ owners: ownersFile([ann, bob], 2), signers: [ann], version: 8 }),
      await filesOf({ owners: ownersFile([ann, bob], 2), signers: [bob], version: 7 }),
    ];
    files.set('trusted-root.2.sigstore.json', older.get('trusted-root.sigstore.json') ?? Buffer.of());
    await expect(load(files).then(checkSigned)).rejects.toThrow('it signs another edition: its version differs');
  });

  test.each([
    ['a version of 0', { version: 0 }],
    ['half a version', { version: 1.5 }],
    ['a version as text', { version: '1' }],
    ['an end that is none', { expires: '2026-13-01T00:00:00Z' }],
    ['an unknown field', { also: 1 }],
    ['no word on owners', { owners: null }],
    ['another name than its subject', { name: 'other' }],
    ['a name of two lines', { name: 'a\nb' }],
  ])('is none with %s', async (_what, change) => {
    const files = await filesOf();
    const { root } = await load(files);
    const predicate: { readonly [key: string]: Json } = {
      name: 'acme',
      version: 1,
      expires: '2026-12-31T00:00:00Z',
      issuers: null,
      owners: root.digest,
      ...change,
    };
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'name' in change && change.name.includes('\n') ? change.name : 'acme', digest: { sha256: root.digest.slice(7) } },
      ],
      predicateType: TRUST_ROOT_STATEMENT,
      predicate,
    };
    const payload = Buffer.from(JSON.stringify(statement));
    const { bytes } = await signStatement(await prepareStatement(() => payload, ann.signing));
    files.set('trusted-root.sigstore.json', bytes);
    await expect(load(files).then(checkSigned)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/predicate|subject/),
    });
  });
});

describe('an update of a trust root', () => {
  const update = async (from: Spec, to: Spec, now = NOON) => checkUpdate(await inUse(from), await signed(to), now);
  const other = testAuthority();

  test('is taken where the owners of the one in use have signed it, though that has expired', async () => {
    await expect(update({}, { root: other, version: 2 })).resolves.toBe('newer');
    await expect(update({ expires: NOON.getTime() - 1 }, { root: other, version: 5 })).resolves.toBe('newer');
    await expect(
      update(
        { owners: ownersFile([certified()]), signers: [certified()] },
        { version: 2, owners: ownersFile([certified()]), signers: [certified()] },
      ),
    ).resolves.toBe('newer');
    await expect(update({}, {})).resolves.toBe('current');
  });

  test('needs no edition to start from, but a name', async () => {
    const { edition: _none, ...unsigned } = await inUse();
    await expect(checkUpdate(unsigned, await signed({ root: other }), NOON)).resolves.toBe('newer');
    const playground = await signed({ root: other, name: 'playground' });
    await expect(checkUpdate(unsigned, playground, NOON)).rejects.toThrow('it is the trust root "playground"');
  });

  test.each([
    ['an older version', { version: 3 }, { version: 2 }, 'it is version 2, and 3 is in use'],
    [
      'the same version with another root',
      { version: 3 },
      { version: 3, root: other },
      'two editions with the version 3: their root differs',
    ],
    ['the same version with another end', { version: 3 }, { version: 3, expires: YEAR_END + 1 }, 'their expires differs'],
    ['another trust root', {}, { version: 2, name: 'playground' }, 'it is the trust root "playground"'],
    ['one that has expired', {}, { version: 2, expires: NOON.getTime() }, 'it expired 2026-06-01T12:00:00.000Z'],
    [
      'one by owners of its own',
      {},
      { version: 2, owners: ownersFile([mallory]), signers: [mallory] },
      '0 of the owners of the trust root in use have signed it, and 1 must',
    ],
    [
      'too few of the owners in use',
      { owners: ownersFile([ann, bob], 2), signers: [ann, bob] },
      { version: 2, owners: ownersFile([ann]), signers: [ann] },
      '1 of the owners of the trust root in use has signed it, and 2 must',
    ],
    [
      'one owner in use and one of its own',
      { owners: ownersFile([ann, bob], 2), signers: [ann, bob] },
      { version: 2, owners: ownersFile([ann, mallory], 2), signers: [ann, mallory] },
      '1 of the owners of the trust root in use',
    ],
  ] as [string, Spec, Spec, string][])('is not taken: %s', async (_what, from, to, says) => {
    await expect(update(from, to)).rejects.toMatchObject({ code: 'verification', message: expect.stringContaining(says) });
  });

  test('traces owners to the root in use, not to the one that comes', async () => {
    const evil = testAuthority();
    const owners = ownersFile([certified()]);
    const to = await signed({ root: evil, owners, signers: [certified(evil)], version: 2 });
    await expect(checkUpdate(await inUse({ owners, signers: [certified()] }), to, NOON)).rejects.toThrow(
      '0 of the owners of the trust root in use',
    );
  });

  test('hands over to other owners by both their signatures; who was taken out signs nothing more', async () => {
    const handed: Spec = { version: 2, owners: ownersFile([bob]), signers: [ann, bob] };
    await expect(update({}, handed)).resolves.toBe('newer');
    await expect(update({}, { ...handed, signers: [ann] })).rejects.toThrow('0 of its own owners have signed it');
    await expect(update(handed, { version: 3, owners: ownersFile([ann]), signers: [ann] })).rejects.toThrow(
      '0 of the owners of the trust root in use',
    );
  });

  test('says what is gone, new, and described otherwise', async () => {
    const [before, after] = [
      await signed(),
      await signed({ root: other, owners: ownersFile([ann, bob], 2), signers: [ann, bob], issuers: ['https://b.example'] }),
    ];
    const lines = trustRootChanges(before, after);
    const ca = (one: TestAuthority) =>
      parseTrustRoot(one.trustedRoot(), undefined, 'x').certificateAuthorities[0]?.chain[0].fingerprint;
    expect(lines).toContainEqual(expect.stringMatching(`^- certificate authority .*${ca(authority)}.*trusted from`));
    expect(lines).toContainEqual(expect.stringMatching(`^\\+ certificate authority .*${ca(other)}`));
    expect(lines).toContainEqual(expect.stringMatching(`^- .*${ca(authority)}\\) may assert https://issuer.example$`));
    expect(lines).toContainEqual(expect.stringMatching(`^\\+ .*${ca(other)}\\) may assert https://b.example$`));
    expect(lines.filter((line) => / timestamp authority /.test(line))).toHaveLength(2);
    expect(lines).toContainEqual(expect.stringMatching(/^\+ owner the key /));
    expect(lines).toContain('+ signatures of 2 owners must be there');
    expect(trustRootChanges(before, before)).toEqual([]);
  });

  test('says that one issuer more may be asserted, that a log came, and that an address differs', async () => {
    const tlog = {
      baseUrl: 'https://rekor.example',
      publicKey: { rawBytes: 'AAAA', validFor: { start: '2026-01-01T00:00:00Z' } },
    };
    const files = await filesOf();
    const json = JSON.parse(Buffer.from(files.get(PATH) ?? '').toString()) as {
      tlogs: object[];
      certificateAuthorities: { uri?: string }[];
    };
    json.tlogs = [tlog];
    json.certificateAuthorities[0]!.uri = 'https://elsewhere.example';
    const changed = new Map(files)
      .set(PATH, Buffer.from(JSON.stringify(json)))
      .set('trusted-root.issuers.json', authority.issuers(['https://issuer.example', 'https://more.example']));
    expect(trustRootChanges(await load(files), await load(changed))).toEqual([
      expect.stringMatching(/^\+ .* may assert https:\/\/more\.example$/),
      expect.stringMatching(
        /^\+ transparency log https:\/\/rekor\.example \(key sha256 [0-9a-f]{64}\), trusted from 2026-01-01T00:00:00Z on$/,
      ),
      expect.stringMatching(/^~ certificate authority .*: other details of it differ$/),
    ]);
  });
});

describe('a signature that is added', () => {
  const edition = async (files: TrustRootFiles, version = 1): Promise<TrustRootEdition> => ({
    ...(await signed({ version })).edition,
    root: files.root.digest,
  });

  test('stands beside those of others; the same owner replaces their own', async () => {
    const found = await load(await filesOf({ signers: [] }));
    const first = await addOwnerSignature(found, await edition(found), ann.signing);
    const second = await addOwnerSignature({ ...found, ...first }, await edition(found), bob.signing);
    expect([first.at, second.at, second.signatures.length]).toEqual([0, 1, 2]);
    const trust = { ...ann.signing.trust, keys: [...ann.signing.trust.keys, ...bob.signing.trust.keys] };
    const again = await addOwnerSignature({ ...found, ...second }, await edition(found), { ...ann.signing, trust });
    expect([again.at, again.signatures.length]).toEqual([0, 2]);
  });

  test('of a newer edition leaves out the older ones; of no edition that is taken', async () => {
    const found = await load(await filesOf({ version: 3 }));
    await expect(addOwnerSignature(found, await edition(found, 4), ann.signing)).resolves.toMatchObject({ at: 0 });
    await expect(addOwnerSignature(found, await edition(found, 2), ann.signing)).rejects.toThrow(
      'version 3 of it is signed already',
    );
    const longer = { ...(await edition(found, 3)), expires: YEAR_END + 1 };
    await expect(addOwnerSignature(found, longer, ann.signing)).rejects.toThrow('its expires differs');
    const named = { ...(await edition(found, 4)), name: 'other' };
    await expect(addOwnerSignature(found, named, ann.signing)).rejects.toThrow('keeps its name');
  });
});

describe('the owners of a trust root', () => {
  test.each([
    ['no owner', { owners: [] }, 'must list 1 to 16'],
    ['one of them twice', { owners: [ann.listed, CERTIFIED, ann.listed] }, 'owners[2] is listed twice'],
    [
      'one key in two spellings',
      { owners: [ann.listed, { publicKey: `\n${(ann.listed as { publicKey: string }).publicKey}\n\n` }] },
      'owners[1] is listed twice',
    ],
    ['a pattern', { owners: [{ ...CERTIFIED, subject: 'https://git.example/**' }] }, 'must be exact'],
    ['half an identity', { owners: [{ issuer: 'https://issuer.example' }] }, 'subject is missing'],
    ['key and identity in one', { owners: [{ ...CERTIFIED, ...ann.listed }] }, 'unknown field'],
    ['what is no key', { owners: [{ publicKey: 'abc' }] }, 'not a public key'],
    ['a threshold of 0', { threshold: 0 }, 'from 1 to 1'],
    ['a threshold nobody reaches', { threshold: 2 }, 'from 1 to 1'],
    ['an unknown field', { also: 1 }, 'unknown field'],
    ['another version', { version: 2 }, 'version must be 1'],
  ])('are refused with %s', (_what, change, says) => {
    const text = JSON.stringify({ version: 1, owners: [ann.listed], threshold: 1, ...change });
    expect(() => parseOwners(Buffer.from(text), 'x')).toThrow(says);
  });
});

describe('an edition that ends', () => {
  const DAY = 86_400_000;
  const edition = { name: 'acme', version: 3, expires: YEAR_END } as TrustRootEdition;
  const verdict = { result: 'allow', outcomes: [{ status: 'met' }] } as unknown as Verdict;

  test('is told of from 30 days before, and counts no more from its last moment on', () => {
    expect(expiryOf(edition, YEAR_END - 30 * DAY)).toEqual({ state: 'fresh' });
    expect(expiryOf(edition, YEAR_END - 30 * DAY + 1)).toMatchObject({
      state: 'ending',
      message: expect.stringContaining('in 29 days'),
    });
    expect(expiryOf(edition, YEAR_END - 1).state).toBe('ending');
    expect(expiryOf(edition, YEAR_END).state).toBe('expired');
  });

  test('lets nothing be allowed afterwards, and what is denied stay denied', () => {
    expect(byExpiredRoot(verdict, edition, YEAR_END - 1)).toBe(verdict);
    expect(byExpiredRoot(verdict, edition, YEAR_END)).toMatchObject({
      result: 'inconclusive',
      outcomes: [{}, { code: 'trust-root-expired' }],
    });
    const denied = { ...verdict, result: 'deny', outcomes: [{ status: 'unmet' }] } as unknown as Verdict;
    expect(byExpiredRoot(denied, edition, YEAR_END).result).toBe('deny');
  });
});
