import { hashFiles } from '@signwright/files';
import type { Policy } from '@signwright/policy';
import { checkName, parseSha256, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactFile, findArtifacts } from './find-artifacts.ts';
import { showProgress } from './progress.ts';
import type { Run } from './run.ts';

/** An artifact by its bytes: what the policy calls it, its digest, and the file where there is one here. */
export type ArtifactInHand = { readonly name: string; readonly digest: Sha256; readonly file?: ArtifactFile };

export type ArtifactOptions = { readonly digest?: string; readonly name?: string; readonly quiet?: true };

/** The artifacts a command is about: files, hashed, or the one thing that `--digest` and `--name` stand for. */
export async function artifactsInHand(
  policy: Policy,
  paths: readonly string[],
  options: ArtifactOptions,
  evidence: string,
  run: Run,
): Promise<ArtifactInHand[]> {
  if (options.digest !== undefined) return [byDigest(paths, options.digest, options.name)];
  const files = await findArtifacts(policy, paths, evidence, run.signal);
  if (files.length === 0)
    throw new SignwrightError('usage', 'there are no files to look at', {
      next: 'name the files or directories, as in "signwright verify dist"',
    });
  if (options.name === undefined) return hashed(files, options, run);
  if (files.length > 1)
    throw new SignwrightError('usage', `--name names one artifact, and ${files.length} files are given`, {
      next: 'give one file',
    });
  const [artifact] = await hashed(files, options, run);
  return [{ ...(artifact as ArtifactInHand), name: checkName(options.name) }];
}

function byDigest(paths: readonly string[], digest: string, name: string | undefined): ArtifactInHand {
  if (paths.length > 0)
    throw new SignwrightError('usage', '--digest stands for one artifact, and files are given too', {
      next: 'give one or the other',
    });
  if (name === undefined)
    throw new SignwrightError('usage', '--digest needs --name', { next: 'add --name with what the policy calls the artifact' });
  return { name: checkName(name), digest: parseSha256(digest) };
}

/** Hashes files, showing progress. */
async function hashed(files: readonly ArtifactFile[], options: { readonly quiet?: true }, run: Run): Promise<ArtifactInHand[]> {
  const total = { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
  const progress = showProgress('hashing', total, options.quiet ?? false);
  try {
    const results = await hashFiles(files, { onProgress: (done) => progress.update(done), signal: run.signal });
    return files.map((file, index) => ({ name: file.name, digest: results[index]?.digest as Sha256, file }));
  } finally {
    progress.end();
  }
}
