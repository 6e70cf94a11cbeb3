import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { disarming } from './disarm.ts';
import { checkCommand, type Inputs, Refused } from './inputs.ts';

/** One run of the command line. */
export type Step = {
  readonly command: string;
  readonly inputs: Inputs;
  /** Where launch.cjs and signwright.cjs lie. */
  readonly directory: string;
  /** The SHA-256 that signwright.cjs must have, in hex. */
  readonly sha256: string;
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Takes what the command prints, as it comes; nothing in it is a log command of Azure Pipelines. */
  readonly print: (text: string) => void;
};

/** How it ended. */
export type Ended = {
  readonly exitCode: number;
  /** The end of what it wrote to stderr, where errors are. */
  readonly lastWords: string;
};

const DEFECT = 70;
/** Linux takes no variable of more than 128 KiB. */
const MOST_INPUTS = 100 * 1024;
const MOST_LAST_WORDS = 4096;
/** What would have Node run other code first, and what the platform or a workspace said in names of ours. */
const NOT_FOR_IT = /^(NODE_OPTIONS|INPUT_.*)$/i;

/**
 * Runs `signwright job COMMAND` through the launcher, which refuses anything but the command line of this digest. No shell: inputs
 * go through the environment alone.
 *
 * @throws Refused where the command is none of a job, or the inputs are too long.
 */
export async function runCommand(step: Step): Promise<Ended> {
  const { directory, workingDirectory, print } = step;
  const command = checkCommand(step.command);
  const child = spawn(process.execPath, [join(directory, 'launch.cjs'), 'job', command], {
    cwd: workingDirectory,
    env: environmentOf(step),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let lastWords = '';
  const disarm = disarming();
  const show = (text: string): void => print(disarm(text));
  follow(child.stdout, show);
  follow(child.stderr, (text) => {
    lastWords = (lastWords + text).slice(-MOST_LAST_WORDS);
    show(text);
  });
  const stop = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? DEFECT));
    });
    return { exitCode, lastWords };
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
  }
}

function environmentOf({ inputs, directory, sha256, environment }: Step): NodeJS.ProcessEnv {
  const told = JSON.stringify(inputs);
  if (Buffer.byteLength(told) > MOST_INPUTS)
    throw new Refused(
      `the inputs are longer than ${MOST_INPUTS} bytes: name directories in place of their files, and the anchor as a file`,
    );
  const kept = Object.entries(environment).filter(([name]) => !NOT_FOR_IT.test(name));
  return {
    ...Object.fromEntries(kept),
    SIGNWRIGHT_CLI: join(directory, 'signwright.cjs'),
    SIGNWRIGHT_CLI_SHA256: sha256,
    SIGNWRIGHT_INPUTS: told,
  };
}

function follow(stream: NodeJS.ReadableStream, show: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  stream.on('data', (bytes: Buffer) => show(decoder.write(bytes)));
  stream.on('end', () => show(decoder.end()));
}
