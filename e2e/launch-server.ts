import { spawn } from 'node:child_process';
import { once } from 'node:events';

export type Launched = { readonly stop: () => Promise<void> };

/**
 * Starts a server and waits until its port answers.
 *
 * @param env added to this process's environment.
 */
export async function launchServer(
  program: string,
  args: readonly string[],
  port: number,
  env: { readonly [name: string]: string } = {},
): Promise<Launched> {
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4000);
  });
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'close');
    server.kill();
    await ended;
  };
  for (let attempt = 0; attempt < 400; attempt++) {
    if (server.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return { stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${program} did not answer on port ${port}: ${said}`);
}
