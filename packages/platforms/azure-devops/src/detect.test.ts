import { describe, expect, test } from 'vitest';
import { detectAzureDevops } from './index.ts';

const BUILD = {
  TF_BUILD: 'True',
  SYSTEM_COLLECTIONURI: 'https://dev.azure.com/acme/',
  SYSTEM_TEAMPROJECT: 'The Shop',
  BUILD_BUILDID: '42',
  BUILD_REASON: 'IndividualCI',
  BUILD_REQUESTEDFORID: '0ca3ddd9-f0b0-4635-a98c-5866526961b6',
  BUILD_REQUESTEDFOREMAIL: 'dev@acme.example',
  BUILD_REPOSITORY_URI: 'https://acme@dev.azure.com/acme/shop/_git/app',
  BUILD_SOURCEBRANCH: 'refs/heads/main',
  BUILD_SOURCEVERSION: 'ab'.repeat(20),
};

describe('an Azure Pipelines job', () => {
  test('is described by its variables, without the user in the repository’s address', () => {
    expect(detectAzureDevops(BUILD)).toEqual({
      platform: 'azure-devops',
      title: 'Azure Pipelines',
      url: 'https://dev.azure.com/acme/The%20Shop/_build/results?buildId=42',
      requester: 'azure-devops:0ca3ddd9-f0b0-4635-a98c-5866526961b6',
      repository: 'https://dev.azure.com/acme/shop/_git/app',
      ref: 'refs/heads/main',
      commit: 'ab'.repeat(20),
      identity: expect.anything(),
    });
  });

  test('is none without TF_BUILD', () => {
    expect(detectAzureDevops({ ...BUILD, TF_BUILD: '' })).toBeUndefined();
  });

  test.each(['Manual', 'IndividualCI', 'BatchedCI', 'Schedule', 'BuildCompletion', 'ResourceTrigger'])(
    'may sign when its reason is %s',
    (reason) => expect(detectAzureDevops({ ...BUILD, BUILD_REASON: reason })?.planOnly).toBeUndefined(),
  );

  test.each([
    ['for a pull request', { BUILD_REASON: 'PullRequest', BUILD_SOURCEBRANCH: 'refs/pull/7/merge' }, /^a pull request$/],
    ['for a pull request of a fork', { BUILD_REASON: 'PullRequest', SYSTEM_PULLREQUEST_ISFORK: 'True' }, /fork/],
    ['with a pull request’s number', { SYSTEM_PULLREQUEST_PULLREQUESTID: '7' }, /pull request/],
    [
      'after one for a pull request',
      { BUILD_REASON: 'BuildCompletion', BUILD_SOURCEBRANCH: 'refs/pull/7/merge' },
      /pull request/,
    ],
    ['for a shelveset', { BUILD_REASON: 'ValidateShelveset' }, /shelveset/],
  ])('%s may plan only', (_, change, why) => {
    expect(detectAzureDevops({ ...BUILD, ...change })?.planOnly).toMatch(why);
  });

  test('for no fork says so with False', () => {
    expect(detectAzureDevops({ ...BUILD, SYSTEM_PULLREQUEST_ISFORK: 'False' })?.planOnly).toBeUndefined();
  });
});
