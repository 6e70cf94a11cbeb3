import {
  checkCommits,
  checkRunCommit,
  distinctAccounts,
  inParallel,
  isAbsent,
  type JsonObject,
  type PeopleSource,
  type PlatformAccount,
  runOf,
  SignwrightError,
  verifiedAuthors,
} from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Ask, type AzureDevopsOptions, BUILD, openAsk, WHAT, whereOf } from './ask.ts';

const AT_ONCE = 8;
const COMMITS_A_QUERY = 100;
const BUILD_SCOPE = 'Build (read)';
const CODE_SCOPE = 'Code (read)';

/**
 * Who had a hand in builds and commits on Azure DevOps: whom a build is requested for, and by whom it was queued where that is somebody
 * else; who pushed a commit, by the push each commit came with, and who opened its pull requests. Who runs a failed stage again is not
 * told by Azure DevOps.
 */
export function createAzureDevopsPeople(options: AzureDevopsOptions): PeopleSource {
  const where = whereOf(options);
  return {
    requester: (about) =>
      understand(WHAT, where, async () => {
        const id = runOf(about, BUILD);
        checkCommits([about.commit]);
        const ask = openAsk(options);
        const build = await ask.get(`/build/builds/${id}?api-version=7.1`, BUILD_SCOPE);
        checkRunCommit(about, ask.read.text(build['sourceVersion'], 'sourceVersion').toLowerCase(), where);
        const [requester] = accountIn(ask, build, 'requestedFor');
        const queued = accountIn(ask, build, 'requestedBy');
        return {
          ...(requester === undefined ? {} : { requester }),
          retriers: queued.filter(({ id: other }) => other !== requester?.id),
          answer: ask.digest(),
        };
      }),

    authors: (commits) =>
      understand(WHAT, where, async () => {
        const wanted = checkCommits(commits);
        const ask = openAsk(options);
        if (wanted.length === 0) return { verified: new Map(), answer: ask.digest() };
        const repository = `/git/repositories/${encodeURIComponent(repositoryOf(options))}`;
        const found = await inParallel([...wanted], AT_ONCE, async (commit) => {
          const { push } = await ask.get(`${repository}/commits/${commit}?api-version=7.1`, CODE_SCOPE);
          return [commit, isAbsent(push) ? [] : accountIn(ask, ask.read.record(push, 'push'), 'pushedBy')] as const;
        });
        const pushers = new Map(found.flatMap(([commit, [pusher]]) => (pusher === undefined ? [] : [[commit, pusher] as const])));
        const openers = await openersOf(ask, repository, wanted);
        return { verified: verifiedAuthors(wanted, pushers, openers, false), answer: ask.digest() };
      }),
  };
}

function repositoryOf({ repository, ...options }: AzureDevopsOptions): string {
  if (repository && !/^\.{1,2}$/.test(repository)) return repository;
  throw new SignwrightError('configuration', 'Azure DevOps is not asked about commits without a repository', {
    where: whereOf(options),
    next: 'name the repository by its id or name',
  });
}

function accountIn(ask: Ask, from: JsonObject, key: string): readonly PlatformAccount[] {
  return isAbsent(from[key]) ? [] : [ask.account(from[key], key)];
}

/** Who opened pull requests by commit: those it came in, and those it is the merge of (REST: Pull Request Query – Get). */
async function openersOf(
  ask: Ask,
  repository: string,
  commits: readonly string[],
): Promise<ReadonlyMap<string, readonly PlatformAccount[]>> {
  const { read } = ask;
  const openers = new Map<string, readonly PlatformAccount[]>();
  for (let at = 0; at < commits.length; at += COMMITS_A_QUERY) {
    const items = commits.slice(at, at + COMMITS_A_QUERY);
    const queries = ['commit', 'lastMergeCommit'].map((type) => ({ type, items }));
    const { results } = await ask.post(`${repository}/pullrequestquery?api-version=7.1`, CODE_SCOPE, { queries });
    for (const result of read.list(results, 'results'))
      for (const [commit, requests] of Object.entries(read.record(result, 'results[]'))) {
        const people = read.list(requests, commit).flatMap((each) => accountIn(ask, read.record(each, commit), 'createdBy'));
        openers.set(commit, distinctAccounts([...(openers.get(commit) ?? []), ...people]));
      }
  }
  return openers;
}
