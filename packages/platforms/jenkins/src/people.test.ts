import {
  type FakeJenkins,
  JENKINS_JOB,
  JENKINS_TOKEN,
  JENKINS_USER,
  jenkinsBuild,
  jenkinsCause,
  jenkinsUserCause,
  peopleSourceContract,
  startFakeJenkins,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JenkinsOptions } from './build.ts';
import { createJenkinsPeople } from './people.ts';

const [HEAD, OTHER] = ['a'.repeat(40), 'c'.repeat(40)];
const ABOUT = { commit: HEAD, environment: 'production', run: '42' };
const REPLAY = 'org.jenkinsci.plugins.workflow.cps.replay.ReplayCause';
let fake: FakeJenkins;

beforeEach(async () => {
  fake = await startFakeJenkins();
});
afterEach(() => fake.close());

const open = (change: Partial<JenkinsOptions> = {}) =>
  createJenkinsPeople({ url: `http://${fake.host}`, job: JENKINS_JOB, user: JENKINS_USER, token: JENKINS_TOKEN, ...change });
const people = async (...causes: object[]) => {
  fake.builds.set('42', jenkinsBuild(42, [HEAD], causes));
  const { requester, retriers } = await open().requester(ABOUT);
  return [requester?.id, ...retriers.map(({ id }) => id)];
};

peopleSourceContract('Jenkins', async () => {
  fake.builds.set('42', jenkinsBuild(42, [HEAD], [jenkinsUserCause('ann'), jenkinsUserCause('bob'), jenkinsCause(REPLAY)]));
  return {
    open,
    about: ABOUT,
    requester: 'ann',
    retriers: ['bob'],
    other: OTHER,
    authors: undefined,
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [JENKINS_TOKEN, Buffer.from(`${JENKINS_USER}:${JENKINS_TOKEN}`).toString('base64'), 'of acme'],
    permission: /Job\/Read/,
  };
});

test('who starts a build asks for it; who replays, rebuilds or restarts one asks again', async () => {
  expect(await people(jenkinsUserCause('ann'))).toEqual(['ann']);
  for (const again of [
    REPLAY,
    'com.sonyericsson.rebuild.RebuildCause',
    'org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause',
  ])
    expect(await people(jenkinsUserCause('bob'), jenkinsCause(again))).toEqual([undefined, 'bob']);
});

test('a build that a trigger or somebody unknown started has no requester', async () => {
  expect(await people(jenkinsCause('hudson.triggers.TimerTrigger$TimerTriggerCause'))).toEqual([undefined]);
  expect(await people(jenkinsUserCause(null))).toEqual([undefined]);
});

test('Jenkins knows of no authors, and is not asked', async () => {
  expect((await open().authors([HEAD])).verified.size).toBe(0);
  expect(fake.asked).toEqual([]);
});
