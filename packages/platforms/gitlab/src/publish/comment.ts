import { type JsonObject, SignwrightError } from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { WHAT } from '../question.ts';
import { referenceOf } from '../reference.ts';
import { type GitlabPublishOptions, openPublishing, type Published, type Publishing } from './open-publishing.ts';

/** A comment that is on a merge request once, whatever was written before. */
export type MergeRequestComment = {
  /** Its number in the project. */
  readonly mergeRequest: number;
  /** Tells this comment from others of ours: `[a-z0-9:._-]`. It is in the comment, where nobody sees it. */
  readonly key: string;
  /** GitLab's Markdown. */
  readonly body: string;
};

const PERMISSION =
  'use an access token with the scope api and the role Reporter in the project of the merge request (CI_JOB_TOKEN may not comment)';
const KEY = /^[A-Za-z0-9:._-]{1,200}$/;
const MAX_BODY = 200_000;

/**
 * Writes a comment on a merge request, or updates the one that has its key
 * (https://docs.gitlab.com/api/notes/#merge-requests). A comment with the key that somebody else wrote is left alone: who may comment
 * could otherwise have theirs taken for ours.
 *
 * @throws SignwrightError `configuration` where the token may not, `unreachable` where GitLab cannot be told.
 */
export async function commentOnMergeRequest(options: GitlabPublishOptions, comment: MergeRequestComment): Promise<Published> {
  const { mergeRequest, key } = comment;
  if (!KEY.test(key)) throw new SignwrightError('usage', 'the key of a comment is letters, digits, ":", ".", "_" and "-"');
  const project = options.project.path;
  const body = textOf(comment);
  return understand(WHAT, referenceOf(options.project), async () => {
    const publishing = await openPublishing(options, PERMISSION);
    const { MergeRequestNotes, Users } = await import('../gitbeaker.ts');
    const notes = new MergeRequestNotes(publishing.options);
    const user = await publishing.tell('say whose token it is', new Users(publishing.options).showCurrentUser());
    const mine = publishing.id(publishing.object(user)['id']);
    const isOurs = (note: JsonObject): boolean => isBy(note, mine) && begins(note, markerOf(key));
    const { entries, complete } = await publishing.pages(
      `list the comments of !${mergeRequest}`,
      (at) => notes.all(project, mergeRequest, { sort: 'asc', orderBy: 'created_at', ...at }),
      (page) => page.some(isOurs),
    );
    const ours = entries.find(isOurs);
    if (ours === undefined && !complete) throw tooMany(publishing, mergeRequest);
    if (ours === undefined) {
      await publishing.tell(`comment on !${mergeRequest}`, notes.create(project, mergeRequest, body));
      return 'made';
    }
    if (ours['body'] === body) return 'unchanged';
    const id = publishing.id(ours['id']);
    await publishing.tell(`update the comment on !${mergeRequest}`, notes.edit(project, mergeRequest, id, { body }));
    return 'updated';
  });
}

function markerOf(key: string): string {
  return `<!-- signwright ${key} -->\n`;
}

/** No line of it is a quick action, such as /approve, which GitLab would do in the name of the token. */
function textOf({ key, body }: MergeRequestComment): string {
  const whole = body.replace(/^([ \t>]*)\//gm, '$1&#47;');
  if (whole.length <= MAX_BODY) return `${markerOf(key)}\n${whole}`;
  const cut = whole.slice(0, MAX_BODY);
  return `${markerOf(key)}\n${cut.slice(0, cut.lastIndexOf('\n') + 1)}\n… the rest is in the artifacts of the job.\n`;
}

function isBy({ author, system }: JsonObject, user: number): boolean {
  return (
    system !== true &&
    typeof author === 'object' &&
    author !== null &&
    !Array.isArray(author) &&
    (author as JsonObject)['id'] === user
  );
}

function begins({ body }: JsonObject, marker: string): boolean {
  return typeof body === 'string' && body.startsWith(marker);
}

function tooMany({ where }: Publishing, mergeRequest: number): SignwrightError {
  return new SignwrightError('unreachable', `!${mergeRequest} has more comments than are read, and ours is not among the first`, {
    where,
    next: 'open a new merge request, or turn comments off',
  });
}
