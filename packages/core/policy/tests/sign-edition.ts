import { keyIdOf, type PolicyEdition, parseTrustRoot, signPolicy, type TrustRoot, type Who } from '@signwright/signing-core';
import { type freshKeys, memorySigner, TEST_SAN, type TestAuthority, testAuthority } from '@signwright/testkit';
import type { Policy } from '../src/index.ts';

/** An authority whose certificates are of somebody of `https://issuer.example`, and all that verifies what they sign. */
export type Signatory = {
  readonly who: Extract<Who, { issuer: string }>;
  readonly files: { readonly [path: string]: Uint8Array };
  readonly root: TrustRoot;
  /** The signature of an edition, as it lies beside the policy; of 1 June 2026 unless told. */
  sign(edition: PolicyEdition, at?: Date): Promise<Uint8Array>;
};

const AT = new Date('2026-06-01T12:00:00Z');

/** Somebody who signs policies; their trust root is in `trust/security.json`. */
export function signatory(authority: TestAuthority = testAuthority()): Signatory {
  const leaf = authority.leaf();
  const root = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'security');
  return {
    who: { issuer: 'https://issuer.example', subject: TEST_SAN },
    files: { 'trust/security.json': authority.trustedRoot(), 'trust/security.issuers.json': authority.issuers() },
    root,
    sign: (edition, at = AT) =>
      signPolicy(edition, {
        signer: memorySigner(leaf.keys, leaf.der),
        rule: { id: 'policy', certificate: true, workloads: [{ id: 'ci', issuer: 'https://issuer.example' }], keys: [] },
        timestamps: { timestamp: async (signature) => authority.timestamp(signature, { at }) },
        trust: { root, keys: [] },
        clock: { now: () => at },
      }),
  };
}

/** The edition a policy is. */
export function editionOf({ name, serial, digest }: Policy): PolicyEdition {
  if (name === undefined || serial === undefined) throw new Error('a policy without name or serial');
  return { name, serial, digest };
}

type KeyPair = ReturnType<typeof freshKeys>;

/** The signature of an edition by a pinned key. */
export function signByKey(
  edition: PolicyEdition,
  keys: KeyPair,
  authority: TestAuthority = testAuthority(),
): Promise<Uint8Array> {
  const root = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'security');
  const rule = { keyId: keyIdOf(keys.publicKey), publicKey: pemOf(keys) };
  return signPolicy(edition, {
    signer: memorySigner(keys),
    rule: { id: 'policy', certificate: false, workloads: [], keys: [rule] },
    timestamps: { timestamp: async (signature) => authority.timestamp(signature, { at: AT }) },
    trust: { root, keys: [rule] },
    clock: { now: () => AT },
  });
}

export function pemOf({ publicKey }: Pick<KeyPair, 'publicKey'>): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}
