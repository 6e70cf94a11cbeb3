import type { GitFailure } from './git-error.ts';
import type { Git, GitDirectory } from './run-git.ts';
import type { Changes } from './stage.ts';

export type Author = { readonly name: string; readonly email: string };
export type CommitOptions = { readonly parent: string | undefined; readonly write: string; readonly author: Author };

/**
 * Writes one commit of the changes on its parent, by `git fast-import`: one process, however many files there are.
 *
 * `write` is a random name, so that no two commits are the same one: two processes that wrote the same bytes on the same parent
 * in the same second would otherwise both be told that they were first.
 *
 * @returns the commit's id.
 */
export async function writeCommit(
  git: Git,
  directory: GitDirectory,
  changes: Changes,
  options: CommitOptions,
  failure: GitFailure,
  until: number,
): Promise<string> {
  const args = ['fast-import', '--quiet', '--done', '--force', '--date-format=now'];
  const ran = await git.run(directory, args, { until, input: streamOf(changes, options) });
  const commit = ran.stdout.trim();
  if (ran.status !== 0 || !/^[0-9a-f]{40}$/.test(commit)) throw failure(ran.stderr);
  return commit;
}

/** The stream of git-fast-import(1). Paths are keys, which need no quotes. */
function* streamOf(changes: Changes, { parent, write, author }: CommitOptions): Iterable<string | Uint8Array> {
  yield `commit refs/signwright/written\nmark :1\ncommitter ${author.name} <${author.email}> now\n`;
  yield* dataOf(Buffer.from(messageOf([...changes.keys()], write)));
  if (parent !== undefined) yield `from ${parent}\n`;
  for (const [path, bytes] of changes) {
    yield `M 100644 inline ${path}\n`;
    yield* dataOf(bytes);
  }
  yield '\nget-mark :1\ndone\n';
}

function* dataOf(bytes: Uint8Array): Iterable<string | Uint8Array> {
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield '\n';
}

/** No pipeline is to start for it: GitLab, GitHub and Azure DevOps know the words. */
function messageOf(paths: readonly string[], write: string): string {
  const [first = 'nothing'] = paths;
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
  return `Write ${first.slice(0, 100)}${more} [skip ci]\n\nSignwright-Write: ${write}\n`;
}
