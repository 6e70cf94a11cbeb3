import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { unzipSync, zipSync } from 'fflate';

/** The earliest that a zip can say, in whatever timezone it is made. */
const EARLIEST = new Date(1980, 0, 1);

/** A zip that is the same whenever and wherever it is made of the same files: their names sorted, their times one. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return zipSync(Object.fromEntries(sorted), { mtime: EARLIEST, level: 9 });
}

/** The files below some folders of a directory, by their names relative to it. */
export function filesIn(directory: string, folders: readonly string[] = ['.']): Record<string, Uint8Array> {
  const found = folders.flatMap((folder) =>
    readdirSync(join(directory, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(found.map((file) => [relative(directory, file).split(sep).join('/'), readFileSync(file)]));
}

/** An extension as tfx packs it, without what differs from one time to the next: times, and the order of its content types. */
export function settled(vsix: Uint8Array): Uint8Array {
  const files = unzipSync(vsix, { filter: ({ name }) => !name.endsWith('/') });
  const types = files[CONTENT_TYPES];
  if (types === undefined) throw new Error(`the extension has no ${CONTENT_TYPES}`);
  const sorted = Buffer.from(types)
    .toString('utf8')
    .replace(/(?: *<Default [^>]*\/>\r?\n)+/, (lines) =>
      lines
        .split(/(?<=\n)/)
        .sort()
        .join(''),
    );
  return zipOf({ ...files, [CONTENT_TYPES]: Buffer.from(sorted) });
}

const CONTENT_TYPES = '[Content_Types].xml';
