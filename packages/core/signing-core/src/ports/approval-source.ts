import type { CiPlatform } from '../ci-job.ts';
import type { Sha256 } from '../formats/digest.ts';

/** Somebody, as a platform knows them: by an id that never passes to another. Never a name, never an e-mail address. */
export type PlatformAccount = {
  readonly platform: CiPlatform;
  /** GitLab's and GitHub's number of the user, Azure DevOps' GUID of the identity, Jenkins' user id. */
  readonly id: string;
};

/** What a platform is asked about; of which project, the source knows. */
export type RunReference = {
  /** The commit's full SHA, in lower-case hex. */
  readonly commit: string;
  /** The environment, as the platform names it. */
  readonly environment: string;
  /** The platform's id of the pipeline, run or build. */
  readonly run?: string;
};

/** How somebody said it: on a merge request, a deployment, an input of a pipeline, an environment, or a pipeline's check. */
export type ApprovalMeans = 'merge-request' | 'deployment' | 'input' | 'environment' | 'pipeline';

/** One decision of one person. */
export type PlatformApproval = {
  readonly account: PlatformAccount;
  readonly decision: 'approve' | 'reject';
  /** When, ISO 8601 in UTC; where the platform does not tell, the earliest it can have been. */
  readonly at: string;
  readonly means: ApprovalMeans;
  /** Where people can see it. */
  readonly url?: string;
};

export type PlatformApprovals = {
  readonly approvals: readonly PlatformApproval[];
  /** SHA-256 over RFC 8785 of all answers this rests on, by what was asked. */
  readonly answer: Sha256;
};

/** Tells what people decided on a platform, of one project. It proves nothing: the platform says so, and may be asked by anybody. */
export interface ApprovalSource {
  /**
   * @returns what was decided of this very commit, and of this run where one is named; decisions of other commits are none.
   * @throws SignwrightError `unreachable` where the platform does not answer in time, in size or in sense, `configuration` where it
   * refuses, with the permission that is missing, `verification` where the run is of another commit.
   */
  approvals(about: RunReference): Promise<PlatformApprovals>;
}
