import type { Command } from 'commander';
import { drill } from './commands/drill.ts';
import type { Run } from './context/run.ts';
import { example, type Finish } from './program-parts.ts';
import { policyOptions } from './shared-options.ts';

/** Adds the command that rehearses failure. */
export function addDrill(command: Command, finish: Finish, run: Run): void {
  policyOptions(command)
    .argument('[scenario...]', 'which failures (default: all; --list names them)')
    .option('--environment <id>', 'only what may go there')
    .option('--artifact <name>', 'an artifact of this name, in place of one for each tier')
    .addHelpText('after', example('signwright drill --environment production'))
    .action((names, options) => finish(drill(names, options, run)));
}
