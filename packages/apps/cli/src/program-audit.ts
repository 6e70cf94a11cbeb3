import { type Command, InvalidArgumentError } from 'commander';
import { auditInit, auditKey } from './commands/audit/init.ts';
import { auditProve } from './commands/audit/prove.ts';
import { auditSequence } from './commands/audit/sequence.ts';
import { auditVerify } from './commands/audit/verify.ts';
import { auditWitness } from './commands/audit/witness.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { outputOption } from './shared-options.ts';

/** The commands about the audit log. */
export function addAudit(audit: Command, finish: Finish): void {
  audit
    .command('init')
    .description('make a key for a log, or for a witness of one, and say what the policy needs to know of it')
    .requiredOption('--name <name>', 'what the log is called, the same for ever: log.acme.example/releases')
    .requiredOption('--key <file>', 'where to put the private key; a file that is there is left alone')
    .option('--witness', "make a witness's key, not a log's")
    .addHelpText('after', example('signwright audit init --name log.acme.example/releases --key keys/log.pem'))
    .action((options) => finish(auditInit(options)));
  audit
    .command('key')
    .description('print the C2SP verifier key of a key that is there already')
    .argument('<file>', 'the public key, or the private one without a passphrase, in PEM')
    .requiredOption('--name <name>', 'what the log is called')
    .option('--witness', "as a witness's key, not a log's")
    .addHelpText('after', example('signwright audit key log.pub --name log.acme.example/releases'))
    .action((file, options) => finish(auditKey(file, options)));
  logCommand(audit, 'sequence', 'put in order what jobs appended, and sign it with the key of the log')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright audit sequence'))
    .action((options) => finish(auditSequence(options)));
  logCommand(audit, 'verify', 'make the whole log again, and name whatever is not as it was written')
    .option(
      '--since <checkpoint...>',
      'files with checkpoints that were kept elsewhere: what the log said then, it must still say',
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, sound, log, records, findings (severity, code, place, message), more.')
    .addHelpText('after', example('signwright audit verify'))
    .action((options) => finish(auditVerify(options)));
  logCommand(audit, 'witness', 'check that the log only grew since this witness looked last, and cosign it')
    .requiredOption('--name <name>', 'the name of the witness, as in its key')
    .requiredOption('--key <file>', 'its private key (Ed25519)')
    .requiredOption('--state <directory>', 'where it keeps what it saw last: out of reach of whoever runs the log')
    .option('--stuck-after <duration>', 'alarm where segments wait longer than this for their order', duration)
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', '\nExit code 1 is an alarm: a rollback, a split view, a log that is stuck.')
    .addHelpText('after', example('signwright audit witness --name witness.acme.example --key witness.pem --state ~/witness'))
    .action((options) => finish(auditWitness(options)));
  logCommand(audit, 'prove', 'write the proof that a record is in the log (C2SP tlog-proof), or check one offline')
    .argument('<record>', 'its number or its id; with --check, the file of a proof')
    .option('--out <file>', 'write it there, instead of on stdout')
    .option('--check', 'check a proof by the keys and witnesses of the policy')
    .addHelpText('after', example('signwright audit prove 17 --out record-17.tlog-proof'))
    .action((record, options) => finish(auditProve(record, options)));
}

/** Options of every command that opens the policy's log. */
function logCommand(audit: Command, name: string, description: string): Command {
  return audit.command(name).description(description).option('--policy <file>', 'the policy', 'signwright.yaml');
}

/** A duration such as `90s`, `10m`, `4h`, in seconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''];
  if (count === undefined || seconds === undefined) throw new InvalidArgumentError('It is a duration, as in 90s, 10m or 4h.');
  return Number(count) * seconds;
}
