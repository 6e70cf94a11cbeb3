import { type EvidenceStore, hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type Gathered, gatherEvidence } from '../gather-evidence.ts';
import { evidenceKey } from '../layout.ts';
import { type ArchivedArtifact, INDEX, type Manifest, type Member, writeManifest } from './manifest.ts';
import { BLOCK, END, headerOf, lengthOf, paddingOf } from './ustar.ts';

export type ExportOptions = {
  readonly store: EvidenceStore;
  /** What the archive is about, in any order. */
  readonly artifacts: readonly ArchivedArtifact[];
  /** Other subjects whose evidence belongs to it: the rules that waivers are about. */
  readonly also?: readonly Sha256[];
  /** The program that makes it, with its version: `signwright 1.2.3`. */
  readonly madeBy: string;
};

/** An archive that is about to be written. */
export type Archive = {
  /** SHA-256 of its manifest: it names the archive with all that is in it. */
  readonly digest: Sha256;
  /** Of the whole file. */
  readonly bytes: number;
  /** Pieces of evidence in it. */
  readonly pieces: number;
  /** Those artifacts of which the store lists nothing. */
  readonly without: readonly ArchivedArtifact[];
  /** The file's bytes, each piece of evidence read when it comes to it; may be read once. */
  readonly content: AsyncIterable<Uint8Array>;
};

/** Bytes of an archive at the most. */
export const MAX_ARCHIVE: number = 8 * 1024 * 1024 * 1024;
export const MANIFEST = 'manifest.json';
export const CHECKSUM = 'manifest.sha256';

/**
 * Makes one file of a release's evidence: a tar (POSIX ustar) of `manifest.json`, `manifest.sha256`, the evidence as a directory store
 * has it, and its index. Everything listed for the artifacts is in it with all that it refers to, so that it verifies with no network
 * and years later. The same content makes the same bytes: there is no time in it, and no owner.
 *
 * It is written by code of our own, forty lines, because a reader that compares each header with the one we would write accepts one
 * encoding, where tar libraries accept several tars' extensions.
 *
 * @throws SignwrightError `unreachable` where the store cannot be read, `invalid-input` where it is too much for an archive.
 */
export async function exportArchive({ store, artifacts, also = [], madeBy }: ExportOptions): Promise<Archive> {
  const gathered = await gatherEvidence(store, [...artifacts.map(({ digest }) => digest), ...also]);
  const index = writeIndex(gathered);
  const members: Member[] = [
    ...gathered.map(({ id, bytes }) => ({ path: evidenceKey(id), size: bytes, digest: id })),
    { path: INDEX, size: index.length, digest: sha256(index) },
  ];
  const manifest: Manifest = { artifacts: distinct(artifacts), members, madeBy };
  const written = writeManifest(manifest);
  const checksum = checksumOf(written);
  const bytes = [written.length, checksum.length, ...members.map(({ size }) => size)].reduce(
    (sum, size) => sum + lengthOf(size),
    END.length,
  );
  if (bytes > MAX_ARCHIVE) throw tooLarge(bytes);
  const about = new Set(gathered.flatMap(({ subjects }) => subjects));
  return {
    digest: sha256(written),
    bytes,
    pieces: gathered.length,
    without: manifest.artifacts.filter(({ digest }) => !about.has(digest)),
    content: write(store, written, checksum, index, members),
  };
}

/** What `sha256sum -c` reads. */
export function checksumOf(manifest: Uint8Array): Buffer {
  return Buffer.from(`${hexOf(sha256(manifest))}  ${MANIFEST}\n`);
}

async function* write(
  store: EvidenceStore,
  manifest: Uint8Array,
  checksum: Uint8Array,
  index: Uint8Array,
  members: readonly Member[],
): AsyncGenerator<Uint8Array> {
  yield* memberOf(MANIFEST, manifest);
  yield* memberOf(CHECKSUM, checksum);
  for (const { path, digest } of members) yield* memberOf(path, path === INDEX ? index : await store.get(digest));
  yield END;
}

function* memberOf(path: string, bytes: Uint8Array): Generator<Uint8Array> {
  yield headerOf(path, bytes.length);
  yield bytes;
  yield new Uint8Array(BLOCK).subarray(0, paddingOf(bytes.length));
}

function writeIndex(gathered: readonly Gathered[]): Buffer {
  const lines = gathered.flatMap(({ id, subjects }) => subjects.map((subject) => `${hexOf(subject)} ${hexOf(id)}\n`));
  return Buffer.from(lines.sort().join(''), 'latin1');
}

/** By name, then digest; each once. */
function distinct(artifacts: readonly ArchivedArtifact[]): readonly ArchivedArtifact[] {
  const byKey = new Map(artifacts.map(({ name, digest }) => [`${name}\n${digest}`, { name, digest }]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, artifact]) => artifact);
}

function tooLarge(bytes: number): SignwrightError {
  return new SignwrightError('invalid-input', `the archive would have ${bytes} bytes, more than ${MAX_ARCHIVE}`, {
    next: 'export fewer artifacts at once',
  });
}
