import { createPublicKey, type KeyObject } from 'node:crypto';
import { givenAt, readSaid, type Said } from './approvals/said.ts';
import { checkCertified } from './attestations/certified-pointers.ts';
import { PROVENANCE } from './attestations/predicate-types.ts';
import { parseBundle } from './bundle.ts';
import { IN_TOTO } from './envelope.ts';
import { SignwrightError } from './error.ts';
import { isSha256, type Sha256 } from './formats/digest.ts';
import { quoted } from './formats/quoted.ts';
import { keyIdOf } from './keys.ts';
import { Refused } from './refused.ts';
import { type Claims, RELEASE_PART, type ReleaseContents, type ReleasePart, readReleasePart } from './release-part.ts';
import type { KeyRule, PersonRule } from './requirement.ts';
import type { RevocationStanding } from './revocation/judge-revocation.ts';
import type { ReliedOn } from './revocation/relied-on.ts';
import { parseSshPublicKey, type SshPublicKey } from './ssh/ssh-public-key.ts';
import { parseStatement, type Statement } from './statement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { TrustRoot } from './trust-root.ts';
import type { Refusal } from './verdict.ts';
import { type Author, verifyBundle } from './verify-bundle.ts';
import type { CertifiedIdentity } from './x509/claims.ts';
import type { Authority } from './x509/path.ts';

type Proven = {
  readonly evidence: Sha256;
  readonly statement: Statement;
  readonly time: TrustedTime;
  readonly author: Author;
  readonly development: boolean;
  /** The certificates it rests on. */
  readonly reliedOn?: readonly ReliedOn[];
  /** Why it does not count, or may not: a certificate that it rests on is revoked, or nobody knows. Absent where all is well. */
  readonly revocation?: Doubt;
};

/** What speaks against evidence because of revocation. */
export type Doubt = Exclude<RevocationStanding, { readonly status: 'good' }>;

/** A release part that holds: every check on the bytes themselves has passed. Whether it counts is for {@link decide}. */
export type Verified = Proven & {
  readonly part: ReleasePart;
  /** Positions in the part's artifacts, by digest. */
  readonly byDigest: ReadonlyMap<Sha256, readonly number[]>;
};

/** Another statement that holds: a person's word, or an attestation. */
export type VerifiedStatement = Proven & {
  readonly said: Said;
  /** What it is about. */
  readonly digests: ReadonlySet<Sha256>;
};

/** What evidence is verified against, whatever the artifact. */
export type EvidenceTrust = {
  readonly root: TrustRoot | undefined;
  /** The keys the policy pins, for any signer. */
  readonly keys: readonly KeyRule[];
  /** The people whose SSH keys sign approvals. */
  readonly people?: readonly PersonRule[];
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

const sshFinders = new WeakMap<readonly PersonRule[], (fingerprint: string) => SshPublicKey | undefined>();

/** Finds people's SSH keys by fingerprint; each is read when first asked for. */
export function sshKeyFinder(people: readonly PersonRule[]): (fingerprint: string) => SshPublicKey | undefined {
  const known = sshFinders.get(people);
  if (known) return known;
  const lines = new Map(
    people.flatMap(({ keys }) => keys.map(({ fingerprint, publicKey }) => [fingerprint, publicKey] as const)),
  );
  const read = new Map<string, SshPublicKey>();
  const finder = (fingerprint: string): SshPublicKey | undefined => {
    const line = lines.get(fingerprint);
    if (line !== undefined && !read.has(fingerprint)) read.set(fingerprint, parseSshPublicKey(line));
    return read.get(fingerprint);
  };
  sshFinders.set(people, finder);
  return finder;
}

/**
 * Verifies one piece of evidence: bundle → signature, signer, time → statement → what it says and its claims.
 *
 * @returns what it proves, or why it proves nothing.
 */
export async function verifyEvidence(
  evidence: Sha256,
  bytes: Uint8Array,
  trust: EvidenceTrust,
): Promise<Verified | VerifiedStatement | Refusal> {
  try {
    return await verifyStatement(evidence, bytes, trust);
  } catch (error) {
    return refusalOf(evidence, error);
  }
}

/** What was wrong with a piece of evidence; throws what says nothing of it. */
export function refusalOf(evidence: Sha256, error: unknown): Refusal {
  if (error instanceof Refused) return { evidence, code: error.refusal, message: error.message };
  if (error instanceof SignwrightError && error.code === 'invalid-input')
    return { evidence, code: 'malformed', message: error.message };
  throw error;
}

async function verifyStatement(evidence: Sha256, bytes: Uint8Array, trust: EvidenceTrust): Promise<Verified | VerifiedStatement> {
  const bundle = parseBundle(bytes, 'the evidence');
  const { author, authority, times, development, reliedOn } = await verifyBundle(bundle, {
    ...(trust.root ? { root: trust.root } : {}),
    keyFor: keyFinder(trust.keys),
    sshKeyFor: sshKeyFinder(trust.people ?? NOBODY),
  });
  const [time] = times;
  if (!time)
    throw new Refused('no-trusted-time', 'it carries no timestamp by an authority of the trust root, so its time is unknown');
  if (bundle.content.type !== 'envelope' || bundle.content.envelope.payloadType !== IN_TOTO) {
    throw new Refused('wrong-predicate', 'it signs no in-toto statement');
  }
  if (author.type === 'certificate') checkAsserted(author, authority);
  const statement = parseStatement(bundle.content.envelope.payload);
  const proven = { evidence, statement, time, author, development, reliedOn };
  return statement.predicateType === RELEASE_PART ? readPart(proven) : readOther(proven);
}

const NOBODY: readonly PersonRule[] = [];

function readPart(proven: Proven): Verified {
  const part = readReleasePart(proven.statement);
  checkSource(part, proven.author, 'release parts');
  return { ...proven, part, byDigest: indexByDigest(part) };
}

function readOther(proven: Proven): VerifiedStatement {
  const digests = digestsOf(proven.statement);
  const { author, statement } = proven;
  if (statement.predicateType === PROVENANCE)
    checkCertified(statement.predicate, author.type === 'certificate' ? certifiedClaims(author) : undefined);
  const said = readSaid(statement);
  if (said.type === 'manifest') checkSource(said.manifest, author, 'releases');
  checkGiven(givenAt(said), proven.time.at);
  return { ...proven, said, digests };
}

/** How far what a person says of the time may lie from the timestamp, milliseconds: clocks differ, and a key waits to be touched. */
const GIVEN_WITHIN = 10 * 60 * 1000;

/** The timestamp is no part of what is signed: anybody could have an old signature timestamped anew. */
function checkGiven(given: number | undefined, at: number): void {
  if (given === undefined || Math.abs(at - given) <= GIVEN_WITHIN) return;
  const [said, stamped] = [new Date(given).toISOString(), new Date(at).toISOString()];
  throw new Refused('bad-timestamp', `it says it was given ${said}, and was timestamped ${stamped}`);
}

/** Holds what a part or a manifest says of where it comes from against who signed it. */
function checkSource({ source: { certified } }: ReleaseContents, author: Author, what: string): void {
  if (author.type === 'ssh') throw new Refused('identity-mismatch', `a person signed it, and people sign no ${what}`);
  if (author.type === 'key' && certified)
    throw new Refused('claims-differ', 'it states certified claims, and a key certifies none');
  if (author.type === 'certificate') checkClaims(certified, certifiedClaims(author));
}

/** What a statement is about, by SHA-256. @throws Refused where that is nothing. */
export function digestsOf({ subject }: Statement): ReadonlySet<Sha256> {
  const digests = new Set(subject.flatMap(({ sha256 }) => digestOf(sha256)));
  if (digests.size > 0) return digests;
  throw new Refused('wrong-subject', 'it names nothing by its SHA-256');
}

function digestOf(hex: string | undefined): Sha256[] {
  const digest = `sha256:${hex ?? ''}`;
  return isSha256(digest) ? [digest] : [];
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
