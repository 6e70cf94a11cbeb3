import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SignwrightError } from '@signwright/signing-core';

const LONGEST = 16 * 1024;

/**
 * Reads the ID token in a file, a regular one wherever symbolic links lead, of 16 KiB at the most.
 *
 * @param variable that names it, for messages. @throws SignwrightError `configuration`; what it holds is not repeated.
 */
export async function readToken(path: string, variable: string): Promise<string> {
  const fail = (why: string): SignwrightError =>
    new SignwrightError('configuration', `the file that ${variable} names ${why}`, {
      where: JSON.stringify(path.slice(0, 200)),
      next: 'name a file that holds the ID token and nothing else',
    });
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw fail(`cannot be opened (${error.code ?? 'unknown'})`);
  });
  try {
    if (!(await file.stat()).isFile()) throw fail('is not a regular file');
    const buffer = Buffer.alloc(LONGEST + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LONGEST) throw fail(`is larger than ${LONGEST} bytes`);
    const token = buffer.toString('latin1', 0, bytesRead).trim();
    if (token === '') throw fail('is empty');
    return token;
  } finally {
    await file.close();
  }
}
