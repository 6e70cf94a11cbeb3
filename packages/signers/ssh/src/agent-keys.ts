import { type Environment, parseSshPublicKey, SignwrightError, type SshPublicKey } from '@signwright/signing-core';
import { runOpenssh } from './run-openssh.ts';

const DEADLINE_MS = 10_000;
const NEXT = 'start one and add your key: eval "$(ssh-agent)" && ssh-add';

/**
 * The keys an SSH agent holds, as `ssh-add -L` lists them, in its order; without certificates and keys whose signatures never count
 * (see parseSshPublicKey).
 *
 * @throws SignwrightError `configuration` where there is no agent or no ssh-add, `unreachable` where the agent does not answer,
 * `cancelled` by the signal.
 */
export async function listAgentKeys(environment: Environment, signal?: AbortSignal): Promise<SshPublicKey[]> {
  const socket = environment['SSH_AUTH_SOCK'] ?? '';
  if (socket === '' && process.platform !== 'win32') {
    throw new SignwrightError('configuration', 'there is no SSH agent: SSH_AUTH_SOCK is not set', { next: NEXT });
  }
  const { status, stdout } = await runOpenssh('ssh-add', ['-L'], { environment, deadlineMs: DEADLINE_MS, signal });
  if (status === 0) return stdout.split('\n').flatMap(keyOf);
  if (status === 1 && stdout.includes('no identities')) return [];
  throw new SignwrightError('unreachable', 'the SSH agent cannot be reached', { where: socket, next: NEXT });
}

function keyOf(line: string): SshPublicKey[] {
  try {
    return [parseSshPublicKey(line)];
  } catch (error) {
    if (error instanceof SignwrightError) return [];
    throw error;
  }
}
