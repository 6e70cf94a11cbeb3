import { EXIT, reportError } from './exit.ts';
import { VERSION } from './version.ts';

/** Runs the command line; sets the process's exit code and never throws. */
export async function run(argv: readonly string[]): Promise<void> {
  if (argv.length === 3 && (argv[2] === '--version' || argv[2] === '-V')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
    process.stderr.write('\nstopping; once more to stop at once\n');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    const { createProgram } = await import('./program.ts');
    await createProgram(stop.signal).parseAsync(argv);
  } catch (error) {
    process.exitCode = isCommander(error) ? error.exitCode : reportError(error, process.stderr);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Commander has already told the user; help and version are no failure. */
function isCommander(error: unknown): error is { exitCode: number } {
  return error instanceof Error && error.name === 'CommanderError' && 'exitCode' in error;
}
