import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseBundle } from './bundle.ts';
import { IN_TOTO } from './envelope.ts';
import { SignwrightError } from './error.ts';
import type { Sha256 } from './formats/digest.ts';
import { quoted } from './formats/quoted.ts';
import { keyIdOf } from './keys.ts';
import { Refused } from './refused.ts';
import { type Claims, RELEASE_PART, type ReleasePart, readReleasePart } from './release-part.ts';
import type { KeyRule } from './requirement.ts';
import { parseStatement, type Statement } from './statement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { TrustRoot } from './trust-root.ts';
import type { Refusal } from './verdict.ts';
import { type Author, verifyBundle } from './verify-bundle.ts';
import type { CertifiedIdentity } from './x509/claims.ts';
import type { Authority } from './x509/path.ts';

/** Evidence that holds: every check on the bytes themselves has passed. Whether it counts is for {@link decide}. */
export type Verified = {
  readonly evidence: Sha256;
  readonly statement: Statement;
  readonly part: ReleasePart;
  /** Positions in the part's artifacts, by digest. */
  readonly byDigest: ReadonlyMap<Sha256, readonly number[]>;
  readonly time: TrustedTime;
  readonly author: Author;
  readonly development: boolean;
};

/** What evidence is verified against, whatever the artifact. */
export type EvidenceTrust = {
  readonly root: TrustRoot | undefined;
  /** The keys the policy pins, for any signer. */
  readonly keys: readonly KeyRule[];
};

type KeyFinder = (hint: string) => KeyObject | undefined;

const finders = new WeakMap<readonly KeyRule[], KeyFinder>();

/** Finds pinned keys by hint. A list is read once, so that thousands of bundles are verified against the same key objects. */
export function keyFinder(keys: readonly KeyRule[]): KeyFinder {
  const finder = finders.get(keys) ?? readKeys(keys);
  finders.set(keys, finder);
  return finder;
}

function readKeys(keys: readonly KeyRule[]): KeyFinder {
  const byId = new Map<string, KeyObject>();
  for (const rule of keys) {
    if (!byId.has(rule.keyId)) {
      const key = createPublicKey(rule.publicKey);
      if (keyIdOf(key) === rule.keyId) byId.set(rule.keyId, key);
    }
  }
  return (hint) => byId.get(hint);
}

/**
 * Verifies one piece of evidence as a release part: bundle → signature, signer, time → statement → part → its claims.
 *
 * @returns what it proves, or why it proves nothing.
 */
export async function verifyEvidence(evidence: Sha256, bytes: Uint8Array, trust: EvidenceTrust): Promise<Verified | Refusal> {
  try {
    return await verifyPart(evidence, bytes, trust);
  } catch (error) {
    if (error instanceof Refused) return { evidence, code: error.refusal, message: error.message };
    if (error instanceof SignwrightError && error.code === 'invalid-input') {
      return { evidence, code: 'malformed', message: error.message };
    }
    throw error;
  }
}

async function verifyPart(evidence: Sha256, bytes: Uint8Array, trust: EvidenceTrust): Promise<Verified> {
  const bundle = parseBundle(bytes, 'the evidence');
  const { author, authority, times, development } = await verifyBundle(bundle, {
    ...(trust.root ? { root: trust.root } : {}),
    keyFor: keyFinder(trust.keys),
  });
  const [time] = times;
  if (!time)
    throw new Refused('no-trusted-time', 'it carries no timestamp by an authority of the trust root, so its time is unknown');
  if (bundle.content.type !== 'envelope' || bundle.content.envelope.payloadType !== IN_TOTO) {
    throw new Refused('wrong-predicate', 'it signs no in-toto statement');
  }
  const statement = parseStatement(bundle.content.envelope.payload);
  if (statement.predicateType !== RELEASE_PART) {
    throw new Refused('wrong-predicate', `it is a statement of type ${quoted(statement.predicateType)}, not a release part`);
  }
  const part = readReleasePart(statement);
  const common = { evidence, statement, part, byDigest: indexByDigest(part), time, development };
  if (author.type === 'key') {
    if (part.source.certified) throw new Refused('claims-differ', 'it states certified claims, and a key certifies none');
    return { ...common, author };
  }
  checkAsserted(author, authority);
  checkClaims(part.source.certified, certifiedClaims(author));
  return { ...common, author };
}

/** Refuses a certificate whose OIDC issuer is none that the trust root lets its authority assert. */
export function checkAsserted({ issuer }: CertifiedIdentity, authority: Authority | undefined): void {
  if (authority?.issuers?.includes(issuer)) return;
  const may = authority?.issuers?.length ? authority.issuers.join(', ') : 'no issuer';
  throw new Refused(
    'issuer-not-asserted',
    `its certificate asserts the issuer ${issuer}; the trust root lets that authority assert ${may}`,
  );
}

/** What a part copies from its signer's certificate. */
export function certifiedClaims(identity: CertifiedIdentity): Claims {
  return { issuer: identity.issuer, san: identity.san, ...identity.claims };
}

function checkClaims(said: Claims | undefined, certified: Claims): void {
  // As maps: whoever wrote the part chose the names, and an object has some of its own.
  const [stated, carried] = [new Map(Object.entries(said ?? {})), new Map(Object.entries(certified))];
  const differs = [...stated.keys(), ...carried.keys()].find((name) => stated.get(name) !== carried.get(name));
  if (differs !== undefined) {
    throw new Refused(
      'claims-differ',
      `it says ${quoted(differs)} is certified as ${shown(stated.get(differs))}; the certificate says ${shown(carried.get(differs))}`,
    );
  }
}

function shown(claim: string | undefined): string {
  return claim === undefined ? 'nothing' : quoted(claim);
}

function indexByDigest(part: ReleasePart): Map<Sha256, number[]> {
  const index = new Map<Sha256, number[]>();
  part.artifacts.forEach(({ digest }, at) => {
    const places = index.get(digest);
    if (places) places.push(at);
    else index.set(digest, [at]);
  });
  return index;
}
