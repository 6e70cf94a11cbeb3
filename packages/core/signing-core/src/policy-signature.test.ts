import { freshKeys, memorySigner, TEST_SAN, type TestAuthority, testAuthority, testKeys } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { sha256 } from './formats/digest.ts';
import { keyIdOf } from './keys.ts';
import type { Who } from './match-who.ts';
import { type PolicyEdition, signPolicy, verifyPolicySignature } from './policy-signature.ts';
import type { Signing } from './sign.ts';
import { preparePart, signPart } from './sign-part.ts';
import { parseTrustRoot, type TrustRoot } from './trust-root.ts';

const NOON = new Date('2026-06-01T12:00:00Z');
const EDITION: PolicyEdition = { name: 'central', serial: 7, digest: sha256('the policy') };
const SOMEBODY: Who = { issuer: 'https://issuer.example', subject: TEST_SAN };

const authority = testAuthority();
const rootOf = (one: TestAuthority, issuers?: readonly string[]): TrustRoot =>
  parseTrustRoot(one.trustedRoot(), one.issuers(issuers), 'test');

function byCertificate(): Signing {
  const leaf = authority.leaf();
  return {
    signer: memorySigner(leaf.keys, leaf.der),
    rule: { id: 'policy', certificate: true, workloads: [{ id: 'ci', issuer: 'https://issuer.example' }], keys: [] },
    timestamps: { timestamp: async (signature) => authority.timestamp(signature, { at: NOON }) },
    trust: { root: rootOf(authority), keys: [] },
    clock: { now: () => NOON },
  };
}

function byKey(keys = testKeys('p256')): { signing: Signing; who: Who } {
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const rules = [{ keyId: keyIdOf(keys.publicKey), publicKey }];
  const { timestamps, clock } = byCertificate();
  const signing: Signing = {
    signer: memorySigner(keys),
    rule: { id: 'policy', certificate: false, workloads: [], keys: rules },
    timestamps,
    clock,
    trust: { root: rootOf(authority), keys: rules },
  };
  return { signing, who: { publicKey } };
}

describe("a policy's signature", () => {
  test('by a certificate says who signed which edition, and when', async () => {
    const bytes = await signPolicy(EDITION, byCertificate());
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, rootOf(authority))).resolves.toEqual({
      at: NOON.getTime(),
      development: false,
    });
    const anyRef = { issuer: 'https://issuer.example', subject: 'https://git.example/acme/app//ci.yml@refs/heads/*' };
    await expect(verifyPolicySignature(bytes, EDITION, anyRef, rootOf(authority))).resolves.toBeDefined();
  });

  test.each(['p256', 'ed25519'] as const)('by a pinned %s key needs no trust root', async (type) => {
    const { signing, who } = byKey(testKeys(type));
    const bytes = await signPolicy(EDITION, signing);
    await expect(verifyPolicySignature(bytes, EDITION, who, undefined)).resolves.toEqual({ development: false });
  });

  test.each([
    ['an older edition', { ...EDITION, serial: 6 }, 'its serial is "7", and the policy\'s is 6'],
    ['another policy', { ...EDITION, name: 'playground' }, 'its name is "central", and the policy\'s is playground'],
    ['another content', { ...EDITION, digest: sha256('changed') }, 'it signs another policy: its digest is'],
  ])('does not hold for %s', async (_what, wanted, says) => {
    const bytes = await signPolicy(EDITION, byCertificate());
    await expect(verifyPolicySignature(bytes, wanted, SOMEBODY, rootOf(authority))).rejects.toThrow(says);
  });

  test.each([
    ['another issuer', { ...SOMEBODY, issuer: 'https://other.example' }, 'not of https://other.example'],
    ['another subject', { ...SOMEBODY, subject: `${TEST_SAN}/` }, `it is signed by ${TEST_SAN}, not by`],
    ['a key', byKey().who, 'no timestamp'],
  ] as [string, Who, string][])('by a certificate is not that of %s', async (_what, who, says) => {
    const bytes = await signPolicy(EDITION, byCertificate());
    await expect(verifyPolicySignature(bytes, EDITION, who, rootOf(authority))).rejects.toThrow(says);
  });

  test('by a key is not that of another key, nor of a certificate', async () => {
    const bytes = await signPolicy(EDITION, byKey().signing);
    const other = byKey(freshKeys()).who;
    await expect(verifyPolicySignature(bytes, EDITION, other, undefined)).rejects.toThrow('is none of those given');
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, rootOf(authority))).rejects.toThrow('is none of those given');
  });

  test('is worth nothing by another trust root, or where its authority may not assert that issuer', async () => {
    const bytes = await signPolicy(EDITION, byCertificate());
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, rootOf(testAuthority()))).rejects.toMatchObject({
      code: 'verification',
    });
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, undefined)).rejects.toMatchObject({ code: 'verification' });
    const silent = rootOf(authority, ['https://another.example']);
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, silent)).rejects.toMatchObject({
      refusal: 'issuer-not-asserted',
    });
  });

  test('with any bit of it changed does not verify', async () => {
    const { signing, who } = byKey(testKeys('ed25519'));
    const bytes = await signPolicy(EDITION, signing);
    const at = bytes.indexOf('"payload"') + 20;
    for (const place of [at, at + 40, bytes.indexOf('"sig"') + 12]) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) === 0x41 ? 0x42 : 0x41;
      await expect(verifyPolicySignature(changed, EDITION, who, undefined)).rejects.toThrow();
    }
  });

  test('is not made by whom the policy does not name for the signer', async () => {
    const signing = byCertificate();
    const other = {
      ...signing,
      rule: { ...signing.rule, workloads: [{ id: 'x', issuer: 'https://issuer.example', ref: 'refs/tags/*' }] },
    };
    await expect(signPolicy(EDITION, other)).rejects.toMatchObject({ code: 'denied' });
  });

  test('of another type is none', async () => {
    const part = {
      artifacts: [{ name: 'a', kind: 'file' as const, digest: EDITION.digest, requirements: EDITION.digest }],
      environment: 'default',
      signer: 'policy',
      policy: { digest: EDITION.digest },
      asserted: {},
    };
    const { bytes } = await signPart(await preparePart(part, byCertificate()));
    await expect(verifyPolicySignature(bytes, EDITION, SOMEBODY, rootOf(authority))).rejects.toMatchObject({
      refusal: 'wrong-predicate',
    });
  });
});
