import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '@signwright/signing-core';
import { peer } from './peers.ts';

/** A real SSH agent of a test's own. */
export type SshAgent = {
  /** What makes OpenSSH's programs find it, and nothing else of this process's environment but PATH. */
  readonly environment: Environment;
  /** Adds the key of a file; `options` are ssh-add's. */
  add(path: string, ...options: string[]): void;
  stop(): Promise<void>;
};

/** Starts an agent, and waits until it answers. `more` is its environment, for what it asks by. */
export async function startSshAgent(more: Environment = {}): Promise<SshAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-agent-'));
  const socket = join(directory, 'agent.sock');
  const plain = { PATH: process.env['PATH'], HOME: directory };
  const agent = spawn(peer('ssh-agent'), ['-D', '-a', socket], {
    env: { ...plain, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await saysWhereItIs(agent);
  const environment = { ...plain, SSH_AUTH_SOCK: socket };
  return {
    environment,
    add: (path: string, ...options: string[]) => void execFileSync('ssh-add', ['-q', ...options, path], { env: environment }),
    async stop() {
      const ended = new Promise((resolve) => agent.on('exit', resolve));
      agent.kill();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** It prints the address of its socket once that is there. */
function saysWhereItIs(agent: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    agent.stdout?.once('data', () => resolve());
    agent.on('error', reject);
    agent.on('exit', (status) => reject(new Error(`ssh-agent ended with ${status}`)));
  });
}
