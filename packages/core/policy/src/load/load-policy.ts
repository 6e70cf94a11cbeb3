import { SignwrightError } from '@signwright/signing-core';
import { checkPolicy } from '../check/check-policy.ts';
import type { PolicyFile } from '../generated/policy-file.ts';
import { parsePolicyFile } from '../parse/parse-policy-file.ts';
import { problemAt, type Source, whereOf } from '../parse/source.ts';
import type { FileReader, Layer, Policy, SignerDefinition } from '../policy.ts';
import { MAX_PROBLEMS, PolicyError, type Problem } from '../problem.ts';
import { scopeOf } from '../scope.ts';
import { assemblePolicy } from './assemble-policy.ts';
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
};

/**
 * Reads a policy with all it refers to, and checks it.
 *
 * @param file the policy's file as messages are to name it. The reader is asked for its last part, and for everything else
 * relative to its directory.
 * @param options.now decides whether `mode: observe` is still within its 90 days.
 * @throws PolicyError with everything that is wrong with it, but not what is wrong inside its base; SignwrightError `policy` where
 * too many build on one another; `not-enforced-yet` where it builds on a policy by
 * `url`, `git` or `signed-by`; whatever the reader throws as `unreachable`.
 */
export async function loadPolicy(file: string, read: FileReader, options: { now: Date }): Promise<Policy> {
  const cut = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  const label = (path: string): string => labelOf(file.slice(0, cut), path);
  return assemblePolicy(await loadLayers(file.slice(cut), read, label, options.now, 1));
}

/** The layers from the one everything builds on to the file at `path`. */
async function loadLayers(
  path: string,
  read: FileReader,
  label: (path: string) => string,
  now: Date,
  depth: number,
): Promise<readonly [LoadedLayer, ...LoadedLayer[]]> {
  const { source, content } = parsePolicyFile(await read(path), label(path));
  const directory = path.slice(0, path.lastIndexOf('/') + 1).replace(/\/$/, '');
  const basePath = basePathOf(content, source, directory, depth);
  const bases =
    basePath === undefined
      ? []
      : await loadBase(source, label(basePath), () => loadLayers(basePath, read, label, now, depth + 1));
  const base = bases.at(-1)?.layer;

  const files = await readReferredFiles(content, source, directory, read);
  const scope = scopeOf(content, source, base?.scope);
  const checked = checkPolicy({ content, source, scope, bases: bases.map(({ layer }) => layer), files, now, top: depth === 1 });
  const errors = [...files.problems, ...baseProblems(content, source, base), ...checked.errors];
  if (errors.length > 0) throw new PolicyError(errors);

  const layer: Layer = {
    name: content.name ?? path,
    source,
    content,
    scope,
    digest: policyDigest(content, files, base?.digest),
    rules: rulesOf(content, source, content.name ?? path),
  };
  const signers = signersOf(content, source, scope, files, directory);
  const loaded: LoadedLayer = { layer, files, signers, warnings: checked.warnings, directory };
  return [...bases, loaded] as unknown as readonly [LoadedLayer, ...LoadedLayer[]];
}

/** The file a policy builds on, relative to the top policy's directory. */
function basePathOf(content: PolicyFile, source: Source, directory: string, depth: number): string | undefined {
  const written = content.extends;
  if (written === undefined) return undefined;
  for (const key of ['url', 'git', 'signed-by'] as const) {
    if (written[key] === undefined) continue;
    throw new SignwrightError(
      'not-enforced-yet',
      `extends.${key} is not enforced yet, so nothing can be decided by this policy`,
      {
        where: whereOf(source, ['extends', key]),
        next: 'build on a policy by "file" and "sha256"',
      },
    );
  }
  if (depth >= MAX_LAYERS) {
    const where = whereOf(source, ['extends']);
    throw new SignwrightError('policy', `at most ${MAX_LAYERS} policies may build on one another`, { where });
  }
  return join(directory, written.file ?? '');
}

/**
 * Loads the base. Where that fails, the line that names it is told. What is wrong inside is not: a local file may name any file, and
 * problems quote what they find.
 */
async function loadBase<T>(source: Source, file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const at = (message: string): PolicyError => new PolicyError([problemAt(source, ['extends', 'file'], message)]);
    if (error instanceof PolicyError) throw at(notAPolicy(file, error.problems.length));
    if (error instanceof SignwrightError && error.code === 'configuration') throw at(error.message);
    throw error;
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
