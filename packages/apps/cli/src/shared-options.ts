import type { Command } from 'commander';
import { Option } from 'commander';

/** What verdicts are printed as. */
export const FORMATS = ['text', 'json', 'junit', 'markdown', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of every command that judges by a policy. */
export type SharedOptions = {
  readonly policy: string;
  readonly environment?: string;
  readonly anchor?: string;
  /** What the anchor says, where it is no file; `anchor` then is what people call it. */
  readonly anchorText?: string;
  readonly evidence?: string;
  /** Where evidence is kept if neither `evidence` nor the policy names a store. */
  readonly evidenceElse?: string;
  readonly output: Format;
  readonly quiet?: true;
};

/** Adds the options every judging command shares, or those of them that are named. */
export function shareOptions(command: Command, formats: readonly string[] = FORMATS): Command {
  return command
    .option('--policy <file>', 'the policy', 'signwright.yaml')
    .option('--environment <id>', 'where the artifacts are to go, as the policy names it')
    .option('--anchor <file>', 'what the policy must be: its digest, name, trust root, from outside of what is judged')
    .option('--evidence <directory>', "where evidence is kept (default: the policy's store, else .signwright/evidence)")
    .addOption(outputOption(formats))
    .option('--quiet', 'print no progress and no notes on stderr');
}

/** `--output`, with `text` where it is not given. */
export function outputOption(formats: readonly string[]): Option {
  return new Option('--output <format>', 'how to print the result').choices([...formats]).default('text');
}
