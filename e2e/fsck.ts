import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { peer } from './peers.ts';

/**
 * Lets Tessera's `fsck` recompute a whole log from its tiles and entries, up to the root of its checkpoint.
 *
 * @param log the log as C2SP tlog-tiles lays it out: its folder, or the http URL it is served at, which ends in `/`.
 * @returns what it complains of; `undefined` where it read everything and is content.
 */
export async function fsck(log: string | URL, verifierKey: string): Promise<string | undefined> {
  const room = mkdtempSync(join(tmpdir(), 'signwright-fsck-'));
  try {
    const key = join(room, 'log.vkey');
    writeFileSync(key, verifierKey);
    const args = [
      `--storage_url=${(log instanceof URL ? log : pathToFileURL(log)).href}`,
      `--public_key=${key}`,
      '--ui=false',
      '-N=16',
    ];
    return await new Promise((resolve) => {
      execFile(peer('fsck'), args, { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
        const said = stdout + stderr;
        // It ends with 0 whatever it found, and may wait for ever after a wrong tile.
        const content = error === null && said.includes("Successfully fsck'd log");
        resolve(content ? undefined : `${error?.killed ? 'fsck did not end\n' : ''}${said}`);
      });
    });
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
