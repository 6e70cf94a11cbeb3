import { type Command, Option } from 'commander';
import { duration } from './program-parts.ts';

/** Adds the options of every rotation. */
export function rotationOptions(command: Command, what: string): Command {
  return command
    .option('--from <time>', `from when the new ${what} counts (default: now)`)
    .addOption(new Option('--overlap <duration>', 'how long both count').argParser(duration).default(7 * 24 * 3600, '7d'))
    .option('--write', 'edit the policy; without it only what would change is shown');
}
