import { messageOf, SignwrightError } from '@signwright/signing-core';

/** The system's code of an error (`ENOENT`), or `''`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether the error says that a path does not exist. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

const KNOWN: Record<string, [problem: string, next: string]> = {
  ENOSPC: ['the disk is full', 'free space, then run again'],
  EDQUOT: ['the disk quota is used up', 'free space, then run again'],
  EROFS: ['the file system is read-only', 'choose a directory that can be written, then run again'],
  EACCES: ['permission denied', 'give this user read and write permission to the directory, then run again'],
  EPERM: ['not permitted', 'give this user write permission; the file system must also know hard links (link(2))'],
  ENOTSUP: ['the file system has no hard links', 'choose a directory on another file system'],
  EXDEV: ['a part of the store is on another file system', 'keep the whole store on one file system'],
  EEXIST: ['it is a file', 'choose another directory'],
  ENOTDIR: ['a part of its path is a file', 'move that file out of the store'],
};

/** What a store's directory failed with: `unreachable`, naming the path and what to do. */
export function storeError(path: string, error: unknown): SignwrightError {
  if (error instanceof SignwrightError) return error;
  const [problem, next] = KNOWN[codeOf(error)] ?? [messageOf(error), 'check the disk, then run again'];
  return new SignwrightError('unreachable', `the store cannot use ${path}: ${problem}`, { where: path, next, cause: error });
}

/** The store holds what it never wrote. */
export function damaged(path: string, problem: string): SignwrightError {
  return new SignwrightError('unreachable', `the store is damaged at ${path}: ${problem}`, {
    where: path,
    next: 'restore the directory from a copy, or move it away and start a new one',
  });
}
