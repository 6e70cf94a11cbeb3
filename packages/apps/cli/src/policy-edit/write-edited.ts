import { realpath, stat } from 'node:fs/promises';
import { readBounded, writeAtomic } from '@signwright/files';
import { SignwrightError } from '@signwright/signing-core';

const MAX_FILE = 8 * 1024 * 1024;

/**
 * Puts an edited text in the place of the one it was made from; a link goes on to be one, and the file is for whom it was.
 *
 * @throws SignwrightError `conflict` where somebody changed the file since; what is there is then untouched.
 */
export async function writeEdited(path: string, before: string, after: string): Promise<void> {
  if (before === after) return;
  const file = await realpath(path);
  if ((await readBounded(file, MAX_FILE, 'the file')).toString('utf8') !== before) {
    throw new SignwrightError('conflict', `${path} was changed by somebody else meanwhile`, {
      where: path,
      next: 'nothing was written to it; run the command again',
    });
  }
  await writeAtomic(file, after, { mode: (await stat(file)).mode & 0o777 });
}
