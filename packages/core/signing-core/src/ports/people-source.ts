import type { Sha256 } from '../formats/digest.ts';
import type { PlatformAccount, RunReference } from './approval-source.ts';

/** Who asked for a run, and who asked again. */
export type RunPeople = {
  /** Absent where the platform names nobody, as for a trigger. */
  readonly requester?: PlatformAccount;
  /** Everyone else who started, retried or replayed it or a part of it, each once. */
  readonly retriers: readonly PlatformAccount[];
  /** SHA-256 over RFC 8785 of all answers this rests on, by what was asked. */
  readonly answer: Sha256;
};

/** Whom a platform knows to have brought commits. */
export type CommitPeople = {
  /** Pushers and openers of merge requests by commit. A commit that is absent has nobody the platform can vouch for. */
  readonly verified: ReadonlyMap<string, readonly PlatformAccount[]>;
  /** SHA-256 over RFC 8785 of all answers this rests on, by what was asked. */
  readonly answer: Sha256;
};

/** Tells who had a hand in a run or a commit, as a platform knows it; of one project. */
export interface PeopleSource {
  /** @param about must name a run. @throws SignwrightError as `ApprovalSource.approvals`, `usage` without a run. */
  requester(about: RunReference): Promise<RunPeople>;
  /** @param commits full SHAs in lower-case hex. @throws SignwrightError as `ApprovalSource.approvals`. */
  authors(commits: readonly string[]): Promise<CommitPeople>;
}
