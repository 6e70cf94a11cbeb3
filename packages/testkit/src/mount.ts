import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why no file system can be mounted here, or `undefined` where one can. For `describe.skipIf`. */
export function whyNoMount(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  if (process.getuid?.() !== 0) return 'only root may mount';
  const probe = mkdtempSync(join(tmpdir(), 'signwright-mount-'));
  try {
    mountTmpfs(probe, 'size=4k')();
    return undefined;
  } catch {
    return 'mounting is not permitted here';
  } finally {
    rmdirSync(probe);
  }
}

/**
 * Mounts a file system in memory: `size=1m` is a disk that is soon full, `ro` a read-only one.
 * @returns what unmounts it.
 */
export function mountTmpfs(directory: string, options: string): () => void {
  run('mount', ['-t', 'tmpfs', '-o', options, 'signwright-test', directory]);
  return () => run('umount', [directory]);
}

function run(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}
