import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, SignwrightError } from '@signwright/signing-core';

const MAX_BYTES = 65_536;
const OPEN_TO_OTHERS = 0o077;

/** Reads a file of the trial domain, all of which are their owner's alone. @throws SignwrightError `configuration`. */
export async function readPrivate(path: string): Promise<Buffer> {
  const next = 'delete the trial trust domain and make a new one: signwright trust init --trial';
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > MAX_BYTES)
        throw new SignwrightError('configuration', 'not a file of a trial trust domain', { where: path, next });
      if (path.endsWith('.key') && process.platform !== 'win32' && (stat.mode & OPEN_TO_OTHERS) !== 0) {
        throw new SignwrightError('configuration', 'the trial key can be read or changed by others', {
          where: path,
          next: `chmod 600 ${path}`,
        });
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('configuration', `a file of the trial trust domain cannot be read: ${messageOf(cause)}`, {
      where: path,
      next,
      cause,
    });
  }
}
