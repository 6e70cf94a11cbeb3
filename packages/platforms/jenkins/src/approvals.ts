import { type ApprovalSource, isAbsent, type JsonObject, type PlatformApproval } from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Build, type JenkinsOptions, readBuild, timeOf, userOf, WHAT, whereOf } from './build.ts';

export type JenkinsApprovalOptions = JenkinsOptions & {
  /** The environment the job's inputs are about: Jenkins ties an answer to its build alone, so every input of the job counts for it. */
  readonly environment: string;
};

const APPROVED = 'org.jenkinsci.plugins.workflow.support.steps.input.ApproverAction';
const INTERRUPTED = 'jenkins.model.InterruptedBuildAction';
const REJECTED = 'org.jenkinsci.plugins.workflow.support.steps.input.Rejection';

/**
 * What people answered to the `input` steps of a build, by what the plugin leaves behind: an `ApproverAction` for each who proceeded,
 * and a `Rejection` among the causes of the interruption where an abort ended the build. Jenkins does not tell when somebody proceeded,
 * nor at which input; their time is that of the build's beginning, the earliest it can be. Whoever proceeded without signing in
 * is nobody, and an abort that the pipeline caught is not told.
 */
export function createJenkinsApprovals(options: JenkinsApprovalOptions): ApprovalSource {
  return {
    approvals: (about) =>
      understand(WHAT, whereOf(options), async () => {
        const build = await readBuild(options, about);
        const isAbout = about.environment === options.environment;
        return { approvals: isAbout ? answersOf(build) : [], answer: build.answer };
      }),
  };
}

function answersOf({ actions, read, began, url }: Build): readonly PlatformApproval[] {
  const found = actions.flatMap((action): readonly PlatformApproval[] => {
    if (action['_class'] === APPROVED) {
      return [{ account: userOf(action['userId']), decision: 'approve', at: began, means: 'input', url }];
    }
    if (action['_class'] !== INTERRUPTED) return [];
    return read.list(action['causes'], 'causes').flatMap((each): readonly PlatformApproval[] => {
      const { _class: type, user, timestamp }: JsonObject = read.record(each, 'causes[]');
      if (type !== REJECTED || isAbsent(user)) return [];
      const account = userOf(read.record(user, 'user')['id']);
      return [{ account, decision: 'reject', at: timeOf(read, timestamp, 'timestamp'), means: 'input', url }];
    });
  });
  // Whoever answered several inputs of the build is told once.
  return [...new Map(found.map((each) => [`${each.decision} ${each.account.id}`, each])).values()];
}
