import { canonicalDigest, checkCommits, distinctAccounts, isAbsent, type PeopleSource } from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Build, type JenkinsOptions, readBuild, userOf, WHAT, whereOf } from './build.ts';

const USER = 'hudson.model.Cause$UserIdCause';
const AGAIN: readonly unknown[] = [
  'org.jenkinsci.plugins.workflow.cps.replay.ReplayCause',
  'com.sonyericsson.rebuild.RebuildCause',
  'org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause',
];

/**
 * Who asked for a build of Jenkins: the users among its causes. Of a build that replays, rebuilds or restarts another, the last is who
 * asked again; a replay may have run another pipeline than the commit has. Jenkins knows of no authors: commits come from
 * elsewhere, with names nobody checked.
 */
export function createJenkinsPeople(options: JenkinsOptions): PeopleSource {
  return {
    requester: (about) =>
      understand(WHAT, whereOf(options), async () => {
        const build = await readBuild(options, about);
        const { users, again } = causesOf(build);
        const [requester, ...others] = again && users.length === 1 ? [undefined, ...users] : users;
        return {
          ...(requester === undefined ? {} : { requester }),
          retriers: others.flatMap((each) => (each === undefined ? [] : [each])),
          answer: build.answer,
        };
      }),

    async authors(commits) {
      checkCommits(commits);
      return { verified: new Map(), answer: canonicalDigest({}) };
    },
  };
}

function causesOf({ actions, read }: Build) {
  const causes = actions.flatMap((action) =>
    isAbsent(action['causes']) ? [] : read.list(action['causes'], 'causes').map((each) => read.record(each, 'causes[]')),
  );
  // An anonymous user has no id.
  const users = causes.filter(({ _class: type, userId }) => type === USER && !isAbsent(userId));
  return {
    users: distinctAccounts(users.map(({ userId }) => userOf(userId))),
    again: causes.some(({ _class: type }) => AGAIN.includes(type)),
  };
}
