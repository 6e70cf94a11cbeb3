import { freshKeys, testAuthority } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { load, publicKey, withKey } from '../tests/policy-files.ts';
import { editionOf, pemOf, signatory, signByKey } from '../tests/sign-edition.ts';
import { parseAnchor } from './anchor.ts';
import { checkAnchor, trustRootDigestOf } from './check-anchor.ts';
import type { Policy } from './policy.ts';

const anchor = (text: string) => parseAnchor(Buffer.from(text), 'anchor.yaml');
const SECURITY = signatory();
const ROOT = SECURITY.root.digest;
const ISSUERS = trustRootDigestOf(SECURITY.files['trust/security.issuers.json'] ?? Buffer.of());
const NOW = new Date('2026-11-23T12:00:00Z');
const UNSIGNED = { trustRoot: SECURITY.root, signature: undefined, now: NOW };

describe('an anchor', () => {
  test('holds a policy to its digest, name, serial and trust root', async () => {
    const policy = await load(withKey('name: acme\nserial: 7'));
    const text = `name: acme\npolicy-sha256: ${policy.digest}\nmin-serial: 7\ntrust-root-sha256: ${ROOT.slice(7)}\n`;
    await expect(checkAnchor(policy, UNSIGNED, anchor(text))).resolves.toBeUndefined();
    const json = JSON.stringify({ 'policy-sha256': policy.digest });
    await expect(checkAnchor(policy, { ...UNSIGNED, trustRoot: undefined }, anchor(json))).resolves.toBeUndefined();
  });

  test('names everything that differs, with both values', async () => {
    const policy = await load(withKey('name: acme\nserial: 7'));
    const other = `sha256:${'0'.repeat(64)}`;
    const pinned = anchor(`{ name: acme2, policy-sha256: "${other}", min-serial: 8, trust-root-sha256: "${other}" }`);
    const error = await checkAnchor(policy, UNSIGNED, pinned).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'policy', where: 'anchor.yaml' });
    const { message } = error as Error;
    expect(message).toContain("the policy's name is acme, and the anchor wants acme2");
    expect(message).toContain(`the policy digest is ${policy.digest}, and the anchor wants ${other}`);
    expect(message).toContain(`the trust root's digest is ${ROOT}, and the anchor wants ${other}`);
    expect(message).toContain("the policy's serial is 7, and the anchor wants 8 at least");
  });

  test('wants a serial of a policy that has none', async () => {
    const policy = await load(withKey(''));
    const pinned = anchor(`{ policy-sha256: "${policy.digest}", min-serial: 0 }`);
    await expect(checkAnchor(policy, UNSIGNED, pinned)).rejects.toThrow("the policy's serial is absent");
  });

  test.each([
    [
      'pins no policy',
      'name: acme',
      'anchor.yaml:1:1: exactly one of "policy-sha256", "signed-by" is needed; none is there, so it would pin nothing',
    ],
    ['is a list', '- a', 'anchor.yaml:1:1: found a list; allowed is a map of keys and values'],
    [
      'has an unknown key',
      'policy-sha265: x',
      'unknown key; allowed are name, policy-sha256, signed-by, min-serial, trust-root-sha256, trust-root-issuers-sha256; did you mean "policy-sha256"?',
    ],
    ['has a digest of another shape', 'policy-sha256: ABC', 'anchor.yaml:1:16: policy-sha256: found "ABC"; allowed is "sha256:"'],
    ['has a key twice', 'name: a\nname: b', 'the key is there twice'],
    [
      'has a serial that is none',
      `policy-sha256: ${'0'.repeat(63)}a\nmin-serial: "8"`,
      'min-serial: found "8"; allowed is a whole number from 0',
    ],
  ])('is refused where it %s', (_what, text, message) => {
    expect(() => anchor(text)).toThrow(message);
  });
});

/** An anchor by signature, with a line taken out or put in place of another. */
function signedBy(lines: { readonly [key: string]: string | undefined } = {}): string {
  const { issuer, subject } = SECURITY.who;
  const whole = {
    name: 'acme',
    'signed-by': `{ issuer: "${issuer}", subject: "${subject}" }`,
    'min-serial': '7',
    'trust-root-sha256': `"${ROOT}"`,
    'trust-root-issuers-sha256': `"${ISSUERS}"`,
    ...lines,
  };
  return Object.entries(whole)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}\n`]))
    .join('');
}

const SIGNED = withKey('name: acme\nserial: 7\ntrust: { root: trust/security.json }');
const loaded = (text = SIGNED): Promise<Policy> => load(text, SECURITY.files);

describe('an anchor by signature', () => {
  test('takes the edition that was signed, and tells which it is', async () => {
    const policy = await loaded();
    const signature = await SECURITY.sign(editionOf(policy));
    const edition = await checkAnchor(policy, { ...UNSIGNED, signature }, anchor(signedBy()));
    expect(edition).toEqual({
      ...editionOf(policy),
      who: SECURITY.who,
      root: policy.trust?.root?.wholeDigest,
      where: 'anchor.yaml',
    });
  });

  test('takes no policy that was changed after it was signed', async () => {
    const signature = await SECURITY.sign(editionOf(await loaded()));
    const changed = await loaded(SIGNED.replace('dist/**', '**'));
    const checking = checkAnchor(changed, { ...UNSIGNED, signature }, anchor(signedBy()));
    await expect(checking).rejects.toMatchObject({ code: 'policy', message: expect.stringContaining('it signs another policy') });
  });

  test.each([
    ['another name', SIGNED.replace('name: acme', 'name: playground'), "the policy's name is playground"],
    ['an older serial', SIGNED.replace('serial: 7', 'serial: 6'), "the policy's serial is 6, and the anchor wants 7 at least"],
    ['no serial', SIGNED.replace('serial: 7\n', ''), "the policy's serial is absent"],
  ])('takes no policy with %s, though it is signed', async (_what, text, says) => {
    const policy = await loaded(text);
    const signature = await SECURITY.sign({ name: 'acme', serial: 7, digest: policy.digest });
    await expect(checkAnchor(policy, { ...UNSIGNED, signature }, anchor(signedBy()))).rejects.toThrow(says);
  });

  test('takes none that is not signed, or signed by somebody else', async () => {
    const policy = await loaded();
    await expect(checkAnchor(policy, UNSIGNED, anchor(signedBy()))).rejects.toThrow('the policy is not signed');
    const signature = await signatory(testAuthority()).sign(editionOf(policy));
    await expect(checkAnchor(policy, { ...UNSIGNED, signature }, anchor(signedBy()))).rejects.toThrow('must be signed by');
    const other = signedBy({ 'signed-by': '{ issuer: "https://issuer.example", subject: somebody }' });
    const own = await SECURITY.sign(editionOf(policy));
    await expect(checkAnchor(policy, { ...UNSIGNED, signature: own }, anchor(other))).rejects.toThrow('not by somebody');
  });

  test("takes none whose own trust root, or whose own word for who speaks for an issuer, is another's", async () => {
    const mallory = signatory(testAuthority());
    const policy = await load(SIGNED, mallory.files);
    const signature = await mallory.sign(editionOf(policy));
    const checking = checkAnchor(policy, { ...UNSIGNED, trustRoot: mallory.root, signature }, anchor(signedBy()));
    await expect(checking).rejects.toThrow("the trust root's digest is");
    const asserting = await load(SIGNED, {
      ...SECURITY.files,
      'trust/security.issuers.json': testAuthority().issuers(['https://issuer.example']),
    });
    const signed = { ...UNSIGNED, signature: await SECURITY.sign(editionOf(asserting)) };
    await expect(checkAnchor(asserting, signed, anchor(signedBy()))).rejects.toThrow("the digest of the trust root's issuers is");
  });

  test('by a key needs no trust root; a signature by another key does not do', async () => {
    const policy = await loaded();
    const keys = freshKeys();
    const pem = JSON.stringify(keys.publicKey.export({ type: 'spki', format: 'pem' }));
    const text = `name: acme\nmin-serial: 7\nsigned-by: { public-key: ${pem} }\n`;
    const signature = await SECURITY.sign(editionOf(policy));
    await expect(checkAnchor(policy, { ...UNSIGNED, trustRoot: undefined, signature }, anchor(text))).rejects.toMatchObject({
      code: 'policy',
    });
  });

  test.each([
    ['names no policy', { name: undefined }, 'anchor.yaml:1:1: signed-by: the key "name" is missing'],
    ['says no serial', { 'min-serial': undefined }, 'the key "min-serial" is missing'],
    [
      "leaves the trust root to the policy's own word",
      { 'trust-root-sha256': undefined },
      'the key "trust-root-sha256" is missing',
    ],
    ['leaves the issuers to it', { 'trust-root-issuers-sha256': undefined }, 'the key "trust-root-issuers-sha256" is missing'],
    [
      'names an identity by a word',
      { 'signed-by': 'security' },
      'anchor.yaml:2:12: signed-by: found "security"; allowed is { issuer, subject }',
    ],
    ['names half of one', { 'signed-by': '{ issuer: "https://i.example" }' }, 'found issuer; allowed is'],
    [
      'names both',
      { 'signed-by': '{ issuer: "https://i.example", subject: a, public-key: b }' },
      'allowed is { issuer, subject }',
    ],
    ['has an issuer by pattern', { 'signed-by': '{ issuer: "https://*.example", subject: a }' }, 'allowed is an exact https URL'],
    ['has a subject that is no pattern', { 'signed-by': '{ issuer: "https://i.example", subject: "a**" }' }, 'must stand alone'],
    ['has a key that is none', { 'signed-by': '{ public-key: abc }' }, 'signed-by.public-key: not a public key in PEM'],
    [
      'pins a digest too',
      { 'policy-sha256': `"sha256:${'0'.repeat(64)}"` },
      'exactly one of "policy-sha256", "signed-by" is needed; both are there',
    ],
  ])('is refused where it %s', (_what, lines, message) => {
    expect(() => anchor(signedBy(lines))).toThrow(message);
  });

  test('is read with a key in PEM', () => {
    const read = anchor(signedBy({ 'signed-by': `{ public-key: ${JSON.stringify(publicKey(0))} }` }));
    expect(read.signedBy).toEqual([{ who: { publicKey: publicKey(0) } }]);
  });
});

describe('an anchor whose signer changes', () => {
  const [OLD, NEW, OTHER] = [freshKeys(), freshKeys(), freshKeys()];
  // The new key is taken from 1 June, the old one until 8 June.
  const KEYS = `name: acme
min-serial: 7
signed-by:
  - { public-key: ${JSON.stringify(pemOf(NEW))}, from: 2026-06-01 }
  - { public-key: ${JSON.stringify(pemOf(OLD))}, until: 2026-06-08 }
`;

  test.each([
    ['the old key before', OLD, '2026-05-31T23:59:59Z', true],
    ['the old key in the overlap', OLD, '2026-06-07T23:59:59Z', true],
    ['the old key from its end on', OLD, '2026-06-08T00:00:00Z', false],
    ['the new key a second too early, as a clock that is slow has it', NEW, '2026-05-31T23:59:59Z', false],
    ['the new key from its beginning on', NEW, '2026-06-01T00:00:00Z', true],
    ['the new key after', NEW, '2027-06-01T00:00:00Z', true],
    ['somebody else in the overlap', OTHER, '2026-06-04T00:00:00Z', false],
  ])('takes what is signed by %s: %s', async (_who, keys, now, taken) => {
    const policy = await loaded();
    const signature = await signByKey(editionOf(policy), keys);
    const checking = checkAnchor(policy, { trustRoot: undefined, signature, now: new Date(now) }, anchor(KEYS));
    if (!taken)
      return expect(checking).rejects.toMatchObject({
        code: 'policy',
        message: expect.stringContaining('must be signed by the key'),
      });
    const other = keys === OLD ? NEW : OLD;
    await expect(checking).resolves.toMatchObject({
      who: { publicKey: pemOf(keys) },
      others: [{ who: { publicKey: pemOf(other) } }],
    });
  });

  test.each([
    ['before its end, however late it is judged', '2026-06-07T23:59:59Z', true],
    ['after it, however slow the clock that judges', '2026-06-08T00:00:00Z', false],
  ])('takes what a certificate signed %s', async (_when, at, taken) => {
    const policy = await loaded();
    const { issuer, subject } = SECURITY.who;
    const text = signedBy({ 'signed-by': `[{ issuer: "${issuer}", subject: "${subject}", until: 2026-06-08 }]` });
    const signature = await SECURITY.sign(editionOf(policy), new Date(at));
    const now = new Date(taken ? '2027-01-01' : '2026-06-01');
    const checking = checkAnchor(policy, { ...UNSIGNED, signature, now }, anchor(text));
    if (taken) await expect(checking).resolves.toMatchObject({ serial: 7 });
    else await expect(checking).rejects.toThrow(/signed at 2026-06-08.*counted until 2026-06-08/);
  });

  test.each([
    ['names nobody', '[]', 'found 0; allowed are 1 to 10'],
    ['names one of them by a word', '[security]', 'signed-by[0]: found "security"'],
    ['has a time that is none', `{ public-key: ${JSON.stringify(publicKey(0))}, until: soon }`, 'signed-by.until: found "soon"'],
    [
      'has an end before the beginning',
      `[{ public-key: ${JSON.stringify(publicKey(0))}, from: 2026-06-08, until: 2026-06-01 }]`,
      'signed-by[0].until: ends 2026-06-01, before it begins',
    ],
  ])('is refused where it %s', (_what, text, message) => {
    expect(() => anchor(signedBy({ 'signed-by': text }))).toThrow(message);
  });
});
