import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file of a release with the SHA-256 of each other. */
export const SUMS = 'SHA256SUMS';

/** Writes the sums of files in a directory as `sha256sum --check` reads them, in the order of their names' bytes. */
export function writeSums(directory: string, names: readonly string[]): void {
  const sum = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
  const lines = [...names].sort().map((name) => `${sum(name)}  ${name}\n`);
  writeFileSync(join(directory, SUMS), lines.join(''));
}
