import { EXIT, reportError } from './exit.ts';
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
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  try {
    await createProgram(stop.signal).parseAsync(argv);
  } catch (error) {
    process.exitCode = isCommander(error) ? error.exitCode : reportError(error, process.stderr);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Whoever reads our output may stop reading. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Commander has already told the user; help and version are no failure. Told by its code, as a bundler renames classes. */
function isCommander(error: unknown): error is { exitCode: number } {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');
}
