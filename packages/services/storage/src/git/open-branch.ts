import { SignwrightError } from '@signwright/signing-core';
import { type Branch, createBranch } from './branch.ts';
import { basicOf, type Environment, gitEnvironment, type Token } from './environment.ts';
import { createGitFailure } from './git-error.ts';
import { createObjectReader } from './read-objects.ts';
import type { GitReference } from './reference.ts';
import { createRemote, type Directories } from './remote.ts';
import { openRepository } from './repository.ts';
import { createGit, type Git } from './run-git.ts';
import { createSnapshots, type FetchObjects, type Snapshot } from './snapshot.ts';
import { createTidy } from './tidy.ts';
import { createTurns, shareTurn } from './turns.ts';
import type { Author } from './write-commit.ts';

/** A branch with the copy of it that this machine has. */
export type OpenBranch = {
  readonly branch: Branch;
  /** The store as the newest commit known has it. */
  snapshot(): Snapshot;
  /** Keeps the copy quick to read; to be called now and then. */
  tidy(): Promise<void>;
};
export type OpenOptions = GitReference & {
  readonly cache: string | undefined;
  readonly deadline: number;
  readonly token: Token | undefined;
  readonly author: Author;
  readonly environment: Environment;
  readonly where: string;
};

const AUTHOR = /^[^<>\p{Cc}]{1,200}$/u;
const OLDEST = [2, 31] as const;

/** Opens the branch: when this returns, its head is the one at the server. Throws as the store does. */
export async function openBranch(options: OpenOptions, until: number): Promise<OpenBranch> {
  const { url, deadline, token, author, environment, where } = options;
  if (!AUTHOR.test(author.name) || !AUTHOR.test(author.email)) {
    throw new SignwrightError('configuration', 'the author of commits has characters that git does not take', {
      next: 'write a name and an address without <, > and control characters',
    });
  }
  const stall = ['http.lowSpeedLimit=1', `http.lowSpeedTime=${Math.ceil(deadline / 1000) + 1}`];
  const git = createGit(gitEnvironment(url, environment, token), [
    ...stall,
    ...(token === undefined ? [] : ['credential.helper=']),
  ]);
  const failure = createGitFailure(where, token === undefined ? [] : [token.secret, basicOf(token)]);
  const asOf = performance.now();
  const { repository, made } = await openRepository(options, options.cache, async (building) => {
    await checkVersion(git, building, until);
    return createRemote(git, options, building, failure).fetchBranch(until, 1);
  });
  const remote = createRemote(git, options, repository, failure);
  const named = { author, where, url, name: options.branch };
  const branch = createBranch(git, repository, remote, failure, named, { head: made?.head, asOf });
  if (made === undefined) await branch.refresh(until);

  const reader = createObjectReader(() => git.start(repository.work, ['cat-file', '--batch']), deadline);
  const snapshots = createSnapshots(reader, fetchTogether(remote.fetchObjects, deadline), where);
  let last: { head: string | undefined; snapshot: Snapshot } | undefined;
  return {
    branch,
    snapshot(): Snapshot {
      const { head } = branch;
      if (last === undefined || last.head !== head) last = { head, snapshot: snapshots(head) };
      return last.snapshot;
    },
    tidy: createTidy(git, repository.talk),
  };
}

/** Blobs that are asked for while others are fetched are fetched at once. */
function fetchTogether(fetch: (ids: readonly string[], until: number) => Promise<void>, deadline: number): FetchObjects {
  let wanted: string[] = [];
  const fetchWanted = shareTurn(createTurns(), () => {
    const ids = [...new Set(wanted)];
    wanted = [];
    return fetch(ids, performance.now() + deadline);
  });
  return (ids) => {
    wanted.push(...ids);
    return fetchWanted();
  };
}

async function checkVersion(git: Git, { work }: Directories, until: number): Promise<void> {
  const { stdout } = await git.run(work, ['version'], { until });
  const [major = 0, minor = 0] = (/^git version (\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new SignwrightError('configuration', `this git is too old: ${JSON.stringify(stdout.trim().slice(0, 100))}`, {
    next: `install git ${OLDEST.join('.')} or later`,
  });
}
