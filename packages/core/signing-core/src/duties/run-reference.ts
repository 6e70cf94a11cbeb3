import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { RunReference } from '../ports/approval-source.ts';

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MAX_COMMITS = 500;

/** Whether it is the full SHA of a commit, in the one form platforms answer with. */
export function isCommit(text: string): boolean {
  return COMMIT.test(text);
}

/** Throws SignwrightError `usage` unless these are full SHAs, and few enough to ask a platform about each. */
export function checkCommits(commits: readonly string[]): readonly string[] {
  const wrong = commits.find((commit) => !isCommit(commit));
  if (wrong !== undefined) {
    throw new SignwrightError('usage', `${quoted(wrong)} is not the full SHA of a commit in lower-case hex`, {
      next: 'git rev-parse makes it',
    });
  }
  if (commits.length <= MAX_COMMITS) return [...new Set(commits)];
  throw new SignwrightError('usage', `a platform is asked about ${MAX_COMMITS} commits at once, not ${commits.length}`, {
    next: 'ask about the commits since the release before',
  });
}

/** The run that is asked about. @throws SignwrightError `usage` where none is named, or not as `form` has it. */
export function runOf({ run }: RunReference, form: RegExp): string {
  if (run !== undefined && form.test(run)) return run;
  const problem = run === undefined ? 'no run is named' : `${quoted(run)} is not the id of a run`;
  throw new SignwrightError('usage', `${problem}, and people are asked about by one`, {
    next: 'take the id from the address of the pipeline, run or build',
  });
}

/** Throws SignwrightError `verification` where a run is of another commit than the one that is asked about. */
export function checkRunCommit({ commit, run }: RunReference, found: string, where: string): void {
  if (found === commit) return;
  const other = isCommit(found) ? found : 'another commit';
  throw new SignwrightError('verification', `the run ${run ?? ''} is of ${other}, not of ${commit}`, {
    where,
    next: 'name the run that built this commit',
  });
}
