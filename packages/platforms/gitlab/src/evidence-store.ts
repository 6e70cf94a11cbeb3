import {
  type EvidenceBatches,
  type EvidenceItem,
  type EvidenceStore,
  hexOf,
  inParallel,
  parseSha256,
  type RetentionEnforcement,
  type Sha256,
  SignwrightError,
  sha256,
} from '@signwright/signing-core';
import { type Listing, listingsOf, readListing, versionsOf } from './listing.ts';
import { openPackages, type PackageFile, type Packages } from './packages.ts';
import { type GitlabProject, referenceOf } from './reference.ts';
import type { GitlabToken } from './token.ts';

export type GitlabEvidenceOptions = {
  readonly project: GitlabProject;
  readonly token: GitlabToken;
  /** For one call of the API with all its tries; 30 s unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
};

/** Names of the two packages: of the pieces, and of what is listed. */
const EVIDENCE = 'signwright-evidence';
const INDEX = 'signwright-index';

const MAX_EVIDENCE = 64 * 1024 * 1024;
const AT_ONCE = 8;
const UPLOADS_AT_ONCE = 4;

/**
 * Keeps evidence in the generic packages of a GitLab project. Nothing there can be compared and swapped, so nothing is ever changed:
 * every file is named by the SHA-256 of its bytes. A `put` uploads its pieces, then listings of its own, 16 at the most however many
 * the subjects; `list` reads all listings that may speak of a subject. So jobs at once cannot lose one another's.
 *
 * | package | version | file | what |
 * |---|---|---|---|
 * | `signwright-evidence` | `ab` | `cdef…` | the bytes whose SHA-256 is `abcdef…` |
 * | `signwright-index` | `a` or `ab` | SHA-256 of its bytes | lines `SUBJECT EVIDENCE`, for subjects that begin so |
 *
 * Where the group rejects duplicate files, what is there is read and compared. gitbeaker is loaded at the first call.
 *
 * @throws from its methods, SignwrightError `configuration` where the token or the project is not right, `unreachable` where GitLab
 * does not answer within the deadline, or gives other bytes than were stored.
 */
export function createGitlabEvidenceStore(
  options: GitlabEvidenceOptions,
): EvidenceStore & EvidenceBatches & { enforcement(): Promise<RetentionEnforcement> } {
  const { project, token } = options;
  const where = referenceOf(project);
  let opened: Promise<Packages> | undefined;
  const open = (): Promise<Packages> => {
    opened ??= openPackages(project, token, { timeoutMs: options.timeoutMs ?? 30_000, fetch: options.fetch ?? fetch });
    return opened;
  };

  async function putAll(items: readonly EvidenceItem[]): Promise<readonly Sha256[]> {
    const ids = items.map(({ evidence, subjects }) => {
      subjects.forEach(parseSha256);
      return sha256(checkSize(evidence));
    });
    const packages = await open();
    const pieces = new Map(ids.map((id, index) => [id, (items[index] as EvidenceItem).evidence]));
    await inParallel([...pieces], UPLOADS_AT_ONCE, ([id, bytes]) => uploadOnce(packages, pieceFile(id), bytes, where));
    await inParallel(listingsOf(items, ids), UPLOADS_AT_ONCE, ({ version, name, bytes }) =>
      uploadOnce(packages, { package: INDEX, version, name }, bytes, where),
    );
    return ids;
  }

  return {
    putAll,

    async put(evidence: Uint8Array, subjects: readonly Sha256[]): Promise<Sha256> {
      const [id] = await putAll([{ evidence, subjects }]);
      return id as Sha256;
    },

    async list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>> {
      const wanted = new Set(subjects.map(parseSha256));
      if (wanted.size === 0) return new Map();
      const listed = new Map<Sha256, Set<Sha256>>();
      await forEachListing(await open(), new Set([...wanted].flatMap(versionsOf)), where, (listing) => {
        for (const { subject, id } of readListing(listing, where)) {
          if (!wanted.has(subject)) continue;
          const ids = listed.get(subject);
          if (ids === undefined) listed.set(subject, new Set([id]));
          else ids.add(id);
        }
      });
      return new Map(Array.from(listed, ([subject, ids]) => [subject, [...ids].sort()]));
    },

    async get(id: Sha256): Promise<Uint8Array> {
      const bytes = await (await open()).download(pieceFile(parseSha256(id)));
      if (bytes === undefined) throw unusable(id, 'is not there', where);
      if (sha256(bytes) !== id) throw unusable(id, 'came back as other bytes than were stored', where);
      return bytes;
    },

    async enforcement(): Promise<RetentionEnforcement> {
      return {
        enforced: false,
        why: `${where} cannot keep those who may delete its packages from deleting evidence before its time`,
      };
    },
  };
}

/** Uploads a file that is named by its bytes, unless it is there with these bytes. */
async function uploadOnce(packages: Packages, file: PackageFile, bytes: Uint8Array, where: string): Promise<void> {
  const digest = sha256(bytes);
  const isThere = async (): Promise<boolean> => {
    const there = await packages.download(file);
    return there !== undefined && sha256(there) === digest;
  };
  if (await isThere()) return;
  const stored = await packages.upload(file, bytes);
  if (stored === hexOf(digest) || (await isThere())) return;
  throw unusable(digest, 'was stored as other bytes than were sent, or stands there as others', where);
}

async function forEachListing(
  packages: Packages,
  versions: ReadonlySet<string>,
  where: string,
  read: (listing: Listing) => void,
): Promise<void> {
  const found = (await packages.versions(INDEX)).filter(({ version }) => versions.has(version));
  const named = await inParallel(found, AT_ONCE, async ({ id, version }) =>
    (await packages.files(id)).map((name) => ({ package: INDEX, version, name })),
  );
  const files = new Map(
    named
      .flat()
      .filter(({ name }) => /^[0-9a-f]{64}$/.test(name))
      .map((file) => [`${file.version}/${file.name}`, file]),
  );
  await inParallel([...files.values()], AT_ONCE, async ({ version, name }) => {
    const bytes = await packages.download({ package: INDEX, version, name });
    if (bytes === undefined) throw gone(version, name, where);
    read({ version, name, bytes });
  });
}

function gone(version: string, name: string, where: string): SignwrightError {
  return new SignwrightError('unreachable', `the listing ${version}/${name} of evidence is named and is not there`, {
    where,
    next: 'run again; if it lasts, somebody deletes files of the package signwright-index',
  });
}

function pieceFile(id: Sha256): PackageFile {
  return { package: EVIDENCE, version: hexOf(id).slice(0, 2), name: hexOf(id).slice(2) };
}

function checkSize(evidence: Uint8Array): Uint8Array {
  if (evidence.length <= MAX_EVIDENCE) return evidence;
  throw new SignwrightError('invalid-input', `the evidence has ${evidence.length} bytes, more than ${MAX_EVIDENCE}`, {
    next: 'sign fewer artifacts at once',
  });
}

function unusable(id: Sha256, problem: string, where: string): SignwrightError {
  return new SignwrightError('unreachable', `the evidence ${id} ${problem}`, {
    where,
    next: 'restore it from a copy, or sign again',
  });
}
