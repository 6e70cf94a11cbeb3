import type { Command } from 'commander';
import { type ReleaseCloseOptions, releaseClose } from './commands/release/close.ts';
import { releaseSchema } from './commands/release/schema.ts';
import { type ReleaseShowOptions, releaseShow } from './commands/release/show.ts';
import { type ReleaseVerifyOptions, releaseVerify } from './commands/release/verify.ts';
import type { Run } from './context/run.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { shareOptions } from './shared-options.ts';

const NAME = 'the release: NAME@VERSION';
const EXPECT = 'what the release must have: whose parts, over which artifacts (YAML or JSON)';
const JSON_KEYS =
  '\nAs json: version, release, environment, closed (manifest, by, at, parts, artifacts), result, parts, artifacts, leftOut, outcomes.';

/** The commands about releases that several pipelines contribute to. */
export function addRelease(release: Command, finish: Finish, run: Run): void {
  shareOptions(
    release.command('close').description('sign the manifest over all parts of a release, when it has all it must have'),
    ['text', 'json'],
  )
    .argument('<release>', NAME)
    .requiredOption('--expect <file>', EXPECT)
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', '\nExit code 4 while parts or signatures are missing; closing again over the same parts signs nothing.')
    .addHelpText('after', JSON_KEYS)
    .addHelpText('after', example('signwright release close app@1.2.0 --expect release.yaml --environment production'))
    .action((name: string, options: ReleaseCloseOptions) => finish(releaseClose(name, options, run)));

  shareOptions(release.command('show').description('show the parts of a release, who signed them, and what is missing'), [
    'text',
    'json',
  ])
    .argument('<release>', NAME)
    .option('--expect <file>', `${EXPECT}; the exit code is then what closing it now would give`)
    .addHelpText('after', JSON_KEYS)
    .addHelpText('after', example('signwright release show app@1.2.0 --expect release.yaml'))
    .action((name: string, options: ReleaseShowOptions) => finish(releaseShow(name, options)));

  shareOptions(
    release.command('verify').description('decide whether a release is closed and whole, and each artifact of it may go there'),
  )
    .argument('<release>', NAME)
    .argument('[path...]', 'files, which must be of the release (default: all its artifacts, by their digests)')
    .option('--at <time>', 'judge as of this time, such as 2026-01-31T12:00:00Z')
    .option('--digest <sha256>', 'judge something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the release calls the one artifact given')
    .addHelpText('after', example('signwright release verify app@1.2.0 dist --environment production --anchor anchor.yaml'))
    .action((name: string, paths: string[], options: ReleaseVerifyOptions) => finish(releaseVerify(name, paths, options, run)));

  release
    .command('schema')
    .description('print the JSON Schema of files for --expect, for editors')
    .addHelpText('after', example('signwright release schema > release.schema.json'))
    .action(() => finish(releaseSchema()));
}
