import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Environment, messageOf, type Pkcs11Reference, SignwrightError } from '@signwright/signing-core';

export const PIN_VARIABLE = 'SIGNWRIGHT_PKCS11_PIN';
const MAX_BYTES = 1024;
const OPEN_TO_OTHERS = 0o077;

/**
 * The PIN of a token, out of the file that `pin-source` names, else out of SIGNWRIGHT_PKCS11_PIN. One line break at its end is
 * dropped. The caller wipes it.
 *
 * @throws SignwrightError `configuration` where there is none, it is empty, not UTF-8 or longer than 1,024 bytes, or the file is
 * open to others. No message carries anything of it.
 */
export async function readPin({ pinSource, text }: Pkcs11Reference, environment: Environment): Promise<Buffer> {
  if (pinSource !== undefined) return checked(await readPrivateFile(pinSource), pinSource);
  const value = environment[PIN_VARIABLE];
  if (value === undefined)
    throw new SignwrightError('configuration', 'the token asks for a PIN, and none is given', {
      where: text,
      next: `say ?pin-source=file:/path in the reference, or set ${PIN_VARIABLE} for this job alone, masked in its log`,
    });
  return checked(Buffer.from(value), `the environment variable ${PIN_VARIABLE}`);
}

function checked(bytes: Buffer, where: string): Buffer {
  const ending = bytes.subarray(-2).equals(Buffer.from('\r\n')) ? 2 : bytes.at(-1) === 0x0a ? 1 : 0;
  const pin = bytes.subarray(0, bytes.length - ending);
  const problem =
    pin.length === 0
      ? 'is empty'
      : pin.length > MAX_BYTES
        ? `is longer than ${MAX_BYTES} bytes`
        : !isText(pin)
          ? 'is no text in UTF-8'
          : undefined;
  if (problem === undefined) return pin;
  bytes.fill(0);
  // An unset or garbled PIN must not cost the token one of its tries.
  throw new SignwrightError('configuration', `the PIN ${problem}; the token was not asked`, { where, next: 'put the PIN there' });
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes) && !bytes.includes(0);
}

/** What was checked is what is read, for both go through one descriptor. */
async function readPrivateFile(path: string): Promise<Buffer> {
  const refuse = (problem: string, next: string, cause?: unknown): SignwrightError =>
    new SignwrightError('configuration', problem, { where: path, next, cause });
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw refuse(
      `the file of the PIN cannot be opened: ${messageOf(cause)}`,
      'check its path, and that this user may read it',
      cause,
    );
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw refuse('the file of the PIN is not a regular file', 'name a file');
    if (process.platform !== 'win32' && (stats.mode & OPEN_TO_OTHERS) !== 0)
      throw refuse(
        `the file of the PIN can be read or changed by others (mode ${(stats.mode & 0o777).toString(8)})`,
        `chmod 600 ${path}; if others could read it until now, change the PIN`,
      );
    if (stats.size > MAX_BYTES + 2) throw refuse(`the PIN is longer than ${MAX_BYTES} bytes`, 'put the PIN alone there');
    const buffer = Buffer.alloc(MAX_BYTES + 3);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
  } finally {
    await file.close();
  }
}
