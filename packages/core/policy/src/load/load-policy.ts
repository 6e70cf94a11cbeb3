import { SignwrightError } from '@signwright/signing-core';
import { checkPolicy } from '../check/check-policy.ts';
import type { PolicyFile } from '../generated/policy-file.ts';
import { type ParsedFile, parsePolicyFile } from '../parse/parse-policy-file.ts';
import { problemAt, type Source, whereOf } from '../parse/source.ts';
import type { FileReader, Layer, Policy, SignedEdition, SignerDefinition } from '../policy.ts';
import { MAX_PROBLEMS, PolicyError, type Problem } from '../problem.ts';
import { scopeOf } from '../scope.ts';
import { assemblePolicy } from './assemble-policy.ts';
import { addressOf, type BaseReference, baseReferenceOf, type FetchBase, pathIn } from './base-reference.ts';
import { checkBaseSignature } from './base-signature.ts';
import { policyDigest } from './policy-digest.ts';
import { join, type ReferredFiles, readReferredFiles } from './referred-files.ts';
import { rulesOf } from './rules.ts';
import { signersOf } from './signers.ts';

/** How many policies may build on one another. */
const MAX_LAYERS = 5;

/** A layer with what only loading needs. */
export type LoadedLayer = {
  readonly layer: Layer;
  readonly files: ReferredFiles;
  readonly signers: readonly SignerDefinition[];
  readonly warnings: readonly Problem[];
  /** Of its file, relative to the top policy's directory. */
  readonly directory: string;
  /** The edition of its base, where a signature vouches for it. */
  readonly signedBase?: SignedEdition;
};

/** What loading a policy rests on, beside its files. */
export type LoadOptions = {
  /** Decides whether `mode: observe` is still within its 90 days. */
  readonly now: Date;
  /** Fetches what a policy builds on by `url` or `git`. Without it the reader has those files, as that of a snapshot does. */
  readonly fetchBase?: FetchBase;
  /** Where the policy itself was fetched from: it lies in no directory, and names files of that place alone. */
  readonly from?: BaseReference;
};

/**
 * Reads a policy with all it refers to, and checks it.
 *
 * @param file the policy's file as messages are to name it. The reader is asked for its last part, and for everything else
 * relative to its directory. Where it was fetched, `options.from` says what it is called.
 * @throws PolicyError with everything that is wrong with it, but not what is wrong inside its base; SignwrightError `policy` where
 * too many build on one another; whatever the reader, or who fetches, throws as `unreachable`.
 */
export async function loadPolicy(file: string, read: FileReader, options: LoadOptions): Promise<Policy> {
  const { from } = options;
  if (from !== undefined)
    return assemblePolicy(await loadLayers(from.file.replace(/.*\//, ''), placeFrom(from, read, options), 1));
  const cut = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  const label = (path: string): string => labelOf(file.slice(0, cut), path);
  return assemblePolicy(await loadLayers(file.slice(cut), { ...options, read, label }, 1));
}

/** How the files of a layer are read and called. */
type Place = LoadOptions & {
  readonly read: FileReader;
  readonly label: (path: string) => string;
  /** Where they were fetched: whether a file is of that place. */
  readonly has?: (path: string) => boolean;
};

/** The place of the policy itself, its files by their paths relative to it, as those of a policy in a directory. */
function placeFrom(from: BaseReference, read: FileReader, options: LoadOptions): Place {
  const has = (path: string): boolean => pathIn(from, path).startsWith(`${from.directory}/`);
  return { ...options, read, label: (path) => addressOf(from, pathIn(from, path)), has };
}

/** The layers from the one everything builds on to the file at `path`. */
async function loadLayers(path: string, place: Place, depth: number): Promise<readonly [LoadedLayer, ...LoadedLayer[]]> {
  const { read, now } = place;
  const parsed = parsePolicyFile(await read(path), place.label(path));
  const { source, content } = parsed;
  const directory = path.slice(0, path.lastIndexOf('/') + 1).replace(/\/$/, '');
  const found = await findBase(parsed, directory, place, depth);
  const bases = found === undefined ? [] : await loadBase(source, found, () => loadLayers(found.path, found.place, depth + 1));
  const base = bases.at(-1)?.layer;

  const files = await readReferredFiles(content, source, directory, read);
  const signed =
    base === undefined || found === undefined ? undefined : await checkBaseSignature(parsed, base, found.path, files, read);
  const scope = scopeOf(content, source, base?.scope);
  const checked = checkPolicy({
    content,
    source,
    scope,
    bases: bases.map(({ layer }) => layer),
    files,
    now,
    fetched: place.has !== undefined,
    top: depth === 1,
  });
  const ofBase = [...baseProblems(content, source, base), ...(signed?.problems ?? [])];
  const errors = [...files.problems, ...ofBase, ...checked.errors].filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new PolicyError(errors);

  const layer: Layer = {
    name: content.name ?? path,
    source,
    content,
    scope,
    digest: policyDigest(content, files, base?.digest),
    rules: rulesOf(content, source, content.name ?? path),
  };
  const loaded: LoadedLayer = {
    layer,
    files,
    signers: signersOf(content, source, scope, files, directory),
    warnings: [...ofBase.filter(({ severity }) => severity === 'warning'), ...checked.warnings],
    directory,
    ...(signed?.edition === undefined ? {} : { signedBase: signed.edition }),
  };
  return [...bases, loaded] as unknown as readonly [LoadedLayer, ...LoadedLayer[]];
}

/** Where a base is: its path, and how the files around it are read and called. */
type FoundBase = { readonly path: string; readonly place: Place; readonly key: 'file' | 'url' | 'git' };

/** The policy a file builds on, which is fetched where it is elsewhere. */
async function findBase(
  { content, source }: ParsedFile,
  directory: string,
  place: Place,
  depth: number,
): Promise<FoundBase | undefined> {
  const written = content.extends;
  if (written === undefined) return undefined;
  if (depth >= MAX_LAYERS) {
    const where = whereOf(source, ['extends']);
    throw new SignwrightError('policy', `at most ${MAX_LAYERS} policies may build on one another`, { where });
  }
  const reference = baseReferenceOf(written);
  if (reference === undefined) {
    const path = join(directory, written.file ?? '');
    if (place.has?.(path) !== false) return { path, place, key: 'file' };
    throw new PolicyError([
      problemAt(source, ['extends', 'file'], 'a policy that is fetched builds on nothing outside of its place'),
    ]);
  }
  const key = written.url === undefined ? 'git' : 'url';
  if ('problem' in reference) throw new PolicyError([problemAt(source, ['extends', key], reference.problem)]);
  const label = (path: string): string => addressOf(reference, path);
  const path = `${reference.directory}/${reference.file}`;
  await telling(source, key, async () => place.fetchBase?.(reference));
  return { path, place: { ...place, label, has: (one) => one.startsWith(`${reference.directory}/`) }, key };
}

/**
 * Loads the base. Where that fails, the line that names it is told. What is wrong inside is not: a local file may name any file, and
 * problems quote what they find.
 */
async function loadBase<T>(source: Source, { path, place, key }: FoundBase, load: () => Promise<T>): Promise<T> {
  return telling(source, key, async () => {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw new PolicyError([problemAt(source, ['extends', key], notAPolicy(place.label(path), error.problems.length))]);
    }
  });
}

/** Tells of what cannot be used at the line that names the base. */
async function telling<T>(source: Source, key: FoundBase['key'], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
    const next = key === 'file' || error.next === undefined ? '' : ` (${error.next})`;
    throw new PolicyError([problemAt(source, ['extends', key], `${error.message}${next}`)]);
  }
}

function notAPolicy(file: string, problems: number): string {
  const count = problems === 1 ? '1 problem' : `${problems < MAX_PROBLEMS ? '' : 'at least '}${problems} problems`;
  return `${file} is not a valid policy (${count}): see them by signwright policy check ${file}`;
}

function baseProblems(content: PolicyFile, source: Source, base: Layer | undefined): Problem[] {
  if (base === undefined || content.extends?.sha256 === undefined) return [];
  const wanted = content.extends.sha256.replace(/^sha256:/, '');
  if (base.digest === `sha256:${wanted}`) return [];
  const message = `${base.source.file} has the policy digest ${base.digest}, not sha256:${wanted}: compare the two, then write the one you mean`;
  return [problemAt(source, ['extends', 'sha256'], message)];
}

/** A path relative to a directory, after that directory as the user wrote it: `/a/b/` and `../c.yaml` make `/a/c.yaml`. */
function labelOf(directory: string, path: string): string {
  const parent = /^(.*[/\\])?(?!\.\.?[/\\])[^/\\]+[/\\]$/.exec(directory);
  if (!path.startsWith('../') || parent === null) return `${directory}${path}`;
  return labelOf(parent[1] ?? '', path.slice('../'.length));
}
