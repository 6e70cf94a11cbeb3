import {
  canonicalDigest,
  parseStrictJson,
  type Sha256,
  SignwrightError,
  type TrustRoot,
  verifyPolicySignature,
  whoText,
} from '@signwright/signing-core';
import type { Anchor, AnchorSigner } from './anchor.ts';
import { checkSpan } from './check-span.ts';
import type { Policy, SignedEdition } from './policy.ts';

/** What a policy brings that an anchor may ask for. */
export type Credentials = {
  /** The trust root the run verifies by; absent where there is none. */
  readonly trustRoot: TrustRoot | undefined;
  /** The signature beside the policy, where there is one. */
  readonly signature: Uint8Array | undefined;
  /** When it is judged: a pinned key proves no time, so whether it counts is asked of the clock of whoever judges. */
  readonly now: Date;
};

/**
 * Holds a policy against an anchor: all it pins, and the signature where it wants one.
 *
 * @returns the edition, where a signature vouches for it, to be remembered.
 * @throws SignwrightError `policy` that names everything that differs, with both values.
 */
export async function checkAnchor(
  policy: Policy,
  { trustRoot, signature, now }: Credentials,
  anchor: Anchor,
): Promise<SignedEdition | undefined> {
  const differences: string[] = [];
  const compare = (what: string, found: string | undefined, wanted: string | undefined): void => {
    if (wanted !== undefined && found !== wanted)
      differences.push(`${what} is ${found ?? 'absent'}, and the anchor wants ${wanted}`);
  };
  compare("the policy's name", policy.name, anchor.name);
  compare('the policy digest', policy.digest, anchor.policySha256);
  compare("the trust root's digest", trustRoot?.digest, anchor.trustRootSha256);
  compare("the digest of the trust root's issuers", policy.trust?.root?.issuersDigest, anchor.trustRootIssuersSha256);
  if (anchor.minSerial !== undefined && (policy.serial ?? -1) < anchor.minSerial) {
    differences.push(`the policy's serial is ${policy.serial ?? 'absent'}, and the anchor wants ${anchor.minSerial} at least`);
  }
  if (differences.length > 0) throw notPinned(differences.join('; '), anchor);
  return anchor.signedBy === undefined ? undefined : checkSigned(policy, { trustRoot, signature, now }, anchor, anchor.signedBy);
}

async function checkSigned(
  policy: Policy,
  { trustRoot, signature, now }: Credentials,
  anchor: Anchor,
  signers: NonNullable<Anchor['signedBy']>,
): Promise<SignedEdition> {
  const { name, serial, digest } = policy;
  // The anchor has both, so a policy without them has been refused.
  if (name === undefined || serial === undefined) throw new TypeError('an anchor with signed-by, and without name or serial');
  const names = signers.map(({ who }) => whoText(who)).join(' or ');
  if (signature === undefined)
    throw new SignwrightError('policy', `the policy is not signed, and the anchor wants it signed by ${names}`, {
      where: anchor.where,
      next: 'sign it: signwright policy sign FILE --signer ID, and keep FILE.sigstore.json beside it',
    });
  const failures: SignwrightError[] = [];
  for (const signer of signers) {
    try {
      const { at } = await verifyPolicySignature(signature, { name, serial, digest }, signer.who, trustRoot);
      if ('publicKey' in signer.who) checkSpan(signer, now.getTime(), 'it is');
      else checkSpan(signer, at);
      const others = signers.filter((one) => one !== signer).map((one) => traced(one, policy));
      const edition = { name, serial, digest, ...traced(signer, policy), where: anchor.where };
      return others.length === 0 ? edition : { ...edition, others };
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      failures.push(error);
    }
  }
  const reasons = [...new Set(failures.map(({ message }) => message))].join('; ');
  throw notPinned(`it must be signed by ${names}: ${reasons}`, anchor, failures[0]);
}

function traced({ who }: AnchorSigner, policy: Policy): Pick<SignedEdition, 'who' | 'root'> {
  const root = 'publicKey' in who ? undefined : policy.trust?.root?.wholeDigest;
  return root === undefined ? { who } : { who, root };
}

function notPinned(why: string, anchor: Anchor, cause?: unknown): SignwrightError {
  return new SignwrightError('policy', `the policy is not the one the anchor pins: ${why}`, {
    where: anchor.where,
    next: 'find out who changed the policy; if the change is meant, update the anchor where it is kept',
    cause,
  });
}

/** The digest of a trust root as an anchor pins it, and of its companion: SHA-256 over RFC 8785 of its JSON. */
export function trustRootDigestOf(trustedRoot: Uint8Array): Sha256 {
  return canonicalDigest(parseStrictJson(trustedRoot, { what: 'the trust root', maxBytes: 8 * 1024 * 1024 }));
}
