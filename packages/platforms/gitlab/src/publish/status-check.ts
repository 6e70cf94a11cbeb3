import { understand } from '@signwright/transport';
import { WHAT } from '../question.ts';
import { referenceOf } from '../reference.ts';
import { type GitlabPublishOptions, openPublishing } from './open-publishing.ts';

/** What an external status check of a merge request is to say. */
export type StatusCheck = {
  /** Its number in the project. */
  readonly mergeRequest: number;
  /** The head of its source branch. */
  readonly commit: string;
  /** The id of the check, which an owner of the project made. */
  readonly check: number;
  readonly status: 'passed' | 'failed' | 'pending';
};

const PERMISSION =
  'external status checks need GitLab Ultimate, a check of this id in the project, the newest commit of the merge request, and an access ' +
  'token with the scope api and the role Developer';

/**
 * Sets an external status check (https://docs.gitlab.com/api/status_checks/#set-status-of-an-external-status-check).
 *
 * @throws SignwrightError `configuration` where the licence or the token does not allow it, `unreachable` where GitLab cannot be told.
 */
export async function setStatusCheck(options: GitlabPublishOptions, to: StatusCheck): Promise<void> {
  const { mergeRequest, commit, check, status } = to;
  await understand(WHAT, referenceOf(options.project), async () => {
    const publishing = await openPublishing(options, PERMISSION);
    const { ExternalStatusChecks } = await import('../gitbeaker.ts');
    const checks = new ExternalStatusChecks(publishing.options);
    // gitbeaker does not know of pending, which GitLab 16.5 and newer take.
    const said = { status: status as 'passed' };
    const call = checks.set(options.project.path, mergeRequest, commit, check, said);
    publishing.object(await publishing.tell(`set the status check ${check} of !${mergeRequest}`, call));
  });
}
