import type { Command } from 'commander';
import { Option } from 'commander';
import type { PolicyOptions } from './context/open-policy.ts';

/** What verdicts are printed as. */
export const FORMATS = ['text', 'json', 'junit', 'markdown', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of every command that judges by a policy. */
export type SharedOptions = PolicyOptions & {
  readonly environment?: string;
  readonly evidence?: string;
  readonly output: Format;
  readonly quiet?: true;
};

/** Adds the options every judging command shares, or those of them that are named. */
export function shareOptions(command: Command, formats: readonly string[] = FORMATS): Command {
  return policyOptions(command)
    .option('--environment <id>', 'where the artifacts are to go, as the policy names it')
    .option('--evidence <directory>', "where evidence is kept (default: the policy's store, else .signwright/evidence)")
    .addOption(outputOption(formats))
    .option('--quiet', 'print no progress and no notes on stderr');
}

/** Which policy is meant, and what it must be. */
export function policyOptions(command: Command): Command {
  const policy = new Option('--policy <policy>', POLICY);
  return anchorOption(
    command.addOption(
      policy.default(process.env['SIGNWRIGHT_POLICY'] || 'signwright.yaml', '$SIGNWRIGHT_POLICY, else signwright.yaml'),
    ),
  );
}

/** What `--policy` takes. */
export const POLICY = 'the policy: a file, or with --anchor where it is fetched from: an https URL, or REPOSITORY.git#REF:FILE';

/** `--anchor`. */
export function anchorOption(command: Command): Command {
  const anchor = new Option(
    '--anchor <anchor>',
    'what the policy must be, from outside of what is judged: a file with its digest, name, trust root, or that text',
  );
  return command.addOption(anchor.default(process.env['SIGNWRIGHT_ANCHOR'] || undefined, '$SIGNWRIGHT_ANCHOR'));
}

/** `--output`, with `text` where it is not given. */
export function outputOption(formats: readonly string[]): Option {
  return new Option('--output <format>', 'how to print the result').choices([...formats]).default('text');
}
