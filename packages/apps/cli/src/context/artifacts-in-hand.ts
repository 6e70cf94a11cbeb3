import { hashFiles } from '@signwright/files';
import type { Policy } from '@signwright/policy';
import { checkName, parseSha256, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactFile, findArtifacts } from './find-artifacts.ts';
import { showProgress } from './progress.ts';
import type { Run } from './run.ts';

/** An artifact by what the policy calls it: a file here, or the digest of what is elsewhere. */
export type NamedArtifact = {
  readonly name: string;
  /** Whether the user named it, and it was not only met on the way. */
  readonly explicit: boolean;
} & ({ readonly file: ArtifactFile } | { readonly file?: undefined; readonly digest: Sha256 });

/** An artifact by its bytes. */
export type ArtifactInHand = NamedArtifact & { readonly digest: Sha256 };

export type ArtifactOptions = { readonly digest?: string; readonly name?: string; readonly quiet?: true };

/** The artifacts a command is about: files, or the one thing that `--digest` and `--name` stand for. No bytes are read. */
export async function nameArtifacts(
  policy: Pick<Policy, 'patterns'>,
  paths: readonly string[],
  options: ArtifactOptions,
  stores: readonly string[],
  run: Run,
): Promise<NamedArtifact[]> {
  if (options.digest !== undefined) return [byDigest(paths, options.digest, options.name)];
  const { files, passedOver } = await findArtifacts(policy, paths, stores, run.signal);
  if (passedOver.length > 0 && !options.quiet) {
    process.stderr.write(
      `not looked at: ${[...passedOver].sort().join(', ')} of the working directory (name them to look there)\n`,
    );
  }
  if (files.length === 0) {
    throw new SignwrightError('usage', 'there are no files to look at', {
      next: 'name the files or directories, as in "signwright verify dist"',
    });
  }
  if (options.name === undefined) return files.map((file) => ({ name: file.name, explicit: file.explicit, file }));
  const [file, ...more] = files;
  if (!file || more.length > 0) {
    throw new SignwrightError('usage', `--name names one artifact, and ${files.length} files are given`, {
      next: 'give one file',
    });
  }
  return [{ name: checkName(options.name), explicit: true, file }];
}

function byDigest(paths: readonly string[], digest: string, name: string | undefined): ArtifactInHand {
  if (paths.length > 0) {
    throw new SignwrightError('usage', '--digest stands for one artifact, and files are given too', {
      next: 'give one or the other',
    });
  }
  if (name === undefined) {
    throw new SignwrightError('usage', '--digest needs --name', { next: 'add --name with what the policy calls the artifact' });
  }
  return { name: checkName(name), explicit: true, digest: parseSha256(digest) };
}

/** Hashes the files among artifacts, several at once, and shows progress. */
export async function hashArtifacts<T extends NamedArtifact>(
  artifacts: readonly T[],
  options: { readonly quiet?: true },
  run: Run,
): Promise<(T & { readonly digest: Sha256 })[]> {
  const files = artifacts.flatMap(({ file }) => file ?? []);
  const total = { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
  const progress = showProgress('hashing', total, options.quiet ?? false);
  try {
    const hashed = await hashFiles(files, { onProgress: (done) => progress.update(done), signal: run.signal });
    let next = 0;
    return artifacts.map((artifact) => ({
      ...artifact,
      digest: artifact.file ? (hashed[next++]?.digest as Sha256) : artifact.digest,
    }));
  } finally {
    progress.end();
  }
}
