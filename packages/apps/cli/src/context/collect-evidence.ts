import {
  type EvidenceStore,
  type EvidenceTrust,
  inParallel,
  kindOf,
  messageOf,
  type Refusal,
  type Sha256,
  SignwrightError,
  type Verified,
  verifyEvidence,
} from '@signwright/signing-core';
import { evidenceTrust } from './evidence-trust.ts';
import { findRecords, noRecords, type StoredRecords } from './find-records.ts';
import type { OpenPolicy } from './open-policy.ts';

/** The evidence about some artifacts, verified; by artifact. */
export type CollectedEvidence = {
  verified(digest: Sha256): readonly Verified[];
  refused(digest: Sha256): readonly Refusal[];
  /** What the log proves of it. */
  readonly records: StoredRecords;
  /** Whether the store could tell what it holds. */
  readonly listed: boolean;
  /** Why some of it could not be read, where it could not: what it would prove is not known. */
  readonly unreachable?: string;
};

/** Pieces that are read about one thing; whoever can list more than anybody needs is not let waste everybody's time. */
const MOST_PIECES = 1000;
const READ_AT_ONCE = 8;

/** The ids, unless they are too many. @throws SignwrightError `unreachable`: what the rest would prove is not known. */
export function mostOf(ids: readonly Sha256[], what: string): readonly Sha256[] {
  if (ids.length <= MOST_PIECES) return ids;
  throw new SignwrightError('unreachable', `the store lists ${ids.length} pieces of ${what}, more than ${MOST_PIECES}`, {
    next: 'look who put them there ("signwright evidence list"), and take out what is none of it',
  });
}

/** Reads pieces of evidence; one that cannot be read hides none of the others. */
export type EvidenceReader = {
  list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]> | undefined>;
  get(id: Sha256): Promise<Uint8Array | undefined>;
};

/**
 * Reads and verifies what the store lists for these digests; each piece once, however many artifacts it is about. The records of
 * parts are listed under the parts' own digests.
 */
export async function collectEvidence(
  store: EvidenceStore,
  digests: readonly Sha256[],
  open: OpenPolicy,
): Promise<CollectedEvidence> {
  const failures: string[] = [];
  const reader = tolerantReader(store, failures);
  const results = new Map<Sha256, Verified | Refusal>();
  const listed = await reader.list(digests);
  const ids = new Set([...(listed ?? [])].flatMap(([digest, some]) => mostOf(some, `evidence about ${digest}`)));
  const trust = evidenceTrust(open);
  await inParallel([...ids], READ_AT_ONCE, async (id) => {
    const result = await verifyListed(id, reader, trust);
    if (result) results.set(id, result);
  });
  const parts = [...results.values()].filter((one): one is Verified => !('code' in one));
  const rule = open.policy.audit?.rule;
  const records = rule === undefined ? noRecords : await findRecords(reader, parts, rule);
  const about = (digest: Sha256): (Verified | Refusal)[] => (listed?.get(digest) ?? []).flatMap((id) => results.get(id) ?? []);
  return {
    verified: (digest) => about(digest).filter((one): one is Verified => !('code' in one)),
    refused: (digest) => about(digest).filter((one): one is Refusal => 'code' in one),
    records,
    listed: listed !== undefined,
    ...(failures[0] === undefined ? {} : { unreachable: failures[0] }),
  };
}

async function verifyListed(id: Sha256, reader: EvidenceReader, trust: EvidenceTrust): Promise<Verified | Refusal | undefined> {
  const bytes = await reader.get(id);
  if (bytes === undefined) return undefined;
  const kind = kindOf(bytes);
  return kind === 'bundle' || kind === 'unknown' ? verifyEvidence(id, bytes, trust) : undefined;
}

function tolerantReader(store: EvidenceStore, failures: string[]): EvidenceReader {
  const readable = async <T>(read: Promise<T>): Promise<T | undefined> =>
    read.catch((error: unknown) => {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
      failures.push(`the evidence cannot be read: ${messageOf(error)}`);
      return undefined;
    });
  return { list: (subjects) => readable(store.list(subjects)), get: (id) => readable(store.get(id)) };
}
