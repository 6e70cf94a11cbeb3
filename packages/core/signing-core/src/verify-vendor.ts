import { type Bundle, parseBundle } from './bundle.ts';
import { IN_TOTO } from './envelope.ts';
import { SignwrightError } from './error.ts';
import type { Sha256 } from './formats/digest.ts';
import { quoted } from './formats/quoted.ts';
import { Refused } from './refused.ts';
import type { VendorRule } from './requirement.ts';
import type { ReliedOn } from './revocation/relied-on.ts';
import { parseStatement } from './statement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { Refusal } from './verdict.ts';
import { type Author, verifyBundle } from './verify-bundle.ts';
import { type Doubt, digestsOf, refusalOf } from './verify-evidence.ts';

/** A signature that holds under a vendor's own trust root. Whose it is, and whether it counts, is for {@link decide}. */
export type VerifiedVendor = {
  readonly evidence: Sha256;
  /** Whose trust root it was held against. */
  readonly vendor: string;
  /** What it is about. */
  readonly digests: ReadonlySet<Sha256>;
  readonly time: TrustedTime;
  readonly author: Author & { readonly type: 'certificate' };
  readonly development: boolean;
  /** The certificates it rests on. */
  readonly reliedOn?: readonly ReliedOn[];
  /** Why it does not count, or may not: a certificate that it rests on is revoked, or nobody knows. */
  readonly revocation?: Doubt;
};

/** Why a piece of evidence is no signature under a vendor's trust root. */
export type VendorRefusal = Refusal & { readonly vendor: string };

/**
 * Statements by which a maker says that a file is theirs: cosign's signature of an image, provenance, and what registries attest to
 * have published. Another statement about a file may well warn of it.
 */
const SIGNS: readonly string[] = [
  'https://sigstore.dev/cosign/sign/v1',
  'https://slsa.dev/provenance/v1',
  'https://slsa.dev/provenance/v0.2',
  'https://in-toto.io/attestation/release/v0.1',
  'https://github.com/npm/attestation/tree/main/specs/publish/v0.1',
  'https://docs.pypi.org/attestations/publish/v1',
];

/**
 * Verifies one piece of evidence as a vendor's: a bundle over a file's SHA-256 or over a statement that signs it, whose certificate,
 * time and log entries hold under the vendor's trust root and no other.
 *
 * @returns what it proves, or why it proves nothing.
 */
export async function verifyVendor(
  evidence: Sha256,
  bytes: Uint8Array,
  vendor: VendorRule,
): Promise<VerifiedVendor | VendorRefusal> {
  try {
    return await verify(evidence, bytes, vendor);
  } catch (error) {
    // An Ed25519 signature over a file cannot be held against its digest; that is no mistake of whoever verifies.
    const refused =
      error instanceof SignwrightError && error.code === 'usage' ? new Refused('bad-signature', error.message) : error;
    return { ...refusalOf(evidence, refused), vendor: vendor.id };
  }
}

async function verify(evidence: Sha256, bytes: Uint8Array, { id, root }: VendorRule): Promise<VerifiedVendor> {
  const bundle = parseBundle(bytes, 'the evidence');
  if (bundle.key.type !== 'certificate')
    throw new Refused('identity-mismatch', 'a bare key signed it, and a vendor is known by a certificate');
  // Where logs are listed, a bundle without an entry may have been stripped of it.
  if (root.logs > 0 && bundle.logEntries === 0)
    throw new Refused('bad-signature', `the trust root of ${id} lists transparency logs, and the bundle carries no entry of any`);
  const digests = subjectsOf(bundle);
  const { author, authority, times, development, reliedOn } = await verifyBundle(bundle, {
    root,
    keyFor: () => undefined,
    ...(bundle.content.type === 'message' ? { file: { digest: async () => digestIn(bundle.content) } } : {}),
  });
  const [time] = times;
  if (!time || author.type !== 'certificate') throw new Refused('no-trusted-time', 'nothing says when it was signed');
  if (authority?.issuers !== undefined && !authority.issuers.includes(author.issuer))
    throw new Refused('issuer-not-asserted', `the trust root of ${id} does not let that authority assert ${author.issuer}`);
  return { evidence, vendor: id, digests, time, author, development, reliedOn };
}

/** What a bundle signs, by SHA-256. */
function subjectsOf({ content }: Bundle): ReadonlySet<Sha256> {
  if (content.type === 'message') return new Set([`sha256:${digestIn(content).toString('hex')}` as const]);
  const { payloadType, payload } = content.envelope;
  if (payloadType !== IN_TOTO) throw new Refused('wrong-predicate', 'it signs no in-toto statement');
  const statement = parseStatement(payload);
  if (SIGNS.includes(statement.predicateType)) return digestsOf(statement);
  throw new Refused(
    'wrong-predicate',
    `it is a statement of type ${quoted(statement.predicateType)}, by which nobody signs what it is about`,
  );
}

/** The digest a bundle says it signs: only SHA-256 can be held against what is known of an artifact. */
function digestIn(content: Bundle['content']): Buffer {
  if (content.type === 'message' && content.hash === 'sha256' && content.digest.length === 32) return content.digest;
  throw new Refused('wrong-subject', 'it signs a digest that is not SHA-256, and artifacts are known by that alone');
}
