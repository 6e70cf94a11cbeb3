import { spawnSync } from 'node:child_process';

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** Why code cannot run here as a user whom permissions bind, or `undefined` where it can. For `describe.skipIf`. */
export function whyNotUnprivileged(): string | undefined {
  if (process.platform === 'win32') return 'Windows has no modes';
  if (process.getuid?.() !== 0) return undefined;
  const { status } = spawnSync('setpriv', [...NOBODY, process.execPath, '--eval', '0'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'running as root, and setpriv cannot become another user';
}

/**
 * Runs the code of an ES module in a process that permissions bind: as root they bind nobody else.
 * The code imports sources by file URL.
 *
 * @returns what it wrote to stdout, parsed as JSON. Throws with its stderr where it failed.
 */
export function runUnprivileged(code: string): unknown {
  const node = [process.execPath, '--conditions=source', '--input-type=module', '--eval', code];
  const [command = '', ...args] = process.getuid?.() === 0 ? ['setpriv', ...NOBODY, ...node] : node;
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`the unprivileged process failed: ${stderr}`);
  return JSON.parse(stdout);
}
