import { describe, expect, test } from 'vitest';
import { detectJenkins } from './index.ts';

const BUILD = {
  JENKINS_URL: 'https://jenkins.acme.example/',
  BUILD_URL: 'https://jenkins.acme.example/job/acme/job/app/job/main/7/',
  BUILD_USER_ID: 'dev',
  BUILD_USER_EMAIL: 'dev@acme.example',
  GIT_URL: 'https://ci:secret@git.acme.example/acme/app.git',
  GIT_COMMIT: 'ab'.repeat(20),
  BRANCH_NAME: 'main',
};

describe('a Jenkins build', () => {
  test('is described by its variables, without the password in the repository’s address', () => {
    expect(detectJenkins(BUILD)).toEqual({
      platform: 'jenkins',
      title: 'Jenkins',
      url: 'https://jenkins.acme.example/job/acme/job/app/job/main/7/',
      requester: 'jenkins:dev',
      repository: 'https://git.acme.example/acme/app',
      ref: 'refs/heads/main',
      commit: 'ab'.repeat(20),
      identity: expect.anything(),
    });
  });

  test('is none without JENKINS_URL', () => {
    expect(detectJenkins({ ...BUILD, JENKINS_URL: '' })).toBeUndefined();
  });

  test('of a tag says so, and may sign', () => {
    expect(detectJenkins({ ...BUILD, TAG_NAME: 'v1', BRANCH_NAME: 'v1' })).toMatchObject({ ref: 'refs/tags/v1' });
    expect(detectJenkins(BUILD)?.planOnly).toBeUndefined();
  });

  test.each([
    ['a change request', { CHANGE_ID: '7', BRANCH_NAME: 'PR-7' }, /^a change request$/],
    ['a change request of a fork', { CHANGE_ID: '7', CHANGE_FORK: 'someone', BRANCH_NAME: 'PR-7' }, /fork/],
    ['the pull request builder', { ghprbPullId: '7' }, /change request/],
    ['GitLab’s merge requests', { gitlabMergeRequestIid: '7' }, /change request/],
  ])('of %s may plan only', (_, change, why) => {
    expect(detectJenkins({ ...BUILD, ...change })?.planOnly).toMatch(why);
  });

  test('of a change request is no branch’s', () => {
    expect(detectJenkins({ ...BUILD, CHANGE_ID: '7', BRANCH_NAME: 'PR-7' })?.ref).toBeUndefined();
  });
});
