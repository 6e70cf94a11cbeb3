import { spawn } from 'node:child_process';

/** Something the person at the machine can do something about; its message says what. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

export type RunOptions = { readonly environment?: NodeJS.ProcessEnv; readonly minutes?: number };

/** Runs a program without a shell and keeps the end of what it said, for the message if it fails. */
export async function run(
  program: string,
  args: readonly string[],
  { environment = process.env, minutes = 1 }: RunOptions = {},
): Promise<void> {
  const child = spawn(program, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: minutes * 60_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  const keep = (text: string): void => {
    said = (said + text).slice(-2000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const outcome = await new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : signal === null ? `exit code ${code}` : `ended by ${signal}`),
    );
  });
  if (outcome !== undefined) {
    const last = said.trim().split('\n').slice(-3).join(' | ');
    throw new Failure(`"${[program, ...args].join(' ')}" failed: ${outcome}${last === '' ? '' : `: ${last}`}`);
  }
}
