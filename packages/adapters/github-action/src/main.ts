import { runAction } from './run-action.ts';

/** Put in when the action is bundled. */
declare const SIGNWRIGHT_CLI_SHA256: string;

void runAction({
  directory: import.meta.dirname,
  sha256: SIGNWRIGHT_CLI_SHA256,
  workingDirectory: process.cwd(),
  environment: process.env,
  write: (text) => void process.stdout.write(text),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
