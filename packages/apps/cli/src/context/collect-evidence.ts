import {
  type ApprovalRequest,
  type EvidenceStore,
  type EvidenceTrust,
  inParallel,
  kindOf,
  type Refusal,
  readRequest,
  type Sha256,
  SignwrightError,
  type VendorRefusal,
  type VendorRule,
  type Verified,
  type VerifiedStatement,
  type VerifiedVendor,
  verifyEvidence,
  verifyVendor,
} from '@signwright/signing-core';
import { type EvidenceReader, mostOf, tolerantReader } from './evidence-reader.ts';
import { evidenceTrust } from './evidence-trust.ts';
import { findRecords, noRecords, type StoredRecords } from './find-records.ts';
import type { OpenPolicy } from './open-policy.ts';
import { type RevocationJudge, revocationJudge } from './open-revocation.ts';

/** The evidence about some artifacts, verified; by artifact. */
export type CollectedEvidence = {
  verified(digest: Sha256): readonly Verified[];
  /** People's words and attestations about any of these: an artifact, the rules that match it. */
  statements(subjects: readonly Sha256[]): readonly VerifiedStatement[];
  refused(digest: Sha256): readonly Refusal[];
  /** What of it vendors signed, each piece held against their own trust roots. Throws `unreachable` where it cannot be read again. */
  byVendors(digest: Sha256, vendors: readonly VendorRule[]): Promise<readonly VendorEvidence[]>;
  /** The requests that ask for its approvals, sorted by id. */
  requests(digest: Sha256): readonly StoredRequest[];
  /** What the log proves of it. */
  readonly records: StoredRecords;
  /** Whether the store could tell what it holds. */
  readonly listed: boolean;
  /** Why some of it could not be read, where it could not: what it would prove is not known. */
  readonly unreachable?: string;
};

/** A request to approve, by its id. */
export type StoredRequest = { readonly id: Sha256; readonly request: ApprovalRequest };

type Found = Verified | VerifiedStatement | Refusal | StoredRequest;

const READ_AT_ONCE = 8;
/** Pieces whose certificates are asked about at once. */
const ASKED_AT_ONCE = 16;

/**
 * Reads and verifies what the store lists for these digests, of artifacts and of rules that waivers may name; each piece once, however
 * many artifacts it is about. The records of pieces are listed under the pieces' own digests.
 */
export async function collectEvidence(
  store: EvidenceStore,
  digests: readonly Sha256[],
  open: OpenPolicy,
): Promise<CollectedEvidence> {
  const failures: string[] = [];
  const reader = tolerantReader(store, failures);
  const read = new Map<Sha256, Found>();
  const crls: Uint8Array[] = [];
  const listed = await reader.list(digests);
  const ids = new Set([...(listed ?? [])].flatMap(([digest, some]) => mostOf(some, `evidence about ${digest}`)));
  const trust = evidenceTrust(open);
  await inParallel([...ids], READ_AT_ONCE, async (id) => {
    const result = await verifyListed(id, reader, trust);
    if (result instanceof Uint8Array) crls.push(result);
    else if (result) read.set(id, result);
  });
  const judge = await revocationJudge(open, crls);
  const results = new Map<Sha256, Found>();
  await inParallel([...read], ASKED_AT_ONCE, async ([id, found]) => {
    results.set(id, isMade(found) ? await judge(found) : found);
  });
  const made = [...results.values()].filter(isMade);
  const rule = open.policy.audit?.rule;
  const records = rule === undefined ? noRecords : await findRecords(reader, made, rule);
  const vouched = vendorReader(store, judge);
  const about = (digest: Sha256): Found[] => (listed?.get(digest) ?? []).flatMap((id) => results.get(id) ?? []);
  return {
    verified: (digest) => about(digest).filter((one): one is Verified => 'part' in one),
    statements: (subjects) => [...new Set(subjects.flatMap(about))].filter((one): one is VerifiedStatement => 'said' in one),
    refused: (digest) => about(digest).filter((one): one is Refusal => 'code' in one),
    byVendors: async (digest, vendors) => {
      const bundles = vendors.length === 0 ? [] : (listed?.get(digest) ?? []).filter((id) => isBundle(results.get(id)));
      return (await inParallel(bundles, READ_AT_ONCE, (id) => vouched(id, vendors))).flat();
    },
    requests: (digest) =>
      about(digest)
        .filter((one): one is StoredRequest => 'request' in one)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    records,
    listed: listed !== undefined,
    ...(failures[0] === undefined ? {} : { unreachable: failures[0] }),
  };
}

function isMade(found: Found): found is Verified | VerifiedStatement {
  return 'evidence' in found && !('code' in found);
}

function isBundle(found: Found | undefined): boolean {
  return found !== undefined && 'evidence' in found;
}

/** Holds pieces against the trust roots of vendors; each piece once for each, for one may be about thousands of files. */
function vendorReader(
  store: EvidenceStore,
  judge: RevocationJudge,
): (id: Sha256, vendors: readonly VendorRule[]) => Promise<VendorEvidence[]> {
  const held = new Map<string, Promise<VendorEvidence>>();
  return async (id, vendors) => {
    const missing = vendors.filter((vendor) => !held.has(`${id} ${vendor.id}`));
    const bytes = missing.length === 0 ? undefined : await store.get(id);
    for (const vendor of missing) held.set(`${id} ${vendor.id}`, judged(verifyVendor(id, bytes ?? new Uint8Array(), vendor)));
    return Promise.all(vendors.flatMap((vendor) => held.get(`${id} ${vendor.id}`) ?? []));
  };

  async function judged(verifying: Promise<VendorEvidence>): Promise<VendorEvidence> {
    const found = await verifying;
    return 'code' in found ? found : judge(found);
  }
}

type VendorEvidence = VerifiedVendor | VendorRefusal;

/** What a piece proves, or what it is; a CRL as its bytes. */
async function verifyListed(id: Sha256, reader: EvidenceReader, trust: EvidenceTrust): Promise<Found | Uint8Array | undefined> {
  const bytes = await reader.get(id);
  if (bytes === undefined) return undefined;
  const kind = kindOf(bytes);
  if (kind === 'request') return readStored(id, bytes);
  if (kind === 'crl') return bytes;
  return kind === 'bundle' || kind === 'unknown' ? verifyEvidence(id, bytes, trust) : undefined;
}

/** A request proves nothing; one that cannot be read is none. */
function readStored(id: Sha256, bytes: Uint8Array): StoredRequest | undefined {
  try {
    return { id, request: readRequest(bytes) };
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return undefined;
    throw error;
  }
}
