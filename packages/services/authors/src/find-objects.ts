import { open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';

const MAX_POINTER = 4096;

/**
 * Finds where a repository keeps its objects, from its top or any directory in it: `.git`, the file `.git` of a worktree or submodule
 * (gitrepository-layout(5)), or a bare repository. Git is not asked, for it would first read the repository's configuration.
 *
 * @throws SignwrightError `configuration` where there is no repository.
 */
export async function findObjects(directory: string): Promise<string> {
  const start = resolve(directory);
  for (let at = start; ; at = dirname(at)) {
    const objects = (await objectsOf(join(at, '.git'))) ?? (await bareObjects(at));
    if (objects !== undefined) return objects;
    if (dirname(at) === at) break;
  }
  throw new SignwrightError('configuration', 'no git repository here or above', {
    where: start,
    next: 'run it in a checkout of the repository',
  });
}

/** Of `.git`, which is the directory, or a file that names it. */
async function objectsOf(dotGit: string): Promise<string | undefined> {
  const pointer = await firstLine(dotGit);
  const gitDirectory = pointer?.startsWith('gitdir: ') ? resolve(dirname(dotGit), pointer.slice('gitdir: '.length)) : dotGit;
  const common = await firstLine(join(gitDirectory, 'commondir'));
  const objects = join(common === undefined ? gitDirectory : resolve(gitDirectory, common), 'objects');
  return (await isDirectory(objects)) ? objects : undefined;
}

async function bareObjects(directory: string): Promise<string | undefined> {
  const isBare = (await firstLine(join(directory, 'HEAD'))) !== undefined && (await isDirectory(join(directory, 'refs')));
  return isBare && (await isDirectory(join(directory, 'objects'))) ? join(directory, 'objects') : undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Of a small regular file; nothing of anything else. */
async function firstLine(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_POINTER) return undefined;
  const file = await open(path).catch(() => undefined);
  try {
    const read = await file?.read(Buffer.alloc(MAX_POINTER));
    return read?.buffer.toString('utf8', 0, read.bytesRead).split(/\r?\n/, 1)[0];
  } finally {
    await file?.close();
  }
}
