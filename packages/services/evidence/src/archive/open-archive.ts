import { type EvidenceStore, parseSha256, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type ArchiveFile, damaged, readAt, withArchive } from './archive-file.ts';
import { CHECKSUM, checksumOf, MANIFEST } from './export-archive.ts';
import { type ArchivedArtifact, INDEX, MAX_MANIFEST, type Manifest, readManifest } from './manifest.ts';
import { END, lengthOf } from './ustar.ts';

/** An archive that was checked from its first byte to its last. */
export type OpenArchive = {
  /** What it was made for, by the names it was made with; nobody vouches for these. */
  readonly artifacts: readonly ArchivedArtifact[];
  /** The evidence in it. It takes none. */
  readonly store: EvidenceStore;
  /** SHA-256 of its manifest. */
  readonly digest: Sha256;
  readonly madeBy: string;
  readonly pieces: number;
};

/** Where each piece lies in the file, and what is listed. */
type Contents = {
  readonly manifest: Manifest;
  readonly digest: Sha256;
  readonly places: ReadonlyMap<Sha256, { readonly at: number; readonly size: number }>;
  readonly index: ReadonlyMap<Sha256, readonly Sha256[]>;
};

const LINE = /^[0-9a-f]{64} [0-9a-f]{64}$/;

/**
 * Opens an archive that `exportArchive` made, and checks all of it: every header, name, size, digest and filling byte, and that it ends
 * where it must. The file is read once, in little memory; a piece is read again, and checked again, when it is asked for.
 *
 * That an archive is whole says nothing about who made it: what is in it is verified as from any other store.
 *
 * @throws SignwrightError `verification` where a byte is not as it was made, `configuration` where there is no such file,
 * `unreachable` where it cannot be read.
 */
export async function openArchive(path: string): Promise<OpenArchive> {
  const contents = await withArchive(path, (file) => readContents(path, file));
  const { manifest, digest, places, index } = contents;
  const store: EvidenceStore = {
    async put(): Promise<Sha256> {
      throw new SignwrightError('configuration', `the archive ${path} takes no evidence`, {
        where: path,
        next: 'name a store to write to; export a new archive from it',
      });
    },
    async list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>> {
      return new Map(
        subjects.map(parseSha256).flatMap((subject) => {
          const ids = index.get(subject);
          return ids === undefined ? [] : [[subject, ids] as const];
        }),
      );
    },
    get: async (id: Sha256) => readPiece(path, places, parseSha256(id)),
  };
  return { artifacts: manifest.artifacts, store, digest, madeBy: manifest.madeBy, pieces: places.size };
}

async function readContents(path: string, file: ArchiveFile): Promise<Contents> {
  const written = await file.whole(MANIFEST, MAX_MANIFEST);
  const checksum = checksumOf(written);
  if (!(await file.whole(CHECKSUM, checksum.length)).equals(checksum))
    throw damaged(path, `${MANIFEST} is not what ${CHECKSUM} says`);
  const manifest = readManifest(written);
  const sizes = [written.length, checksum.length, ...manifest.members.map(({ size }) => size)];
  const whole = sizes.reduce((sum, size) => sum + lengthOf(size), END.length);
  if (file.size !== whole) throw damaged(path, `it has ${file.size} bytes in place of ${whole}`);
  if (manifest.members.at(-1)?.path !== INDEX) throw damaged(path, 'it has no index');

  const places = new Map<Sha256, { at: number; size: number }>();
  let index: Buffer | undefined;
  for (const { path: member, size, digest } of manifest.members) {
    if (member === INDEX) index = await checkedWhole(path, file, size, digest);
    else places.set(digest, { at: await file.check(member, size, digest), size });
  }
  await file.expect(END, 'its end');
  return { manifest, digest: sha256(written), places, index: parseIndex(path, index as Buffer, places) };
}

async function checkedWhole(path: string, file: ArchiveFile, size: number, digest: Sha256): Promise<Buffer> {
  const bytes = await file.whole(INDEX, size);
  if (sha256(bytes) !== digest) throw damaged(path, `${INDEX} has other bytes than its manifest says`);
  return bytes;
}

function parseIndex(path: string, bytes: Buffer, places: ReadonlyMap<Sha256, unknown>): Map<Sha256, readonly Sha256[]> {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.pop() !== '') throw damaged(path, 'its index does not end with a line');
  const index = new Map<Sha256, Sha256[]>();
  let previous = '';
  for (const line of lines) {
    const [subject, id] = [`sha256:${line.slice(0, 64)}`, `sha256:${line.slice(65)}`] as const;
    if (line <= previous || !LINE.test(line) || !places.has(id))
      throw damaged(path, 'its index is not sorted lines about what is in it');
    previous = line;
    const ids = index.get(subject);
    if (ids === undefined) index.set(subject, [id]);
    else ids.push(id);
  }
  return index;
}

async function readPiece(
  path: string,
  places: ReadonlyMap<Sha256, { readonly at: number; readonly size: number }>,
  id: Sha256,
): Promise<Uint8Array> {
  const place = places.get(id);
  if (place === undefined) throw gone(path, id, 'does not have it');
  const bytes = await withArchive(path, (_, handle) => readAt(handle, place.at, place.size));
  if (bytes === undefined || sha256(bytes) !== id) throw gone(path, id, 'was changed since it was opened');
  return bytes;
}

function gone(path: string, id: Sha256, why: string): SignwrightError {
  return new SignwrightError('unreachable', `the evidence ${id} cannot be read: the archive ${path} ${why}`, { where: path });
}
