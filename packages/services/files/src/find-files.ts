import { checkNames } from './check-names.ts';
import { locate } from './locate.ts';
import type { FoundFile } from './tree.ts';
import { openTree } from './tree.ts';
import { walk } from './walk.ts';

export type FindOptions = {
  /** Directories not to enter, by name relative to the base. Not asked about what the caller named. */
  skipDirectory?: (name: string) => boolean;
  /** Files to leave out, by name relative to the base. Not asked about what the caller named. */
  skipFile?: (name: string) => boolean;
  /** Files at the most, 1,000,000 unless told. */
  maxFiles?: number;
  signal?: AbortSignal;
};

/**
 * Finds the files that `paths` name, or that lie below the directories they name. Symbolic links to directories are
 * refused; one to a file counts as that file if it lies inside the base, and is refused otherwise, as is anything that has no
 * bytes that hold still.
 *
 * @param base the directory everything must lie in, and names are relative to.
 * @param paths files and directories, absolute or relative to the base; `.` is all of it.
 * @returns each file once, sorted by name in code-unit order.
 * @throws SignwrightError `usage` for a path that is missing or outside of the base, and for too many files; `configuration`
 * for what cannot be read; `invalid-input` for what is no file, and for names that have no one written form (see checkName)
 * or differ from another's only in case or Unicode form.
 */
export async function findFiles(base: string, paths: readonly string[], options: FindOptions = {}): Promise<FoundFile[]> {
  const tree = await openTree(base);
  const found = new Map<string, FoundFile>();
  const directories: string[] = [];
  for (const path of paths) {
    const place = await locate(tree, path);
    if (place.kind === 'directory') directories.push(place.name);
    else found.set(place.file.name, place.file);
  }
  await walk(tree, directories, found, options);
  const files = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  checkNames(files.map(({ name }) => name));
  return files;
}
