import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { codeOf, readingError, shown } from './file-error.ts';

/** A regular file below the base. */
export type FoundFile = {
  /** Absolute, below the base as it was given. */
  path: string;
  /** Relative to the base, `/` between parts, NFC: the artifact's name. */
  name: string;
  /** In bytes, when it was found. */
  size: number;
  /** Whether the caller named it, rather than a directory it is in. */
  explicit: boolean;
  /** Where `path` is a symbolic link: the file inside the base it points to. */
  target?: string;
};

/** A directory tree to find files in: `base` as the caller named it, absolute, and `root`, where it really is. */
export type Tree = { base: string; root: string };

/** Opens the tree at `base`. */
export async function openTree(base: string): Promise<Tree> {
  const absolute = resolve(base);
  try {
    return { base: absolute, root: await realpath(absolute) };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readingError('the directory', absolute, error);
    throw new SignwrightError('usage', `the directory ${shown(absolute)} does not exist`, {
      where: shown(absolute),
      cause: error,
    });
  }
}

/** The absolute path of a name below the base, as the caller would write it. */
export function pathOf(tree: Tree, name: string): string {
  return join(tree.base, name);
}

/** The name of an absolute path relative to the root, or `undefined` outside of it. */
export function nameWithin(root: string, absolute: string): string | undefined {
  const name = relative(root, absolute);
  if (name === '..' || name.startsWith(`..${sep}`) || isAbsolute(name)) return undefined;
  return sep === '/' ? name : name.split(sep).join('/');
}
