import { hasControlCharacter, messageOf, SignwrightError } from '@signwright/signing-core';

/** A path as a terminal can show it: quoted where it holds line breaks or other control characters. */
export function shown(path: string): string {
  return hasControlCharacter(path) ? JSON.stringify(path) : path;
}

/** The system's code of an error (`ENOENT`), or `''`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const READING: Record<string, [problem: string, next: string]> = {
  ENOENT: ['does not exist', 'check the path'],
  ENOTDIR: ['does not exist: a part of its path is a file', 'check the path'],
  EACCES: ['may not be read by this user', 'give this user read permission'],
  EPERM: ['may not be read by this user', 'give this user read permission'],
  EISDIR: ['is a directory', 'name a file'],
  ELOOP: ['is a symbolic link', 'name the file it points to'],
  ENXIO: ['is not a regular file', 'name a regular file'],
  EMFILE: ['cannot be opened: too many files are open', 'raise the limit of open files (ulimit -n)'],
};

/** What reading failed with, as the user's to mend: `configuration`, with the system's error as its cause. */
export function readingError(what: string, path: string, error: unknown): SignwrightError {
  if (error instanceof SignwrightError) return error;
  const [problem, next] = READING[codeOf(error)] ?? [`cannot be read: ${messageOf(error)}`, 'check the disk and the path'];
  return new SignwrightError('configuration', `${what} ${shown(path)} ${problem}`, { where: shown(path), next, cause: error });
}

const WRITING: Record<string, [problem: string, next: string]> = {
  ENOSPC: ['the disk is full', 'free space and run again'],
  EDQUOT: ['the disk quota is used up', 'free space and run again'],
  EROFS: ['the file system is read-only', 'choose a directory that can be written, and run again'],
  EACCES: ['permission denied', 'give this user write permission to the directory, and run again'],
  EPERM: ['permission denied', 'give this user write permission to the directory, and run again'],
};

/** What writing failed with: `unreachable` where the place cannot take it now, `configuration` where the path is wrong. */
export function writingError(path: string, error: unknown): SignwrightError {
  if (error instanceof SignwrightError) return error;
  const code = codeOf(error);
  const say = (kind: 'unreachable' | 'configuration', problem: string, next: string): SignwrightError =>
    new SignwrightError(kind, `cannot write ${shown(path)}: ${problem}`, { where: shown(path), next, cause: error });
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return say('configuration', 'its directory does not exist', 'make the directory first');
  if (code === 'EISDIR' || code === 'ENOTEMPTY') return say('configuration', 'it is a directory', 'choose another path');
  const [problem, next] = WRITING[code] ?? [messageOf(error), 'check the disk and run again'];
  return say('unreachable', problem, next);
}

/** Throws `cancelled` once the user has stopped the run. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SignwrightError('cancelled', 'stopped by the user', { cause: signal.reason });
}
