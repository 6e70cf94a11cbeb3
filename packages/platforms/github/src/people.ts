import {
  checkCommits,
  checkRunCommit,
  distinctAccounts,
  inParallel,
  isAbsent,
  type JsonObject,
  type PeopleSource,
  type PlatformAccount,
  type Push,
  platformAccount,
  pushersOf,
  runOf,
  verifiedAuthors,
} from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Ask, type GithubOptions, openAsk, WHAT, whereOf } from './ask.ts';
import { numberIn, pullRequestsOf } from './pull-requests.ts';

const AT_ONCE = 8;
const MAX_ATTEMPTS = 100;
const MAX_ACTIVITY_PAGES = 50;
const NONE = '0'.repeat(40);
const ACTIONS = 'actions: read';
const CONTENTS = 'contents: read';

/**
 * Who had a hand in runs and commits on GitHub: the actor of a run, and who triggered its attempts; who pushed a commit first, by the
 * repository's activity (its newest 5,000 entries), and who opened its pull requests.
 */
export function createGithubPeople(options: GithubOptions): PeopleSource {
  const where = whereOf(options);
  return {
    requester: (about) =>
      understand(WHAT, where, async () => {
        const id = runOf(about, /^\d{1,20}$/);
        checkCommits([about.commit]);
        const ask = openAsk(options);
        const run = await ask.get(`/actions/runs/${id}`, ACTIONS);
        checkRunCommit(about, ask.read.text(run['head_sha'], 'head_sha'), where);
        const earlier = await earlierAttempts(ask, id, run);
        const [requester] = accountIn(ask, run, 'actor');
        const others = [run, ...earlier].flatMap((attempt) => accountIn(ask, attempt, 'triggering_actor'));
        return {
          ...(requester === undefined ? {} : { requester }),
          retriers: distinctAccounts(others).filter(({ id: other }) => other !== requester?.id),
          answer: ask.digest(),
        };
      }),

    authors: (commits) =>
      understand(WHAT, where, async () => {
        const wanted = checkCommits(commits);
        const ask = openAsk(options);
        if (wanted.length === 0) return { verified: new Map(), answer: ask.digest() };
        const { entries, complete } = await ask.first('/activity', CONTENTS, MAX_ACTIVITY_PAGES);
        const found = await inParallel([...wanted], AT_ONCE, async (commit) => ({
          parents: [commit, await parentsOf(ask, commit)] as const,
          openers: [commit, await openersOf(ask, commit)] as const,
        }));
        const parents = new Map(found.map((each) => each.parents));
        const openers = new Map(found.map((each) => each.openers));
        const pushes = entries.toReversed().flatMap((entry) => pushIn(ask, entry));
        return { verified: verifiedAuthors(wanted, pushersOf(parents, pushes), openers, complete), answer: ask.digest() };
      }),
  };
}

/** A run's own answer is its last attempt. */
async function earlierAttempts(ask: Ask, id: string, run: JsonObject): Promise<readonly JsonObject[]> {
  const attempts = numberIn(run, 'run_attempt', ask);
  if (attempts > MAX_ATTEMPTS) ask.read.fail('run_attempt', `is more than ${MAX_ATTEMPTS}`);
  const numbers = Array.from({ length: attempts - 1 }, (_, index) => index + 1);
  return inParallel(numbers, AT_ONCE, (number) => ask.get(`/actions/runs/${id}/attempts/${number}`, ACTIONS));
}

function accountIn({ read }: Ask, from: JsonObject, key: string): readonly PlatformAccount[] {
  const account = from[key];
  return isAbsent(account) ? [] : [platformAccount('github', read.record(account, key)['id'])];
}

async function parentsOf(ask: Ask, commit: string): Promise<readonly string[]> {
  const { parents } = await ask.get(`/git/commits/${commit}`, CONTENTS);
  return ask.read
    .list(parents, 'parents')
    .map((each) => ask.read.text(ask.read.record(each, 'parents[]')['sha'], 'parents[].sha'));
}

async function openersOf(ask: Ask, commit: string): Promise<readonly PlatformAccount[]> {
  const requests = await pullRequestsOf(ask, commit);
  return requests.flatMap(({ author }) => (author === undefined ? [] : [platformAccount('github', author)]));
}

/** What moved a branch; where GitHub itself merged, nobody's push did. */
function pushIn(ask: Ask, entry: JsonObject): readonly Push[] {
  const type = ask.read.text(entry['activity_type'], 'activity_type');
  if (type === 'branch_deletion') return [];
  const after = ask.read.text(entry['after'], 'after');
  const before = ask.read.text(entry['before'], 'before');
  const [by] = type === 'pr_merge' || type === 'merge_queue_merge' ? [] : accountIn(ask, entry, 'actor');
  return [{ after, ...(before === NONE ? {} : { before }), ...(by === undefined ? {} : { by }) }];
}
