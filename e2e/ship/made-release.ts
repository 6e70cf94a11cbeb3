import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const SHIP = fileURLToPath(new URL('../../tools/ship/main.ts', import.meta.url));

/** Makes a trial release of what is built, in a directory of its own. @returns where it is. */
export function shipTo(directory: string): string {
  execFileSync(process.execPath, [SHIP, directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  return directory;
}

/** A trial release for all tests of a file, `release`, and its trial trust domain beside it, `release-trial`. */
export function releaseForAll(): { readonly home: string; readonly release: string } {
  const home = mkdtempSync(join(tmpdir(), 'signwright-ship-'));
  const release = join(home, 'release');
  beforeAll(() => void shipTo(release));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return { home, release };
}
