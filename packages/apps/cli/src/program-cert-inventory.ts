import { type Command, Option } from 'commander';
import { IMPORT_FORMATS } from './certificates/read-imports.ts';
import { EXPORT_FORMATS } from './certificates/write-listing.ts';
import { type CertAlertsOptions, certAlerts } from './commands/cert/alerts.ts';
import { type CertDescribeOptions, certDescribe } from './commands/cert/describe.ts';
import { type CertExportOptions, certExport } from './commands/cert/export.ts';
import { type CertFindOptions, certFind } from './commands/cert/find.ts';
import { type CertImportOptions, certImport } from './commands/cert/import.ts';
import { type CertListOptions, certList } from './commands/cert/list.ts';
import { type CertShowOptions, certShow } from './commands/cert/show.ts';
import type { Run } from './context/run.ts';
import { duration } from './program-audit.ts';
import { example, type Finish } from './program-parts.ts';
import { outputOption, policyOptions } from './shared-options.ts';

const STATUSES = ['reserved', 'not-yet-valid', 'valid', 'expired', 'revoked'];
const NAMED = "a certificate's digest, its serial number in hex, or a file with it";

/** The commands about which certificates there are. */
export function addCertInventory(cert: Command, finish: Finish, run: Run): void {
  listing(cert, 'list', 'list every certificate that is known: whose it is, what for, until when, who used it last')
    .addOption(outputOption(['text', 'json']))
    .addOption(new Option('--export <format>', 'print all of it, instead of --output').choices(EXPORT_FORMATS))
    .option('--fail-on-findings', 'exit with 1 where one listed has no owner or no purpose')
    .addHelpText('after', '\nAs json: version, inventory, at, total, findings, usage, certificates (docs/inventory.md).')
    .addHelpText('after', example('signwright cert list --expires-within 14d --environment production'))
    .action((options: CertListOptions) => finish(certList(options, run)));
  usage(policyOptions(cert.command('show').description('show all that is known of one certificate')))
    .argument('<certificate>', NAMED)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', example('signwright cert show 3f:0a:91:…'))
    .action((named: string, options: CertShowOptions) => finish(certShow(named, options, run)));
  listing(cert, 'export', 'write the inventory for other systems')
    .addOption(
      new Option('--format <format>', 'of it; ocsf has an event of OCSF 1.9 a line').choices(EXPORT_FORMATS).default('csv'),
    )
    .option('--out <file>', 'where to; what is there is replaced (default: stdout)')
    .addHelpText('after', example('signwright cert export --format ocsf --out certificates.jsonl'))
    .action((options: CertExportOptions) => finish(certExport(options, run)));
  use(policyOptions(cert.command('import').description('take certificates into the inventory that others issued')))
    .argument('<file...>', 'what "cert export" writes as CSV or JSON, or certificates in PEM, DER or PKCS#7')
    .addOption(new Option('--format <format>', 'of the files (default: by what is in them)').choices(IMPORT_FORMATS))
    .addHelpText('after', '\nAll of them are taken, or none where a line of one is wrong. Doing it again adds nothing.')
    .addHelpText('after', example('signwright cert import vendor.pem --owner team-payments --purpose "payment terminals"'))
    .action((files: string[], options: CertImportOptions) => finish(certImport(files, options)));
  use(
    policyOptions(cert.command('find').description('look for certificates that others issued, and take them into the inventory')),
  )
    .option('--evidence [store]', "in an evidence store (default: the policy's)")
    .option('--path <path...>', 'in files, and in all files below directories')
    .option('--pkcs11 <uri...>', 'on a PKCS#11 token: pkcs11:token=TOKEN?module-path=/usr/lib/…')
    .option('--kms', 'by the keys that the policy names in KMSes and on tokens: which certificates are of them')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, added, completed, known, keys (with --kms), unread.')
    .addHelpText('after', example('signwright cert find --evidence --path /etc/pki/tls/certs'))
    .action((options: CertFindOptions) => finish(certFind(options, run)));
  policyOptions(cert.command('describe').description('say whose a certificate is, or what for'))
    .argument('<certificate>', NAMED)
    .option('--owner <owner>', 'whose it is')
    .option('--purpose <purpose>', 'what for')
    .addHelpText('after', example('signwright cert describe 3f0a91… --owner team-payments --purpose "payment terminals"'))
    .action((named: string, options: CertDescribeOptions) => finish(certDescribe(named, options)));
  policyOptions(
    cert.command('alerts').description('tell of certificates that end soon, each once for each threshold of the policy'),
  )
    .option('--ci', 'print them as warnings of the CI that runs this')
    .option('--dry-run', 'only say what is new: tell nobody, and write nothing down')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing new · 1 something is · 3 somebody could not be told, and will be the next time.',
    )
    .addHelpText('after', '\nAs json: version, alerts (digest, serial, notAfter, threshold in seconds, owner, purpose).')
    .addHelpText('after', example('signwright cert alerts --ci'))
    .action((options: CertAlertsOptions) => finish(certAlerts(options)));
}

function listing(cert: Command, name: string, description: string): Command {
  return usage(policyOptions(cert.command(name).description(description)))
    .addOption(new Option('--status <status...>', 'only those that are this').choices(STATUSES))
    .addOption(new Option('--expires-within <duration>', 'only valid ones that end so soon, as 14d or 8h').argParser(duration))
    .option('--profile <id>', 'only those of a profile')
    .option('--owner <owner>', 'only those of an owner')
    .option('--authority <id>', 'only those of an authority of the policy')
    .option('--environment <id>', 'only those that may sign for an environment: it is named, or none is')
    .addOption(new Option('--without <what...>', 'only those that have none').choices(['owner', 'purpose']));
}

function usage(command: Command): Command {
  return command
    .option('--usage', 'exit with 3 where the audit log cannot be read (default: say so)')
    .option('--no-usage', 'leave the audit log unread: who used them last, and how often, is not known then');
}

function use(command: Command): Command {
  return command
    .option('--owner <owner>', 'whose those are that do not say')
    .option('--purpose <purpose>', 'what those are for that do not say')
    .option('--environment <id...>', 'where those may sign for that do not say');
}
