import { readFileSync } from 'node:fs';
import { CLAIM_NAMES, type JsonObject } from '@signwright/signing-core';
import { azureClaims, githubClaims, gitlabClaims, jenkinsClaims, kubernetesClaims } from '@signwright/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLAIMS_TABLE, renderClaimsTable, type TokenPlatform, wordsOf } from './index.ts';

const GITLAB = 'https://gitlab.acme.example';
const GITHUB = 'https://token.actions.githubusercontent.com';
const words = (claims: object, platform: TokenPlatform, issuer = 'https://issuer.example') =>
  wordsOf(claims as JsonObject, platform, issuer);

describe('the policy’s words in a token', () => {
  test('of GitLab', () => {
    expect(words(gitlabClaims({ environment: 'production' }), 'gitlab', GITLAB)).toEqual({
      subject: 'project_path:acme/app:ref_type:branch:ref:main',
      repository: 'https://gitlab.acme.example/acme/app',
      'repository-id': '20',
      ref: 'refs/heads/main',
      runner: 'self-hosted',
      environment: 'production',
      trigger: 'push',
    });
  });

  test('of GitHub', () => {
    expect(words(githubClaims({ environment: 'production' }), 'github', GITHUB)).toEqual({
      subject: 'repo:octo-org/octo-repo:ref:refs/heads/main',
      repository: 'https://github.com/octo-org/octo-repo',
      'repository-id': '74',
      ref: 'refs/heads/main',
      runner: 'github-hosted',
      environment: 'production',
      trigger: 'push',
    });
  });

  test('of Azure DevOps, without the user and .git some repositories’ addresses have', () => {
    expect(words(azureClaims(), 'azure-devops')).toEqual({
      subject: 'p://acme/shop/release',
      repository: 'https://dev.azure.com/acme/shop/_git/app',
      'repository-id': '5c6e7f80-1d2e-4f3a-8b9c-0d1e2f3a4b5c',
      ref: 'refs/heads/main',
    });
    const repository = (rpo_uri: string) => words(azureClaims({ rpo_uri }), 'azure-devops').repository;
    expect(repository('https://acme@dev.azure.com/acme/shop/_git/app')).toBe('https://dev.azure.com/acme/shop/_git/app');
    expect(repository('https://github.com/octo-org/octo-repo.git')).toBe('https://github.com/octo-org/octo-repo');
  });

  test.each([
    ['jenkins', jenkinsClaims(), 'https://jenkins.acme.example/job/acme/job/app/job/main/'],
    ['kubernetes', kubernetesClaims(), 'system:serviceaccount:release:signer'],
    ['generic', { sub: 'job', repository: 'https://git.example/a', ref: 'refs/heads/main' }, 'job'],
  ] as const)('of %s are the subject alone', (platform, claims, subject) => {
    expect(words(claims, platform)).toEqual({ subject });
  });
});

describe('a ref of GitLab', () => {
  const ref = (change: object) => words(gitlabClaims({ ...change }), 'gitlab', GITLAB).ref;

  test('is whole: a tag is told from a branch of its name', () => {
    expect(ref({ ref: 'v1', ref_type: 'tag' })).toBe('refs/tags/v1');
    expect(ref({ ref: 'v1', ref_type: 'branch' })).toBe('refs/heads/v1');
  });

  test('of another type is none', () => {
    expect(ref({ ref_type: 'merge_request' })).toBeUndefined();
    expect(ref({ ref_type: undefined })).toBeUndefined();
  });

  test('keeps a branch’s name whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme-ascii' }), (name) => {
        expect(ref({ ref: name })).toBe(`refs/heads/${name}`);
      }),
    );
  });
});

test.each([
  ['https://token.actions.githubusercontent.com', 'https://github.com/o/r'],
  ['https://token.actions.githubusercontent.com/octo-enterprise', 'https://github.com/o/r'],
  ['https://token.actions.octocorp.ghe.com', 'https://octocorp.ghe.com/o/r'],
  ['https://github.acme.example/_services/token', 'https://github.acme.example/o/r'],
  ['https://token.actions.githubusercontent.com.evil.example', undefined],
  ['https://evil.example/https://token.actions.githubusercontent.com', undefined],
  ['https://token.actions.evil.example/x.ghe.com', undefined],
])('a repository by the GitHub issuer %s is at %s', (issuer, repository) => {
  expect(words(githubClaims({ repository: 'o/r' }), 'github', issuer).repository).toBe(repository);
});

describe('a claim', () => {
  test.each([
    ['number', 20, '20'],
    ['empty text', '', undefined],
    ['null', null, undefined],
  ])('that is a %s', (_, value, read) => {
    expect(words(gitlabClaims({ project_id: value }), 'gitlab', GITLAB)['repository-id']).toBe(read);
  });

  test.each([true, 1.5, ['20'], { id: '20' }, '20\n', '2\u20280', 'x'.repeat(3000)])('that is %j is refused', (value) => {
    expect(() => words(gitlabClaims({ project_id: value }), 'gitlab', GITLAB)).toThrow(
      expect.objectContaining({ code: 'verification', message: "the ID token's claim project_id is not plain text" }),
    );
  });
});

test('every platform gives a subject, and no word the policy does not have', () => {
  for (const table of Object.values(CLAIMS_TABLE)) {
    expect(Object.keys(table)).toContain('subject');
    expect(CLAIM_NAMES).toEqual(expect.arrayContaining(Object.keys(table)));
  }
});

test('docs/workloads.md has the table as it is; else put in what renderClaimsTable() gives', () => {
  const page = readFileSync(new URL('../../../../docs/workloads.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${renderClaimsTable()}\n`);
});
