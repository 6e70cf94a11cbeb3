import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { checkName, inParallel, SignwrightError } from '@signwright/signing-core';
import { readingError, shown, throwIfCancelled } from './file-error.ts';
import type { FindOptions } from './find-files.ts';
import { inspectFile } from './inspect-file.ts';
import type { FoundFile, Tree } from './tree.ts';
import { pathOf } from './tree.ts';

const DIRECTORIES_AT_ONCE = 8;
const FILES_AT_ONCE = 64;
const MAX_FILES = 1_000_000;

/**
 * Adds every file below the directories to `found`, unless it is there already.
 * Where several files are refused, the error is of the first by name, whatever order the disk gave.
 */
export async function walk(
  tree: Tree,
  directories: readonly string[],
  found: Map<string, FoundFile>,
  options: FindOptions,
): Promise<void> {
  const names = await listNames(tree, directories, options);
  const refused: { name: string; error: unknown }[] = [];
  await inParallel(names, FILES_AT_ONCE, async (name) => {
    throwIfCancelled(options.signal);
    if (found.has(name)) return;
    try {
      found.set(name, await inspectFile(tree, name, false));
    } catch (error) {
      if (refused[0] === undefined || name < refused[0].name) refused[0] = { name, error };
    }
  });
  if (refused[0] !== undefined) throw refused[0].error;
}

/** The names of everything but directories, level by level. */
async function listNames(tree: Tree, directories: readonly string[], options: FindOptions): Promise<string[]> {
  const { skipDirectory, skipFile, maxFiles = MAX_FILES, signal } = options;
  const names = new Set<string>();
  const entered = new Set<string>();
  let level = [...new Set(directories)];
  while (level.length > 0) {
    const below: string[] = [];
    await inParallel(level, DIRECTORIES_AT_ONCE, async (directory) => {
      throwIfCancelled(signal);
      if (entered.has(directory)) return;
      entered.add(directory);
      for (const entry of await list(tree, directory)) {
        const name = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (!entry.isDirectory()) {
          if (skipFile?.(name) !== true) names.add(decoded(name));
        } else if (skipDirectory?.(name) !== true) below.push(decoded(name));
      }
      if (names.size > maxFiles) throw tooMany(tree, maxFiles);
    });
    level = below;
  }
  return [...names];
}

async function list(tree: Tree, directory: string): Promise<Dirent[]> {
  const path = pathOf(tree, directory);
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw readingError('the directory', path, error);
  }
}

/** A name whose bytes are not UTF-8 names nothing any more: say what is wrong, not that it is missing. */
function decoded(name: string): string {
  return name.includes('\ufffd') ? checkName(name) : name;
}

function tooMany(tree: Tree, maxFiles: number): SignwrightError {
  return new SignwrightError('usage', `more than ${maxFiles} files below ${shown(tree.base)}`, {
    where: shown(tree.base),
    next: 'name the directories that hold what you build',
  });
}
