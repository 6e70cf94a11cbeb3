import type { Command } from 'commander';
import { type DrillOptions, drill } from './commands/drill.ts';
import type { Run } from './context/run.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { outputOption, policyOptions } from './shared-options.ts';

/** Adds the command that rehearses failure. */
export function addDrill(command: Command, finish: Finish, run: Run): void {
  policyOptions(command)
    .argument('[scenario...]', 'which failures (default: all)')
    .option('--list', 'name the scenarios, and do nothing')
    .option('--environment <id>', 'rehearse only what may go there')
    .option('--artifact <name>', 'rehearse an artifact of this name, in place of one for each tier')
    .addOption(outputOption(['text', 'json', 'junit']))
    .option('--out <file>', 'write the report there')
    .option('--signer <id>', 'sign the report as this signer of the real policy, beside --out: FILE.sigstore.json')
    .option('--keep', 'keep the signed report in the evidence store', undefined)
    .option('--evidence <directory>', "which store that is (default: the policy's)")
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .option('--quiet', 'print no progress and no notes on stderr')
    .addHelpText('after', '\nExits 1 where a control let something through, 3 where something could not be rehearsed.')
    .addHelpText('after', '\nAs json: version, result, at, program, policy, substituted, artifacts (baseline, scenarios).')
    .addHelpText('after', example('signwright drill --environment production --output junit --out drill.xml'))
    .action((names: string[], options: DrillOptions) => finish(drill(names, options, run)));
}
