import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { Claims } from '../release-part.ts';
import { CI_BUILD } from './source-repository.ts';

/** Something the build, or the builder, took in. */
export type Dependency = {
  readonly uri: string;
  /** Hex by algorithm: `sha256`, `gitCommit`. */
  readonly digest: { readonly [algorithm: string]: string };
  readonly name?: string;
};

/** A build as its own job tells it, and as much of that as a certificate bears out. */
export type BuildRun = {
  /** The CI platform's address: `https://gitlab.acme.example`. */
  readonly builder: string;
  /** `https://host/path` of the source, its ref and its commit. */
  readonly repository?: string;
  readonly ref?: string;
  readonly commit?: string;
  /** What the signer's certificate says of the job, in the policy's words (`repository`, `ref`, `runner` …); absent where a key signs. */
  readonly certified?: Claims;
  readonly requester?: string;
  /** The machine it ran on, as the job names it. */
  readonly agent?: string;
  readonly dependencies?: readonly Dependency[];
  readonly builderDependencies?: readonly Dependency[];
  /** The job's address. */
  readonly invocation?: string;
  readonly startedOn?: Date;
  readonly finishedOn?: Date;
};

/** The field that lists, as JSON pointers (RFC 6901), what the job says of itself … */
export const SELF_ASSERTED = 'https://signwright.dev/self-asserted';
/** … and the one that lists what its certificate says. */
export const CERTIFIED = 'https://signwright.dev/certified';

/**
 * SLSA provenance v1 of a build, told by the build's own job: SLSA Build L1. Every value in it is under {@link SELF_ASSERTED} or
 * {@link CERTIFIED}; docs/attestations.md describes the build type.
 *
 * @throws SignwrightError `verification` where the job says another repository or ref than its certificate, `invalid-input` for a
 * commit, digest or address that is none.
 */
export function writeProvenance(run: BuildRun): JsonObject {
  const certified = run.certified ?? {};
  const repository = agreed('repository', run.repository, certified);
  const ref = agreed('ref', run.ref, certified);
  if (!URL.canParse(run.builder)) fail(`the builder ${quoted(run.builder)} is no address`);
  const source = sourceOf(repository, ref, run.commit);
  const predicate = {
    buildDefinition: {
      buildType: CI_BUILD,
      externalParameters: { ...optional('repository', repository), ...optional('ref', ref) },
      internalParameters: {
        ...optional('requester', run.requester),
        ...optional('agent', run.agent),
        ...(run.certified === undefined ? {} : { certificate: { ...run.certified } }),
      },
      resolvedDependencies: [...source, ...(run.dependencies ?? []).map(dependency)],
    },
    runDetails: {
      builder: {
        id: run.builder,
        ...(run.builderDependencies === undefined ? {} : { builderDependencies: run.builderDependencies.map(dependency) }),
      },
      metadata: {
        ...optional('invocationId', run.invocation),
        ...optional('startedOn', run.startedOn?.toISOString()),
        ...optional('finishedOn', run.finishedOn?.toISOString()),
      },
    },
  };
  return { ...predicate, ...marked(predicate, certified) };
}

/** What both say, or the one that says it. */
function agreed(name: 'repository' | 'ref', said: string | undefined, certified: Claims): string | undefined {
  const proven = certified[name];
  if (proven !== undefined && said !== undefined && proven !== said) {
    throw new SignwrightError(
      'verification',
      `the job says its ${name} is ${quoted(said)}, and its certificate ${quoted(proven)}`,
      {
        next: 'make the provenance in the job that built, with its own variables as the platform set them',
      },
    );
  }
  return proven ?? said;
}

function sourceOf(repository: string | undefined, ref: string | undefined, commit: string | undefined): JsonObject[] {
  if (commit !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) fail(`the commit ${quoted(commit)} is none`);
  if (repository === undefined || commit === undefined) return [];
  return [{ uri: `git+${repository}${ref === undefined ? '' : `@${ref}`}`, digest: { gitCommit: commit } }];
}

function dependency({ uri, digest, name }: Dependency): JsonObject {
  const entries = Object.entries(digest);
  if (uri === '') fail('a dependency has no address');
  if (entries.length === 0) fail(`the dependency ${quoted(uri)} has no digest`);
  for (const [algorithm, hex] of entries) {
    if (!/^(?:[0-9a-f]{2}){16,64}$/.test(hex))
      fail(`the ${algorithm} of the dependency ${quoted(uri)} is no digest in lower-case hex`);
  }
  return { uri, digest: { ...digest }, ...optional('name', name) };
}

/** Sorts each value by who vouches for it: the certificate for its own claims and what was taken from them, the job for the rest. */
function marked(predicate: JsonObject, certified: Claims): JsonObject {
  const pointers = pointersIn(predicate, '').filter((pointer) => pointer !== '/buildDefinition/buildType');
  const isCertified = (pointer: string): boolean =>
    pointer.startsWith('/buildDefinition/internalParameters/certificate/') ||
    Object.keys(certified).some((name) => pointer === `/buildDefinition/externalParameters/${name}`);
  return {
    [CERTIFIED]: pointers.filter(isCertified),
    [SELF_ASSERTED]: pointers.filter((pointer) => !isCertified(pointer)),
  };
}

/** To each value; to a list as a whole, for it may be long and one vouches for all of it. */
function pointersIn(value: Json, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pointersIn(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

function optional<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: string };
}

function fail(message: string): never {
  throw new SignwrightError('invalid-input', message, { next: 'give it as the CI platform has it' });
}
