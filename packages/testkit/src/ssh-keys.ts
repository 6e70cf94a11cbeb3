import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TestSshKeyType = 'ed25519' | 'ecdsa-256' | 'ecdsa-384' | 'ecdsa-521' | 'rsa-2048' | 'rsa-3072' | 'rsa-1024';

/** A key in files of its own. */
export type TestSshKey = {
  /** The private key's file; the public one is beside it. */
  readonly path: string;
  /** What is in the public one: type, base64, comment. */
  readonly line: string;
  /** Removes the files. */
  remove(): void;
};

/** Whether to run the tests that need OpenSSH's ssh-keygen: where it is absent they are skipped, visibly, and fail in CI. */
export const hasSshKeygen: boolean =
  process.env['CI'] === 'true' || spawnSync('ssh-keygen', ['-?'], { stdio: 'ignore' }).error === undefined;

/** Makes a key by the real ssh-keygen, under a directory for temporary files. */
export function createSshKey(
  type: TestSshKeyType,
  { passphrase = '', comment = 'test' }: { readonly passphrase?: string; readonly comment?: string } = {},
): TestSshKey {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-ssh-key-'));
  const path = join(directory, 'key');
  const [algorithm = '', bits] = type.split('-');
  const size = bits === undefined ? [] : ['-b', bits];
  const args = ['-q', '-t', algorithm, ...size, '-N', passphrase, '-C', comment, '-f', path];
  const { status, stderr } = spawnSync('ssh-keygen', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`ssh-keygen made no key: ${String(stderr)}`);
  return {
    path,
    line: readFileSync(`${path}.pub`, 'utf8').trim(),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
