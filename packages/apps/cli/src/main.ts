import { EXIT, reportError } from './exit.ts';
import { printNote } from './print-lines.ts';
import { createProgram } from './program.ts';

/** Runs the command line; sets the process's exit code and never throws. */
export async function run(argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
    process.stderr.write('\nstopping; once more to stop at once\n');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const end = watchOutput();
  try {
    await createProgram(stop.signal, end).parseAsync(argv);
  } catch (error) {
    end(isCommander(error) ? error.exitCode : reportError(error));
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/**
 * Watches what becomes of the output: a result that nobody got is inconclusive, whatever it was. Whoever reads it may stop reading,
 * and notes may be lost.
 *
 * @returns sets the exit code.
 */
function watchOutput(): (exitCode: number) => void {
  let lost = false;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || lost) return;
    lost = true;
    process.exitCode = EXIT.inconclusive;
    printNote(`error: the output could not be written: ${error.message}`);
  });
  return (exitCode) => {
    process.exitCode = lost ? EXIT.inconclusive : exitCode;
  };
}

/** Commander has already told the user; help and version are no failure. Told by its code, as a bundler renames classes. */
function isCommander(error: unknown): error is { exitCode: number } {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');
}
