import type { Command } from 'commander';
import { type EvidenceAddOptions, evidenceAdd } from './commands/evidence/add.ts';
import { evidencePull, evidencePush, type PullOptions, type PushOptions } from './commands/evidence/copy.ts';
import { type EvidenceExportOptions, evidenceExport } from './commands/evidence/export.ts';
import { type HoldAddOptions, type HoldOptions, holdAdd, holdList, holdRemove } from './commands/evidence/hold.ts';
import { type EvidenceListOptions, evidenceList } from './commands/evidence/list.ts';
import { evidencePrune, type PruneOptions } from './commands/evidence/prune.ts';
import { type EvidenceVerifyOptions, evidenceVerify } from './commands/evidence/verify.ts';
import type { Run } from './context/run.ts';
import { example, type Finish } from './program-parts.ts';
import { anchorOption, FORMATS, outputOption, POLICY, policyOptions } from './shared-options.ts';

const ARTIFACTS = "files and directories (default: where the policy's patterns begin)";
const STORES = 'a directory, s3://bucket/prefix, git+https://host/repository.git#branch, gitlab://host/group/project';

/** The commands about evidence: where it lies, and what verdicts it gives by itself. */
export function addEvidence(evidence: Command, finish: Finish, run: Run): void {
  aboutArtifacts(evidence, 'list', 'list what the store holds about artifacts: kind, size, until when it is kept, who made it')
    .option('--policy-wide', "list everything in the policy's store")
    .addOption(outputOption(['text', 'json', 'csv']))
    .addHelpText('after', '\nNothing of it is verified; "signwright verify" decides.')
    .addHelpText(
      'after',
      '\nAs json: version, store, retention (enforced, why), evidence (id, kind, bytes, by, about, retainUntil, holds), without.',
    )
    .addHelpText('after', example('signwright evidence list dist/app.tgz'))
    .action((paths: string[], options: EvidenceListOptions) => finish(evidenceList(paths, options, run)));
  inStore(evidence, 'add', "put bundles that others made, such as a vendor's signature, into the policy's store")
    .argument('<bundle...>', 'Sigstore bundles; each must hold under the trust root of the policy, or of one of its identities')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, store, added (file, id, by, about).')
    .addHelpText('after', example('signwright evidence add nginx-1.29.tar.gz.sigstore.json'))
    .action((files: string[], options: EvidenceAddOptions) => finish(evidenceAdd(files, options)));
  addCopies(evidence, finish, run);
  aboutArtifacts(evidence, 'export', 'write one archive of all that verdicts on artifacts rest on; it verifies by itself')
    .requiredOption('--out <file>', 'the archive, a tar; what is there is replaced')
    .option('--release <release>', 'all artifacts of a release that is closed, in place of files: NAME@VERSION')
    .option('--environment <id>', 'with --release, where it was closed for')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, archive, digest, bytes, pieces, policy, artifacts (name, digest).')
    .addHelpText('after', example('signwright evidence export --out release-1.2.0.tar'))
    .action((paths: string[], options: EvidenceExportOptions) => finish(evidenceExport(paths, options, run)));
  addVerify(evidence, finish, run);
  inStore(evidence, 'prune', 'remove evidence that was to be kept and has had its time; never what is retained or held')
    .option('--before <time>', 'only what was to be kept until before then (default: now)')
    .option('--unretained-before <time>', 'also what nobody said how long to keep, if it was last put before then')
    .option('--dry-run', 'only say what would be removed')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, store, dryRun, removed, kept (how many, by reason).')
    .addHelpText('after', example('signwright evidence prune --dry-run'))
    .action((options: PruneOptions) => finish(evidencePrune(options)));
  addHolds(evidence.command('hold').description('legal holds: what stands under one is not removed'), finish, run);
}

function addCopies(evidence: Command, finish: Finish, run: Run): void {
  const json = '\nAs json: version, from, to, copied, present, sent (bytes), retention (enforced, why), without.';
  const copying = (name: string, description: string): Command =>
    aboutArtifacts(evidence, name, description)
      .option('--environment <id>', 'where the artifacts are to go: their tiers there say how long evidence is kept')
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', json);
  copying('push', "copy what verdicts on artifacts rest on from the policy's store to another")
    .requiredOption('--to <store>', STORES)
    .addHelpText('after', example('signwright evidence push --to s3://acme-evidence?region=eu-central-1'))
    .action((paths: string[], options: PushOptions) => finish(evidencePush(paths, options, run)));
  copying('pull', "copy what verdicts on artifacts rest on from another store to the policy's")
    .requiredOption('--from <store>', STORES)
    .addHelpText('after', example('signwright evidence pull --from gitlab://gitlab.acme.example/acme/app'))
    .action((paths: string[], options: PullOptions) => finish(evidencePull(paths, options, run)));
}

function addVerify(evidence: Command, finish: Finish, run: Run): void {
  anchorOption(evidence.command('verify'))
    .description('decide from an archive alone, with no network; without one, check that a store is as it was written')
    .argument('[archive]', 'an archive of "signwright evidence export"')
    .argument('[path...]', 'judge these files of it alone (default: all it is about)')
    .option('--store', 'judge files from a store, not from an archive: all arguments are files')
    .option('--release <release>', 'judge them as artifacts of this release, by the manifest that closes it: NAME@VERSION')
    .option('--policy <policy>', `${POLICY} (default: the one that is kept with the evidence)`)
    .option('--environment <id>', 'where the artifacts are to go, as the policy names it')
    .option('--with-log', "ask the policy's log for rejections too; an archive holds none")
    .option('--at <time>', 'judge as of this time, such as 2036-01-31T12:00:00Z')
    .option(
      '--evidence <store>',
      `with --store, or to check it: ${STORES} (default: the policy's store, else .signwright/evidence)`,
    )
    .addOption(outputOption(FORMATS))
    .option('--quiet', 'print no progress and no notes on stderr')
    .addHelpText('after', '\nWithout --anchor nobody but whoever made the archive says which policy and trust root are right.')
    .addHelpText('after', example('signwright evidence verify release-1.2.0.tar --anchor anchor.yaml --at 2036-01-31'))
    .action((archive: string | undefined, paths: string[], options: EvidenceVerifyOptions) =>
      finish(evidenceVerify([...(archive === undefined ? [] : [archive]), ...paths], options, run)),
    );
}

function addHolds(hold: Command, finish: Finish, run: Run): void {
  const add = hold
    .command('add')
    .description('hold all that the store has about artifacts; what is put later is not under it')
    .argument('<name>', 'of the hold, such as case-2026-17');
  artifactOptions(add)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, store, hold, evidence (ids), enforcement (enforced, why), without.')
    .addHelpText('after', example('signwright evidence hold add case-2026-17 dist/app.tgz'))
    .action((name: string, paths: string[], options: HoldAddOptions) => finish(holdAdd(name, paths, options, run)));
  inStore(hold, 'remove', 'lift a hold from all it stands on')
    .argument('<name>', 'of the hold')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, store, hold, evidence (ids).')
    .addHelpText('after', example('signwright evidence hold remove case-2026-17'))
    .action((name: string, options: HoldOptions) => finish(holdRemove(name, options)));
  inStore(hold, 'list', 'list the holds that stand')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, store, holds (name, evidence).')
    .addHelpText('after', example('signwright evidence hold list'))
    .action((options: HoldOptions) => finish(holdList(options)));
}

function inStore(parent: Command, name: string, description: string): Command {
  return storeOptions(parent.command(name).description(description));
}

function aboutArtifacts(parent: Command, name: string, description: string): Command {
  return artifactOptions(parent.command(name).description(description));
}

function storeOptions(command: Command): Command {
  return policyOptions(command).option(
    '--evidence <store>',
    "where evidence is kept (default: the policy's store, else .signwright/evidence)",
  );
}

function artifactOptions(command: Command): Command {
  return storeOptions(command.argument('[path...]', ARTIFACTS))
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .option('--quiet', 'print no progress and no notes on stderr');
}
