import './mask-first.ts';
import { runTask } from './run-task.ts';

/** Put in when the task is bundled. */
declare const SIGNWRIGHT_CLI_SHA256: string;

// The agent goes by the result that it is told, and by the exit code where none reaches it.
void runTask({ directory: import.meta.dirname, sha256: SIGNWRIGHT_CLI_SHA256 }).then((exitCode) => {
  process.exitCode = exitCode;
});
