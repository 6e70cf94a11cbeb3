import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node 20 on this machine, outside of node_modules: the oldest that the command promises to run on. */
export function node20(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return candidates
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file) && execFileSync(file, ['--version'], { encoding: 'utf8' }).startsWith('v20.'));
}

/** What tests are run on: this Node, and a Node 20 where there is one. For `describe.each`. */
export function nodes(): readonly (readonly [title: string, program: string])[] {
  const older = node20();
  return [[`Node ${process.versions.node}`, process.execPath], ...(older === undefined ? [] : [['Node 20', older] as const])];
}
