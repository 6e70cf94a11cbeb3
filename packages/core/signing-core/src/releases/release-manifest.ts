import type { Sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type ReleaseContents, readContents, readEvidence, writeContents } from '../release-part.ts';
import type { Statement } from '../statement.ts';
import { type ReleaseName, readReleaseName } from './release-name.ts';

/**
 * The predicate type of a manifest, which closes a release: another than a part's, so that neither is ever read as the other, whatever
 * is in it.
 */
export const RELEASE_MANIFEST = 'https://signwright.dev/release-manifest/v1';

/** The predicate of a manifest: all artifacts of a release, and the parts that they are signed in. */
export type ReleaseManifest = ReleaseContents & {
  readonly release: ReleaseName;
  /** The digests of the parts' bundles, sorted: what is not among them is no part of the release. */
  readonly parts: readonly Sha256[];
};

/** Writes the statement of a manifest, ready to be signed. Artifacts are its subjects, in the same order. */
export function writeReleaseManifest(manifest: ReleaseManifest): Buffer {
  return writeContents(RELEASE_MANIFEST, manifest);
}

/** @throws SignwrightError `invalid-input` where a field is not what it must be, or differs from the statement's subjects. */
export function readReleaseManifest(statement: Statement): ReleaseManifest {
  const read = fieldReader('the release manifest');
  const { contents, fields } = readContents(read, statement, ['release', 'parts']);
  const release = read.object(fields['release'], 'predicate.release', ['name', 'version']);
  return {
    ...contents,
    release: readReleaseName(read, release, 'predicate.release'),
    parts: readEvidence(read, fields['parts'], 'predicate.parts'),
  };
}
