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
import { mergeRequestsOf } from './merge-requests.ts';
import { type GitlabPeopleOptions, openQuestion, PIPELINE, type Question, WHAT } from './question.ts';
import { referenceOf } from './reference.ts';

const AT_ONCE = 8;
const MAX_EVENT_PAGES = 50;

/**
 * Who had a hand in pipelines and commits on GitLab: the user of a pipeline, and those of its jobs (who retries a job or starts a
 * manual one becomes its user); who pushed a commit first, by the project's events (its newest 5,000 pushes), and who opened its merge
 * requests. Whoever merges is the author of the merge commit, and of nothing it brings.
 */
export function createGitlabPeople(options: GitlabPeopleOptions): PeopleSource {
  const where = referenceOf(options.project);
  const project = options.project.path;
  return {
    requester: (about) =>
      understand(WHAT, where, async () => {
        const id = Number(runOf(about, PIPELINE));
        checkCommits([about.commit]);
        const question = await openQuestion(options);
        const { Jobs, Pipelines } = await import('./gitbeaker.ts');
        const [pipelines, jobs] = [new Pipelines(question.options), new Jobs(question.options)];
        const pipeline = await question.get(`read the pipeline ${id}`, pipelines.show(project, id));
        checkRunCommit(about, question.read.text(pipeline['sha'], 'sha'), where);
        const found = await question.every(`list the jobs of pipeline ${id}`, (at) =>
          jobs.all(project, { pipelineId: id, includeRetried: true, ...at }),
        );
        const [requester] = userOf(question, pipeline);
        const others = distinctAccounts(found.flatMap((job) => userOf(question, job)));
        return {
          ...(requester === undefined ? {} : { requester }),
          retriers: others.filter(({ id: other }) => other !== requester?.id),
          answer: question.digest(),
        };
      }),

    authors: (commits) =>
      understand(WHAT, where, async () => {
        const wanted = checkCommits(commits);
        const question = await openQuestion(options);
        if (wanted.length === 0) return { verified: new Map(), answer: question.digest() };
        const { Commits, Events } = await import('./gitbeaker.ts');
        const [resource, events] = [new Commits(question.options), new Events(question.options)];
        const { entries, complete } = await question.first(
          'list the pushes',
          (at) => events.all({ projectId: project, action: 'pushed', ...at }),
          MAX_EVENT_PAGES,
        );
        const found = await inParallel([...wanted], AT_ONCE, async (commit) => ({
          commit,
          parents: parentsIn(
            question,
            await question.get(`read the commit ${commit}`, resource.show(project, commit, { stats: false })),
          ),
          requests: await mergeRequestsOf(question, project, commit),
        }));
        const parents = new Map(found.map((each) => [each.commit, each.parents]));
        const openers = new Map(
          found.map(({ commit, requests }) => [commit, requests.map(({ author }) => platformAccount('gitlab', author))]),
        );
        const merges = new Set(found.flatMap(({ requests }) => requests.flatMap(({ became }) => became)));
        const pushes = entries.toReversed().flatMap((event) => pushIn(question, event, merges));
        const everyPush = complete && !entries.some((event) => isBulk(question, event));
        return {
          verified: verifiedAuthors(wanted, pushersOf(parents, pushes), openers, everyPush),
          answer: question.digest(),
        };
      }),
  };
}

function userOf({ read }: Question, from: JsonObject): readonly PlatformAccount[] {
  return isAbsent(from['user']) ? [] : [platformAccount('gitlab', read.record(from['user'], 'user')['id'])];
}

function parentsIn({ read }: Question, commit: JsonObject): readonly string[] {
  return read.list(commit['parent_ids'], 'parent_ids').map((parent) => read.text(parent, 'parent_ids[]'));
}

/** What moved a branch. */
function pushIn({ read }: Question, event: JsonObject, merges: ReadonlySet<string>): readonly Push[] {
  const { ref_type: type, commit_from: before, commit_to: after } = read.record(event['push_data'], 'push_data');
  if (type !== 'branch' || isAbsent(after)) return [];
  const tip = read.text(after, 'commit_to');
  const from = isAbsent(before) ? {} : { before: read.text(before, 'commit_from') };
  return [{ ...from, after: tip, by: platformAccount('gitlab', event['author_id']), tipOnly: merges.has(tip) }];
}

/** Of a push of many branches at once GitLab keeps their number alone. */
function isBulk({ read }: Question, event: JsonObject): boolean {
  const { ref_count: count } = read.record(event['push_data'], 'push_data');
  return typeof count === 'number' && count > 0;
}
