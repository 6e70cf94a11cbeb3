import { SAID_BY_PEOPLE, SAID_OF_CERTIFICATES } from '@signwright/signing-core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { auditExport, type ExportOptions } from './commands/audit/export.ts';
import { auditExportTiles } from './commands/audit/export-tiles.ts';
import { type AuditInitOptions, type AuditKeyOptions, auditInit, auditKey } from './commands/audit/init.ts';
import { auditList, auditSearch, auditShow, type ListOptions, type SearchOptions } from './commands/audit/list.ts';
import { auditProve, type ProveOptions } from './commands/audit/prove.ts';
import { auditReconcile, type ReconcileOptions } from './commands/audit/reconcile.ts';
import { auditSequence, type SequenceOptions } from './commands/audit/sequence.ts';
import { type AuditVerifyOptions, auditVerify } from './commands/audit/verify.ts';
import { auditWitness, type WitnessOptions } from './commands/audit/witness.ts';
import type { PolicyOptions } from './context/open-policy.ts';
import type { Run } from './context/run.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { outputOption, policyOptions } from './shared-options.ts';

/** The commands about the audit log. */
export function addAudit(audit: Command, finish: Finish, run: Run): void {
  addQuestions(audit, finish, run);
  audit
    .command('init')
    .description('make a key for a log, or for a witness of one, and say what the policy needs to know of it')
    .requiredOption('--name <name>', 'what the log is called, the same for ever: log.acme.example/releases')
    .requiredOption('--key <file>', 'where to put the private key; a file that is there is left alone')
    .option('--witness', "make a witness's key, not a log's")
    .addHelpText('after', example('signwright audit init --name log.acme.example/releases --key keys/log.pem'))
    .action((options: AuditInitOptions) => finish(auditInit(options)));
  audit
    .command('key')
    .description('print the C2SP verifier key of a key that is there already')
    .argument('<file>', 'the public key, or the private one without a passphrase, in PEM')
    .requiredOption('--name <name>', 'what the log is called')
    .option('--witness', "as a witness's key, not a log's")
    .addHelpText('after', example('signwright audit key log.pub --name log.acme.example/releases'))
    .action((file: string, options: AuditKeyOptions) => finish(auditKey(file, options)));
  logCommand(audit, 'sequence', 'put in order what jobs appended, and sign it with the key of the log')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .option(
      '--state <directory>',
      'where this machine keeps what it put in order last, out of reach of whoever writes to the store: no shorter and no other history is signed on top',
    )
    .addHelpText('after', example('signwright audit sequence --state /var/lib/signwright'))
    .action((options: SequenceOptions) => finish(auditSequence(options, run)));
  logCommand(audit, 'verify', 'make the whole log again, and name whatever is not as it was written')
    .option(
      '--since <checkpoint...>',
      'files with checkpoints that were kept elsewhere: what the log said then, it must still say',
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, sound, log, records, findings (severity, code, place, message), more.')
    .addHelpText('after', example('signwright audit verify'))
    .action((options: AuditVerifyOptions) => finish(auditVerify(options)));
  logCommand(audit, 'witness', 'check that the log only grew since this witness looked last, and cosign it')
    .requiredOption('--name <name>', 'the name of the witness, as in its key')
    .requiredOption('--key <file>', 'its private key (Ed25519)')
    .requiredOption('--state <directory>', 'where it keeps what it saw last: out of reach of whoever runs the log')
    .option('--stuck-after <duration>', 'alarm where segments wait longer than this for their order', duration)
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', '\nExit code 1 is an alarm: a rollback, a split view, a log that is stuck.')
    .addHelpText('after', example('signwright audit witness --name witness.acme.example --key witness.pem --state ~/witness'))
    .action((options: WitnessOptions) => finish(auditWitness(options)));
  logCommand(audit, 'prove', 'write the proof that a record is in the log (C2SP tlog-proof), or check one offline')
    .argument('<record>', 'its number or its id; with --check, the file of a proof')
    .option('--out <file>', 'write it there, instead of on stdout')
    .option('--check', 'check a proof offline, by the keys and witnesses of the policy, or by those that are given')
    .option('--verifier-key <key...>', 'with --check and without a policy: the verifier keys of the log')
    .option('--witness <key...>', 'and those of the witnesses who must have cosigned')
    .addHelpText('after', example('signwright audit prove 17 --out record-17.tlog-proof'))
    .action((record: string, options: ProveOptions) => finish(auditProve(record, options)));
}

function addQuestions(audit: Command, finish: Finish, run: Run): void {
  const asked = (name: string, description: string): Command =>
    logCommand(audit, name, description)
      .option('--limit <number>', 'so many at the most', whole, name === 'list' ? 20 : 100)
      .addOption(outputOption(['text', 'json', 'csv']));
  asked('list', 'list the newest requests, each with what came of it')
    .addHelpText('after', LIST_JSON)
    .addHelpText('after', example('signwright audit list --limit 50'))
    .action((options: ListOptions) => finish(auditList(options)));
  logCommand(audit, 'show', 'print all records of one request, whole, as JSON')
    .argument('<request>', 'its id, the beginning of it, or the number of one of its records')
    .addHelpText('after', example('signwright audit show 17'))
    .action((request: string, options: PolicyOptions) => finish(auditShow(request, options, run)));
  asked('search', 'find requests; all of what is given must hold (needs Node 22.13 or newer)')
    .option('--artifact <pattern>', "an artifact's name, or a pattern of names")
    .option('--digest <sha256>', 'of an artifact, the bytes to sign, a signature, evidence or what it is about, or a record')
    .option('--requester <pattern>', 'who asked: any claim of theirs, or the id the CI gives them')
    .option('--certified', 'of --requester, only what a certificate says')
    .option('--pipeline <pattern>', "the CI job's URL, or the repository")
    .option('--key <id>', "what this key signed: a signer of the policy, a public key's file, a key's id or SSH fingerprint")
    .option('--certificate <serial>', 'by its serial number in hex, or its SHA-256')
    .option('--tier <id>', 'the tier that was asked for')
    .option('--environment <id>', 'where it was to go')
    .option('--signer <id>', 'the signer, or the person who approved')
    .addOption(
      new Option('--said <what>', 'what a person said, or became of a certificate').choices([
        ...SAID_BY_PEOPLE,
        ...SAID_OF_CERTIFICATES,
      ]),
    )
    .addOption(new Option('--outcome <outcome>', 'what came of it').choices(['signed', 'failed', 'refused', 'orphan']))
    .option('--event <event>', 'intent, result, refusal, approval, certificate, segment-refused or unknown')
    .option('--request <sha256>', 'the id of a request')
    .option('--since <time>', 'from then on')
    .option('--until <time>', 'before then')
    .option('--cursor <cursor>', 'where the page before ended')
    .option('--index <file>', "where to keep the index (default: in the user's cache)")
    .addHelpText('after', LIST_JSON)
    .addHelpText('after', example('signwright audit search --outcome refused --since 2026-10-01 --until 2026-11-01 --output csv'))
    .action((options: SearchOptions) => finish(auditSearch(options, run)));
  logCommand(audit, 'reconcile', "hold the log against a key's own log: what it signed and nobody recorded is a finding")
    .argument('[file...]', "the key's own log, as its service exports it, gzip or not")
    .requiredOption('--key <key>', "a signer of the policy, a public key's file, or a key's id")
    .addOption(new Option('--format <format>', 'whose log it is').choices(['cloudtrail', 'google', 'azure']))
    .option('--key-name <name>', 'the key, as its service names it: an ARN, a resource name, a URL')
    .option('--since <time>', 'from then on')
    .option('--until <time>', 'before then')
    .option('--counter <time=count...>', "two readings of a token's own counter, instead of files")
    .addOption(new Option('--tolerance <duration>', 'how far the clocks may be apart').argParser(duration).default(60, '60s'))
    .addOption(
      new Option('--longest-run <duration>', 'from an intent to its last use of the key').argParser(duration).default(3600, '1h'),
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, key, segments, uses, records, doubtful, findings, omitted.')
    .addHelpText(
      'after',
      example(
        'signwright audit reconcile --key release --format cloudtrail --key-name arn:aws:kms:… --since 2026-10-01 --until 2026-11-01 trail/*.json.gz',
      ),
    )
    .action((files: string[], options: ReconcileOptions) => finish(auditReconcile(files, options, run)));
  logCommand(audit, 'export', 'write the records in order, each at least once, for other systems')
    .addOption(new Option('--format <format>', 'of each line').choices(['jsonl', 'cloudevents', 'ocsf']).default('jsonl'))
    .option('--to <place>', 'a file to append to, an https URL to post to, or - for stdout', '-')
    .option('--cursor <file>', 'remembers how far it came, and goes on from there')
    .option('--from <number>', 'the record to begin with, where there is no cursor yet', whole, 0)
    .option('--follow', 'go on as records come')
    .addOption(new Option('--every <duration>', 'with --follow, look this often').argParser(duration).default(10, '10s'))
    .option('--header-env <name=variable>', 'a header whose value is in an environment variable: Authorization=TOKEN', header)
    .option('--allow-private', 'let the URL lead into a private network')
    .option('--quiet', 'print no notes on stderr')
    .addHelpText(
      'after',
      example('signwright audit export --format ocsf --to https://siem.acme.example/in --cursor siem.cursor --follow'),
    )
    .action((options: ExportOptions) => finish(auditExport(options, run)));
  logCommand(audit, 'export-tiles', "write the log as plain files that anybody's tools read (C2SP tlog-tiles)")
    .argument('<directory>', 'where to; what was exported there before is held against the log, and added to')
    .addHelpText('after', example('signwright audit export-tiles public/log'))
    .action((directory: string, options: PolicyOptions) => finish(auditExportTiles(directory, options, run)));
}

const LIST_JSON = '\nAs json: version, log, size, next, requests (index, id, record, outcome, result).';

/** A whole number from 0. */
function whole(text: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

function header(text: string): readonly [string, string] {
  const [, name, variable] = /^([A-Za-z0-9-]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
  if (name === undefined || variable === undefined)
    throw new InvalidArgumentError('It is a header and the environment variable with its value, as in Authorization=TOKEN.');
  return [name, variable];
}

/** Options of every command that opens the policy's log. */
function logCommand(audit: Command, name: string, description: string): Command {
  return policyOptions(audit.command(name).description(description));
}

/** A duration such as `90s`, `10m`, `4h`, in seconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''];
  if (count === undefined || seconds === undefined) throw new InvalidArgumentError('It is a duration, as in 90s, 10m or 4h.');
  return Number(count) * seconds;
}
