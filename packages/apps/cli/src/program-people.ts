import { type Command, Option } from 'commander';
import { type ApprovalShowOptions, approvalShow } from './commands/approval.ts';
import { type ApproveOptions, approve } from './commands/approve.ts';
import { type CollectOptions, collect } from './commands/collect.ts';
import { type RequestOptions, request } from './commands/request.ts';
import { type ReviewOptions, review } from './commands/review.ts';
import { type WaiveOptions, waive } from './commands/waive.ts';
import type { Run } from './context/run.ts';
import { duration } from './program-audit.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { policyOptions, shareOptions } from './shared-options.ts';

/** Adds the commands by which people are asked, and answer. */
export function addPeople(program: Command, finish: Finish, run: Run): void {
  shareOptions(program.command('request').description('ask for the approvals that artifacts need, and say who may give them'), [
    'text',
  ])
    .argument('[path...]', "files and directories (default: where the policy's patterns begin)")
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .addHelpText('after', example('signwright request dist --environment production'))
    .action((paths: string[], options: RequestOptions) => finish(request(paths, options, run)));

  asPerson(program.command('approve').description('show what a request asks for, and approve, reject or withdraw'))
    .argument('<request>', "the request's id, as the run that needs approvals prints it")
    .option('--only <name...>', 'answer for these artifacts of it alone')
    .addOption(new Option('--reject', 'say that it may not go there; needs --reason').conflicts('withdraw'))
    .addOption(new Option('--withdraw', 'take back what you said of it before'))
    .option('--reason <text>', 'why')
    .addHelpText('after', example('signwright approve sha256:4f1a… --key ~/.ssh/id_ed25519_sk'))
    .action((id: string, options: ApproveOptions) => finish(approve(id, options, run)));

  asPerson(program.command('waive').description('sign that a requirement need not be met, or break the glass'))
    .argument('[requirement]', 'its id as verify shows it, such as approval:security; not with --break-glass')
    .argument('[path...]', 'the artifacts')
    .requiredOption('--reason <text>', 'why')
    .option('--environment <id>', 'where the artifacts are to go')
    .option('--for <duration>', 'how long it counts (default: as long as the policy allows)', duration)
    .option('--break-glass', 'waive all that can be waived, in an emergency: it is told at once and must be reviewed')
    .option('--whole-rule', 'of whatever the rule matches, not of these bytes alone')
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .addHelpText('after', example('signwright waive window dist/app.tgz --environment production --reason "outage 4711"'))
    .action((requirement: string | undefined, paths: string[], options: WaiveOptions) =>
      finish(waive(requirement === undefined ? [] : [requirement, ...paths], options, run)),
    );

  asPerson(program.command('review').description('sign that you looked into why the glass was broken'))
    .argument('<evidence...>', 'what broke it, by the digests that verdicts name')
    .requiredOption('--reason <text>', 'what you found')
    .addHelpText('after', example('signwright review sha256:77ab… --reason "outage 4711, root cause fixed"'))
    .action((ids: string[], options: ReviewOptions) => finish(review(ids, options, run)));

  shareOptions(
    program
      .command('collect')
      .description('as a verifier, sign who wrote it, who asked for it and what a platform knows of approvals'),
    ['text'],
  )
    .argument('[target...]', "a request's id, or files and directories (default: where the policy's patterns begin)")
    .option('--platform <name>', 'gitlab, github, azure-devops or jenkins (default: the one this job runs on)')
    .option('--project <name>', 'the project of Azure DevOps, or the job of Jenkins (default: this one)')
    .option('--run <id>', 'the pipeline, run or build that made it (default: this one)')
    .option('--git <directory>', 'the repository with the whole history', '.')
    .option('--signer <id>', 'the signer of the verifier (default: the one this job may be)')
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright collect sha256:4f1a… --anchor anchor.yaml --run 4711'))
    .action((targets: string[], options: CollectOptions) => finish(collect(targets, options, run)));

  const approval = program.command('approval').description('look at what people signed');
  policyOptions(approval.command('show'))
    .description('print a request or what a person signed, and write what ssh-keygen -Y verify reads')
    .argument('<evidence>', 'its digest, as the command that signed it, verdicts and "signwright evidence list" show it')
    .option('--evidence <directory>', 'where evidence is kept')
    .option('--pae <file>', 'write the exact bytes that were signed')
    .option('--signature <file>', 'write the signature, as ssh-keygen has it')
    .option('--allowed-signers <file>', "write the policy's people and keys, as ssh-keygen reads them")
    .addHelpText(
      'after',
      example(
        'signwright approval show sha256:77ab… --pae approval.pae --signature approval.sig --allowed-signers allowed\n  $ ssh-keygen -Y verify -f allowed -I ann -n https://signwright.dev/approval/v1 -O verify-time=20261231160000Z -s approval.sig < approval.pae',
      ),
    )
    .action((evidence: string, options: ApprovalShowOptions) => finish(approvalShow(evidence, options)));
}

/** Adds the options of every command that a person signs with. */
export function asPerson(command: Command): Command {
  return policyOptions(command)
    .option('--evidence <directory>', "where evidence is kept (default: the policy's store, else .signwright/evidence)")
    .option('--key <file>', 'your SSH key, private or public (default: the first of the agent or ~/.ssh that the policy names)')
    .option('--id-token-file <file>', 'your ID token, to sign with a short-lived certificate instead')
    .option('--authority <signer>', 'the signer of the policy whose CA certifies you; with --id-token-file')
    .addOption(
      new Option('--held <directory>', 'sign with the certificate that "signwright cert hold" has put there').conflicts([
        'key',
        'idTokenFile',
      ]),
    )
    .option('--passphrase-env <name>', "the environment variable with the passphrase of the certificate's key; with --held")
    .option(
      '--passphrase-fd <number>',
      "the open descriptor with the passphrase of the certificate's key; with --held",
      descriptor,
    )
    .option('--yes', 'do not ask')
    .option('--quiet', 'print no notes on stderr');
}
