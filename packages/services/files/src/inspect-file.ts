import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { SignwrightError } from '@signwright/signing-core';
import { codeOf, readingError, shown } from './file-error.ts';
import type { FoundFile, Tree } from './tree.ts';
import { nameWithin, pathOf } from './tree.ts';

// The callback form costs half of what fs.promises does, which 100,000 files feel.
const lstat: (path: string) => Promise<fs.Stats> = promisify(fs.lstat);
const stat: (path: string) => Promise<fs.Stats> = promisify(fs.stat);
const realpath: (path: string) => Promise<string> = promisify(fs.realpath.native);

/**
 * Looks at one file of the tree.
 * @throws SignwrightError `invalid-input` where it is no regular file, or a symbolic link to none inside the tree. A link to a
 * directory is refused too: to follow it could leave the tree or never end, and to pass it over would leave its files unseen.
 */
export async function inspectFile(tree: Tree, name: string, explicit: boolean): Promise<FoundFile> {
  const path = pathOf(tree, name);
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return { path, name, size: stats.size, explicit };
    if (!stats.isSymbolicLink()) throw refuse(path, `is ${kindOf(stats)}, not a file`);
  } catch (error) {
    throw readingError('the file', path, error);
  }
  return inspectLink(tree, path, name, explicit);
}

async function inspectLink(tree: Tree, path: string, name: string, explicit: boolean): Promise<FoundFile> {
  try {
    const target = await realpath(path);
    const stats = await stat(target);
    if (stats.isDirectory()) throw refuse(path, 'is a symbolic link to a directory, whose files would go unseen');
    if (nameWithin(tree.root, target) === undefined) {
      throw refuse(path, `is a symbolic link that leads out of ${shown(tree.base)}, to ${shown(target)}`);
    }
    if (!stats.isFile()) throw refuse(path, `is a symbolic link to ${kindOf(stats)}, not to a file`);
    return { path, name, size: stats.size, explicit, target };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) throw refuse(path, 'is a symbolic link to nothing');
    throw readingError('the file', path, error);
  }
}

function kindOf(stats: fs.Stats): string {
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function refuse(path: string, problem: string): SignwrightError {
  return new SignwrightError('invalid-input', `${shown(path)} ${problem}`, {
    where: shown(path),
    next: 'remove it, or put a copy of what it leads to there',
  });
}
