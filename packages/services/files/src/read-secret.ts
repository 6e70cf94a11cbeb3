import { SignwrightError } from '@signwright/signing-core';
import { shown } from './file-error.ts';
import type { FileState } from './open-file.ts';
import { readInspected } from './read-bounded.ts';

const MAX_SECRET = 64 * 1024;
const WINDOWS = process.platform === 'win32';

/**
 * Reads a file that holds a secret, 64 KiB at most. It must belong to this user or to root, and nobody else may read or write
 * it. (On Windows, where modes say nothing, only the size is checked.) Overwrite the buffer when done with it.
 *
 * @throws SignwrightError `configuration` that names the file and the command that mends it; `invalid-input` where too large.
 */
export async function readSecret(path: string): Promise<Buffer> {
  return readInspected(path, MAX_SECRET, 'the secret file', (state) => {
    if (!WINDOWS) checkPrivate(path, state);
  });
}

function checkPrivate(path: string, state: FileState): void {
  const where = shown(path);
  if (state.uid !== process.getuid?.() && state.uid !== 0) {
    throw new SignwrightError('configuration', `the secret file ${where} belongs to another user`, {
      where,
      next: `make it yours: chown "$(id -u)" ${where} && chmod 600 ${where}`,
    });
  }
  if ((state.mode & 0o077) !== 0) {
    const mode = (state.mode & 0o777).toString(8).padStart(4, '0');
    throw new SignwrightError('configuration', `the secret file ${where} is open to other users (mode ${mode})`, {
      where,
      next: `chmod 600 ${where}`,
    });
  }
}
