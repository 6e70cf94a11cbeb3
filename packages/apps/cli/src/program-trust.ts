import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SignerPublicKeyOptions, type SignerRotateOptions, signerPublicKey, signerRotate } from './commands/signer.ts';
import { type TrustAddOptions, type TrustInitOptions, trustAdd, trustInit, trustShow } from './commands/trust.ts';
import { type TrustSignOptions, trustSign } from './commands/trust-sign.ts';
import { type TrustUpdateOptions, trustUpdate } from './commands/trust-update.ts';
import type { Run } from './context/run.ts';
import { duration } from './program-audit.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { outputOption, policyOptions } from './shared-options.ts';

/** The commands about whom signatures are traced to. */
export function addTrust(trust: Command, finish: Finish, run: Run): void {
  trust
    .command('init')
    .description('make a trial trust domain: a certificate and a timestamp authority for trying things out')
    .requiredOption('--trial', 'a trial domain; there is no other kind to make here')
    .option('--directory <directory>', 'where to make it', '.signwright/trial')
    .option('--repository <url>', 'the repository trial certificates name (default: the origin of this checkout)')
    .option('--ref <ref>', 'the ref they name', 'refs/heads/main')
    .addHelpText('after', example('signwright trust init --trial'))
    .action((options: TrustInitOptions) => finish(trustInit(options)));
  trust
    .command('show')
    .description('list the authorities of a trust root, its edition and its owners')
    .argument('<file>', 'a Sigstore trusted root')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nAs json: version, file, digest, issuersDigest, certificateAuthorities, timestampAuthorities, transparencyLogs, edition, owners.',
    )
    .addHelpText('after', example('signwright trust show trust/trusted-root.json'))
    .action((file: string, options: { output: 'text' | 'json' }) => finish(trustShow(file, options)));
  trust
    .command('add')
    .description('add an authority to a trust root, which is made where it does not exist')
    .argument('<file>', 'a Sigstore trusted root')
    .option('--certificate-authority <pem>', 'a chain that issues signing certificates, issuing one first')
    .addOption(
      new Option('--from-issuer <url>', 'ask a Fulcio or a step-ca for its chain; with --fingerprint').conflicts(
        'certificateAuthority',
      ),
    )
    .option('--fingerprint <sha256>', 'SHA-256 of its root certificate, from somebody who knows it')
    .option('--issuer <url...>', 'the OIDC issuers that chain may assert')
    .option('--without-revocation <duration>', 'its certificates that live no longer (10m) need no answer on revocation')
    .option('--timestamp-authority <pem>', 'the chain of a timestamp authority, its own certificate first')
    .option('--from <date>', 'trusted from here on (default: where its certificate begins)')
    .addHelpText(
      'after',
      example('signwright trust add trust/trusted-root.json --certificate-authority ca.pem --issuer https://gitlab.acme.example'),
    )
    .addHelpText(
      'after',
      '  $ signwright trust add trust/trusted-root.json --from-issuer https://fulcio.acme.example --fingerprint 3f… --issuer https://gitlab.acme.example',
    )
    .action((file: string, options: TrustAddOptions) => finish(trustAdd(file, options, run)));
  policyOptions(trust.command('sign'))
    .description('sign this edition of a trust root as one of its owners; into NAME.sigstore.json, NAME.2.sigstore.json, …')
    .argument('<file>', 'a Sigstore trusted root; NAME.owners.json beside it says who must sign')
    .requiredOption('--name <name>', 'what every edition of it is called')
    .addOption(new Option('--trust-version <number>', 'higher with each edition').argParser(wholeNumber).makeOptionMandatory())
    .requiredOption('--expires <date>', 'from when on it counts no more, such as 2027-06-30')
    .requiredOption('--signer <id>', 'the signer of the policy to sign as')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText(
      'after',
      example('signwright trust sign trust/trusted-root.json --name acme --trust-version 8 --expires 2027-06-30 --signer trust'),
    )
    .action((file: string, options: TrustSignOptions) => finish(trustSign(file, options, run)));
  trust
    .command('update')
    .description('take the next edition of a trust root, if the owners of the one in use have signed it')
    .requiredOption('--from <place>', 'where it lies: a URL, a file, or a directory')
    .option('--root <file>', 'the one in use', 'trust/trusted-root.json')
    .option('--name <name>', 'what it is called, where the one in use was never signed')
    .option('--check', 'only say what would change')
    .option('--allow-private', 'the URL may lead to a private address')
    .addHelpText(
      'after',
      example('signwright trust update --from https://trust.acme.example/trusted-root.json --root trust/trusted-root.json'),
    )
    .action((options: TrustUpdateOptions) => finish(trustUpdate(options, run)));
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1.');
}

/** The commands about the keys of signers. */
export function addSigner(signer: Command, finish: Finish, run: Run): void {
  signer
    .command('public-key')
    .description('print the public key of a key that stays elsewhere, for the policy to pin')
    .argument('<reference>', 'awskms://…, gcpkms://…, azurekms://…, hashivault://…, pkcs11:… or a path')
    .option('--out <file>', 'write it to a new file')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright signer public-key awskms:///alias/release-signing --out trust/release.pub'))
    .action((reference: string, options: SignerPublicKeyOptions) => finish(signerPublicKey(reference, options, run)));
  policyOptions(signer.command('rotate'))
    .description(
      'draft the lines of the policy for a key that was rotated behind its alias, or that another is to take over from',
    )
    .argument('<signer>', "the policy's name of it")
    .option('--to <reference>', 'the key that is to take over (default: looks behind each reference the signer has)')
    .option('--from <time>', 'from when the new key counts (default: now)')
    .addOption(new Option('--overlap <duration>', 'how long both count').argParser(duration).default(7 * 24 * 3600, '7d'))
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', '\nThe public key is written beside the policy; the policy itself is not touched.')
    .addHelpText('after', example('signwright signer rotate release'))
    .action((id: string, options: SignerRotateOptions) => finish(signerRotate(id, options, run)));
}
