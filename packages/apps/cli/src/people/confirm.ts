import { createInterface } from 'node:readline/promises';
import { SignwrightError } from '@signwright/signing-core';
import { harmless } from '../print-lines.ts';

/**
 * Asks the person to type yes.
 *
 * @throws SignwrightError `usage` where nobody can be asked, `cancelled` where the answer is another.
 */
export async function confirm(question: string, assumed: boolean, signal: AbortSignal): Promise<void> {
  if (assumed) return;
  if (process.stdin.isTTY !== true) {
    throw new SignwrightError('usage', 'nobody can be asked here: the input is no terminal', {
      next: 'read what is above, and add --yes',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D close it.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const asked = terminal.question(`${harmless(question)} Type "yes": `, { signal }).catch(() => '');
    if ((await Promise.race([asked, closed])).trim() === 'yes') return;
  } finally {
    terminal.close();
  }
  throw new SignwrightError('cancelled', 'nothing was signed');
}
