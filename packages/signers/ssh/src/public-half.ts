import { open, stat } from 'node:fs/promises';
import { messageOf, parseSshPublicKey, SignwrightError, type SshPublicKey } from '@signwright/signing-core';

const MAX_BYTES = 65_536;

/**
 * The public key of a key's path: of `KEY.pub` itself, or of the one beside `KEY`. The private key is not opened, ssh-keygen alone does.
 *
 * @throws SignwrightError `configuration` where there is none, `invalid-input` where it is malformed.
 */
export async function readPublicHalf(path: string): Promise<SshPublicKey> {
  const file = path.endsWith('.pub') ? path : `${path}.pub`;
  const text = await readStart(file);
  if (text === undefined) throw await noPublicKey(path, file);
  try {
    return parseSshPublicKey(text);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    throw new SignwrightError(error.code, error.message, {
      where: file,
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

async function readStart(path: string): Promise<string | undefined> {
  try {
    // A named pipe would be waited for.
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file');
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SignwrightError('configuration', `the public key cannot be read: ${messageOf(cause)}`, { where: path, cause });
  }
}

async function noPublicKey(path: string, file: string): Promise<SignwrightError> {
  const there = path !== file && (await stat(path).then(Boolean, () => false));
  if (there) {
    return new SignwrightError('configuration', `there is no ${file} beside the private key`, {
      where: path,
      next: `write it: ssh-keygen -y -f ${path} > ${file}`,
    });
  }
  return new SignwrightError('configuration', 'there is no such SSH key', {
    where: path,
    next: 'give the path of a key; ssh-keygen -t ed25519-sk -O verify-required makes one on a security key, ssh-keygen -t ed25519 in a file',
  });
}
