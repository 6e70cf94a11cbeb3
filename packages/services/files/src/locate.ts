import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { codeOf, readingError, shown } from './file-error.ts';
import { inspectFile } from './inspect-file.ts';
import type { FoundFile, Tree } from './tree.ts';
import { nameWithin } from './tree.ts';

/** What a path of the caller's names. The base itself is the directory `''`. */
export type Place = { kind: 'directory'; name: string } | { kind: 'file'; file: FoundFile };

/** Finds out what `path` names, and that it lies inside the tree, reached without a symbolic link to a directory. */
export async function locate(tree: Tree, path: string): Promise<Place> {
  const absolute = resolve(tree.base, path);
  const name = nameWithin(tree.base, absolute) ?? nameWithin(tree.root, absolute);
  if (name === undefined)
    throw refuse(path, `is outside of ${shown(tree.base)}`, 'name files below it, or choose another base directory');
  if (name === '') return { kind: 'directory', name };
  try {
    if ((await realpath(dirname(absolute))) !== dirname(join(tree.root, name))) throw throughLink(path);
    if ((await lstat(absolute)).isDirectory()) return { kind: 'directory', name };
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error))) throw readingError('the file', absolute, error);
    throw refuse(path, 'does not exist', 'check the path', error);
  }
  return { kind: 'file', file: await inspectFile(tree, name, true) };
}

function throughLink(path: string): SignwrightError {
  return refuse(path, 'leads through a symbolic link to a directory', 'name the real directory: one file must have one name');
}

function refuse(path: string, problem: string, next: string, cause?: unknown): SignwrightError {
  return new SignwrightError('usage', `${shown(path)} ${problem}`, { where: shown(path), next, cause });
}
