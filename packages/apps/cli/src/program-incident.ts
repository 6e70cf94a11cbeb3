import type { Command } from 'commander';
import { type IncidentOptions, incident } from './commands/incident.ts';
import type { Run } from './context/run.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { outputOption, policyOptions } from './shared-options.ts';

/** Adds `signwright incident`. */
export function addIncident(command: Command, finish: Finish, run: Run): void {
  policyOptions(command)
    .option('--key <key>', "a key: its id, its reference in the policy, its public key's file, or SHA256:… of an SSH key")
    .option('--certificate <certificate>', 'a certificate, or a CA of the trust root: its file, serial number or sha256:…')
    .option('--workload <id>', 'a workload, as the policy names it')
    .option('--since <time>', "from when on it was not its owner's (default: all of it); alone: whatever was signed from then on")
    .option('--until <time>', 'with --workload, or with --since alone: when it was over')
    .requiredOption('--why <text>', 'what happened, in one line')
    .option('--dry-run', 'only show what is affected and what would be done')
    .option('--reissue', 'issue anew what this machine holds of what is revoked')
    .option('--out <file>', 'write all of the report there too, as JSON')
    .option('--evidence <directory>', "where evidence is kept (default: the policy's store, else .signwright/evidence)")
    .option('--crl-out <directory>', 'where to write CRLs (default: .signwright/crl)')
    .option(
      '--my-key <file>',
      'your SSH key, private or public (default: the first of the agent or ~/.ssh that the policy names)',
    )
    .option('--id-token-file <file>', 'your ID token, to sign with a short-lived certificate instead')
    .option('--authority <signer>', 'the signer of the policy whose CA certifies you; with --id-token-file')
    .option('--passphrase-env <name>', "the environment variable with the passphrase of the CA's key, for its CRL")
    .option('--passphrase-fd <number>', "the open descriptor with the passphrase of the CA's key", descriptor)
    .option('--yes', 'do not ask')
    .option('--quiet', 'print no notes on stderr')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      "\nOnly people of the policy's incident role; --dry-run is for anybody. Steps that were done before are left as they are.",
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done · 3 something could not be reached: what was done stands, run it again · 1 not of the role',
    )
    .addHelpText(
      'after',
      example(
        'signwright incident --workload ci --since 2026-11-01T08:00:00Z --until 2026-11-02 --why "runner 7 was taken over" --dry-run',
      ),
    )
    .action((options: IncidentOptions) => finish(incident(options, run)));
}
