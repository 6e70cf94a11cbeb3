import { type Command, Option } from 'commander';
import { type CertApproveOptions, certApprove } from './commands/cert/approve.ts';
import { type CertCrlOptions, certCrl } from './commands/cert/crl.ts';
import { type CertHoldOptions, certHold } from './commands/cert/hold.ts';
import { type CertInitOptions, certInit } from './commands/cert/init.ts';
import { type CertIntermediateOptions, certIntermediate } from './commands/cert/intermediate.ts';
import { type CertIssueOptions, certIssue } from './commands/cert/issue.ts';
import { type CertRenewOptions, certRenew } from './commands/cert/renew.ts';
import { type CertRequestOptions, certRequest } from './commands/cert/request.ts';
import { type CertRevokeOptions, certRevoke, REASONS } from './commands/cert/revoke.ts';
import type { Run } from './context/run.ts';
import { duration } from './program-audit.ts';
import { addCertInventory } from './program-cert-inventory.ts';
import { descriptor, example, type Finish, repeated } from './program-parts.ts';
import { asPerson } from './program-people.ts';
import { outputOption, policyOptions } from './shared-options.ts';

const PLATFORMS = ['gitlab', 'github', 'azure-devops', 'jenkins', 'kubernetes', 'generic'];
const FORMATS = ['text', 'json'];

/** Adds the commands about certificates: who issues them, to whom, and how they end. */
export function addCert(cert: Command, finish: Finish, run: Run): void {
  addAuthority(cert, finish, run);
  addIssuing(cert, finish, run);
  addRevoking(cert, finish, run);
  addCertInventory(cert, finish, run);
}

function addAuthority(cert: Command, finish: Finish, run: Run): void {
  passphrase(policyOptions(cert.command('init')), "the root's key")
    .description('make a CA of our own: an offline root, and the intermediate that issues')
    .requiredOption('--authority <id>', 'the CA, as the policy names it under certificates.authorities')
    .requiredOption('--root-key <file>', "a new file for the root's key, encrypted; to be taken offline")
    .requiredOption('--organization <name>', 'whose CA it is, as its certificates say')
    .requiredOption('--issuer <url>', 'an OIDC issuer it may assert; repeat for more', repeated)
    .option('--key-passphrase-env <name>', "the environment variable with the passphrase of the intermediate's key")
    .option('--root-validity <duration>', 'how long the root lives (default: 10 years)', duration)
    .option('--validity <duration>', 'how long the intermediate lives (default: 5 years)', duration)
    .option('--root-crl <url>', "where the root's CRL, of intermediates, will be published")
    .addHelpText(
      'after',
      example(
        'signwright cert init --authority acme --root-key /media/usb/root.pem --passphrase-env ROOT_PASSPHRASE --organization Acme --issuer https://gitlab.acme.example',
      ),
    )
    .action((options: CertInitOptions) => finish(certInit(options, run)));

  passphrase(policyOptions(cert.command('intermediate')), "the root's key")
    .description("have an offline root certify one more key: the policy's key of a CA; it joins those in the trust root")
    .requiredOption('--authority <id>', 'the CA, as the policy names it under certificates.authorities')
    .requiredOption('--root-key <file>', "the root's key")
    .option('--issuer <url>', 'an OIDC issuer it may assert; repeat for more (default: as the one before it)', repeated)
    .option('--key-passphrase-env <name>', "the environment variable with the passphrase of the CA's key")
    .option('--validity <duration>', 'how long it lives (default: 5 years)', duration)
    .option('--root-crl <url>', "where the root's CRL is published (default: as the one before it says)")
    .addHelpText(
      'after',
      example('signwright cert intermediate --authority acme-2 --root-key /media/usb/root.pem --passphrase-env ROOT_PASSPHRASE'),
    )
    .action((options: CertIntermediateOptions) => finish(certIntermediate(options, run)));

  passphrase(policyOptions(cert.command('crl')), "the CA's key, or the root's")
    .description("make the CRLs of our own CAs, and write them to files for any web server; needs the CA's key")
    .addOption(new Option('--authority <id>', 'of this CA alone').conflicts('rootKey'))
    .option('--root-key <file>', 'of the root of this key, which tells of intermediates')
    .option('--lifetime <duration>', 'with --root-key: how long it counts (default: 90 days)', duration)
    .option('--out <directory>', 'where to write them (default: .signwright/crl)')
    .option('--if-due', 'make one only where something was revoked since, or two thirds of its life are over')
    .addOption(outputOption(FORMATS))
    .addHelpText('after', example('signwright cert crl --if-due --out /var/www/crl'))
    .action((options: CertCrlOptions) => finish(certCrl(options, run)));
}

function addIssuing(cert: Command, finish: Finish, run: Run): void {
  asPerson(cert.command('request'))
    .description('as a person, ask for a certificate of a profile; --passphrase-env is for its key')
    .requiredOption('--profile <id>', 'the profile, as the policy names it')
    .requiredOption('--out <file>', 'where to write the signed request')
    .addOption(new Option('--new-key <file>', 'make its key, in a new file').conflicts('certificateKey'))
    .option('--certificate-key <reference>', 'its key, where there is one: awskms://…, pkcs11:… or a path')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      example('signwright cert request --profile approvers --new-key ~/.signwright/approver.key --out request.json'),
    )
    .action((options: CertRequestOptions) => finish(certRequest(options, run)));

  asPerson(cert.command('approve'))
    .description('as somebody else of its roles, sign that a person is to have a certificate')
    .argument('<request>', 'the signed request')
    .option('--out <file>', 'where to write what you sign (default: beside the request)')
    .addHelpText('after', example('signwright cert approve request.json'))
    .action((file: string, options: CertApproveOptions) => finish(certApprove(file, options, run)));

  passphrase(policyOptions(cert.command('issue')), "the CA's key or the certificate's")
    .description("issue a certificate: to the job that runs it; or, where the CA's key is, to another job or a person")
    .option('--profile <id>', 'the profile, as the policy names it')
    .option('--request <file...>', 'the request that a person signed, and what somebody else signed of it')
    .option('--key <reference>', 'its key, where there is one (default: a new key in a file)')
    .option('--csr <file>', 'the request of another job, with its ID token')
    .option('--id-token-file <file>', 'the ID token of another job; of a person where another CA wants it')
    .addOption(new Option('--platform <name>', 'with --id-token-file: whose token it is').choices(PLATFORMS).default('generic'))
    .option('--directory <directory>', 'where it is held (default: where the signer with this profile looks)')
    .option('--out <file>', 'with --request and --csr: where to write it')
    .option('--evidence <directory>', "where evidence is kept (default: the policy's store, else .signwright/evidence)")
    .addOption(outputOption(FORMATS))
    .option('--quiet', 'print no notes on stderr')
    .addHelpText('after', example('signwright cert issue --profile ci'))
    .action((options: CertIssueOptions) => finish(certIssue(options, run)));

  passphrase(policyOptions(cert.command('hold')), 'the key')
    .description('put a certificate that was issued to you, with its key, where commands find it')
    .requiredOption('--certificate <file>', 'the certificate, in PEM')
    .requiredOption('--key <reference>', 'its key: awskms://…, pkcs11:… or a path')
    .requiredOption('--profile <id>', 'its profile, as the policy names it')
    .option('--directory <directory>', 'where it is held (default: .signwright/held/PROFILE)')
    .addHelpText(
      'after',
      example('signwright cert hold --certificate ann.pem --key ~/.signwright/approver.key --profile approvers'),
    )
    .action((options: CertHoldOptions) => finish(certHold(options, run)));

  passphrase(policyOptions(cert.command('renew')), "the CA's key or the certificate's")
    .description('renew what is held here and has passed two thirds of its life; safe from a scheduler')
    .option('--profile <id>', 'of this profile alone')
    .option('--all', 'everything that is held here')
    .option(
      '--jitter <duration>',
      'wait so long at the most before it begins, 0s for not at all (default: 10m without a terminal)',
      duration0,
    )
    .addOption(outputOption(FORMATS))
    .option('--quiet', 'print no notes on stderr')
    .addHelpText('after', example('signwright cert renew --all'))
    .action((options: CertRenewOptions) => finish(certRenew(options, run)));
}

/** A duration, or none. */
function duration0(text: string): number {
  return /^0[smhd]?$/.test(text) ? 0 : duration(text);
}

function addRevoking(cert: Command, finish: Finish, run: Run): void {
  asPerson(cert.command('revoke'))
    .description("revoke certificates, as a person of the policy's incident role; --passphrase-env is for the CA's key")
    .option('--serial <hex>', 'the one with this serial number')
    .option('--issued-by <id>', 'with --serial: of this CA, as the policy names it')
    .option('--certificate <file>', 'this one, in PEM or DER')
    .option('--certificate-key <key>', 'all of this key: its id, its reference, or the file of its public key')
    .option('--owner <text>', 'all that somebody answers for')
    .option('--workload <id>', 'all that were issued to this workload or person; with --since')
    .option('--since <time>', 'with --workload: since then')
    .addOption(new Option('--reason <reason>', 'why, as CRLs say it').choices([...REASONS]).makeOptionMandatory())
    .requiredOption('--why <text>', 'what happened, for people')
    .option('--invalid-from <time>', "since when the key may not have been its owner's")
    .option('--dry-run', 'only say which would be revoked')
    .option('--out <directory>', 'where to write CRLs (default: .signwright/crl)')
    .addOption(outputOption(FORMATS))
    .addHelpText(
      'after',
      '\nkeyCompromise, unspecified and privilegeWithdrawn void all they signed (from --invalid-from on); superseded, cessationOfOperation and affiliationChanged only what they sign from now on.',
    )
    .addHelpText(
      'after',
      example('signwright cert revoke --serial 4f1a… --reason keyCompromise --why "found in a build log" --dry-run'),
    )
    .action((options: CertRevokeOptions) => finish(certRevoke(options, run)));
}

function passphrase(command: Command, what: string): Command {
  return command
    .option('--passphrase-env <name>', `the environment variable with the passphrase of ${what}`)
    .option('--passphrase-fd <number>', `the open descriptor with the passphrase of ${what}`, descriptor);
}
