import { repositoryAddress } from '../describe-job.ts';
import { quoted } from '../formats/quoted.ts';
import type { FieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { listOrNone, words } from './scanners/scanner-report.ts';

/** The type of build our own provenance tells of; see docs/attestations.md. */
export const CI_BUILD = 'https://signwright.dev/build-types/ci/v1';

/** Where build types write the repository that was built, as each documents it. */
const NAMED_AT: { readonly [buildType: string]: readonly string[] } = {
  [CI_BUILD]: ['repository'],
  'https://actions.github.io/buildtypes/workflow/v1': ['workflow', 'repository'],
  'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1': ['workflow', 'repository'],
  'https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1': ['source'],
};

/** The repository that was built, and the commit. */
export type BuiltSource = { readonly repository: string; readonly commit: string };

/**
 * The repository that was built: the one the build type names among its parameters, which must be among the dependencies with a
 * commit; of other build types the only dependency that has one. A build may fetch from many repositories, and must not pass for one of each.
 *
 * @returns why there is none, as text.
 */
export function builtSource(
  read: FieldReader,
  buildType: string,
  parameters: JsonObject,
  dependencies: Json | undefined,
): BuiltSource | string {
  const path = 'buildDefinition.resolvedDependencies';
  const fetched = listOrNone(read, dependencies, path).flatMap((value, at) => {
    const entry = read.record(value, `${path}[${at}]`);
    const digest = entry['digest'] === undefined ? {} : read.record(entry['digest'], `${path}[${at}].digest`);
    const uri = entry['uri'] === undefined ? undefined : words(read, entry['uri'], `${path}[${at}].uri`);
    const commit = digest['gitCommit'];
    const repository = uri === undefined ? undefined : repositoryIn(uri);
    if (commit === undefined || repository === undefined) return [];
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(read.text(commit, `${path}[${at}].digest.gitCommit`)))
      read.fail(`${path}[${at}].digest.gitCommit`, 'is no commit');
    return [{ repository, commit: commit as string }];
  });
  const keys = NAMED_AT[buildType];
  if (keys === undefined) {
    const [only, ...others] = fetched;
    if (only === undefined) return 'it names no commit of a repository among its dependencies';
    return others.length === 0
      ? only
      : `it names ${fetched.length} repositories, and its build type ${quoted(buildType)} is not known, so which was built cannot be told`;
  }
  const named = namedIn(parameters, keys);
  const repository = named === undefined ? undefined : repositoryIn(named);
  if (repository === undefined) return `it names no repository as externalParameters.${keys.join('.')}`;
  return (
    fetched.find((one) => one.repository === repository) ?? `it names no commit of ${quoted(repository)} among its dependencies`
  );
}

/** The `https://host/path` of a repository as provenance writes it: `git+https://host/path.git@refs/heads/main`. */
function repositoryIn(uri: string): string | undefined {
  const plain = uri.replace(/^git\+/, '');
  // A ref follows the path after "@" or "#"; before the first "/" of a URL an "@" ends a user's name.
  return repositoryAddress(/^[a-z]+:\/\/[^/]*\/[^@#?]*/.exec(plain)?.[0] ?? plain);
}

function namedIn(parameters: JsonObject, keys: readonly string[]): string | undefined {
  let value: Json | undefined = parameters;
  for (const key of keys) {
    value = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject)[key] : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}
