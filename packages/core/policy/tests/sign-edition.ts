import { type PolicyEdition, parseTrustRoot, signPolicy, type TrustRoot, type Who } from '@signwright/signing-core';
import { memorySigner, TEST_SAN, type TestAuthority, testAuthority } from '@signwright/testkit';
import type { Policy } from '../src/index.ts';

/** An authority whose certificates are of somebody of `https://issuer.example`, and all that verifies what they sign. */
export type Signatory = {
  readonly who: Extract<Who, { issuer: string }>;
  readonly files: { readonly [path: string]: Uint8Array };
  readonly root: TrustRoot;
  /** The signature of an edition, as it lies beside the policy. */
  sign(edition: PolicyEdition): Promise<Uint8Array>;
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
    sign: (edition) =>
      signPolicy(edition, {
        signer: memorySigner(leaf.keys, leaf.der),
        rule: { id: 'policy', certificate: true, workloads: [{ id: 'ci', issuer: 'https://issuer.example' }], keys: [] },
        timestamps: { timestamp: async (signature) => authority.timestamp(signature, { at: AT }) },
        trust: { root, keys: [] },
        clock: { now: () => AT },
      }),
  };
}

/** The edition a policy is. */
export function editionOf({ name, serial, digest }: Policy): PolicyEdition {
  if (name === undefined || serial === undefined) throw new Error('a policy without name or serial');
  return { name, serial, digest };
}
