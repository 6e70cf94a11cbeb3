import { spawnSync } from 'node:child_process';

/** Whether OpenSSL's command is here. A test that needs it is skipped, visibly, where it is not, and fails in CI. */
export const hasOpenssl: boolean = process.env['CI'] === 'true' || spawnSync('openssl', ['version']).status === 0;

/** Runs OpenSSL to its end. @throws Error with what it said where it fails. */
export function openssl(args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', args, { maxBuffer: 16 * 1024 * 1024 });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr.toString()}${stdout.toString()}`);
  return stdout;
}
