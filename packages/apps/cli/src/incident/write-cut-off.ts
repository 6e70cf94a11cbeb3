import { realpath, stat } from 'node:fs/promises';
import { readBounded, writeAtomic } from '@signwright/files';
import { SignwrightError } from '@signwright/signing-core';
import type { PlannedEdit } from './plan-cut-off.ts';

const MAX_FILE = 8 * 1024 * 1024;

/**
 * Puts the edited file in the place of the one that was planned on.
 *
 * @throws SignwrightError `conflict` where somebody changed it since; what is there is then untouched.
 */
export async function writeCutOff({ path, before, after }: PlannedEdit): Promise<void> {
  if (path === undefined || before === after) return;
  const file = await realpath(path);
  const there = await readBounded(file, MAX_FILE, 'the file');
  if (there.toString('utf8') !== before) {
    throw new SignwrightError('conflict', `${path} was changed by somebody else just now`, { where: path, next: 'run it again' });
  }
  await writeAtomic(file, after, { mode: (await stat(file)).mode & 0o777 });
}
