import { expect, test } from 'vitest';
import { describeJob, repositoryAddress, type SaidOfJob, withoutEmail } from './describe-job.ts';

const identity = { idToken: async () => 'token' };
const job = (said: Partial<SaidOfJob>) => describeJob({ platform: 'gitlab', title: 'GitLab CI/CD', identity, ...said });

test('a job is described by what is known of it, and nothing else', () => {
  expect(job({})).toEqual({ platform: 'gitlab', title: 'GitLab CI/CD', identity });
  const said = {
    url: 'https://git.example/a/b/-/jobs/7',
    requester: '1017',
    repository: 'https://git.example/a/b.git',
    ref: 'refs/heads/main',
    commit: 'AB'.repeat(20),
    planOnly: 'a merge-request pipeline',
  };
  expect(job(said)).toMatchObject({
    ...said,
    requester: 'gitlab:1017',
    repository: 'https://git.example/a/b',
    commit: 'ab'.repeat(20),
  });
});

test.each([
  ['https://ci:secret@ci.example/job/7/?token=secret#secret', 'https://ci.example/job/7/'],
  ['https://ci.example/_build/results?buildId=42&token=secret', 'https://ci.example/_build/results?buildId=42'],
  ['https://ci.example/results?buildId=secret', 'https://ci.example/results'],
  ['https://ci.example/user/dev@acme.example/7', 'https://ci.example/user/(e-mail)/7'],
  ['javascript:alert(1)', undefined],
  ['no address', undefined],
  [`https://ci.example/${'x'.repeat(1100)}`, undefined],
  ['https://ci.example/a\nb', undefined],
])('of the address %j is kept %j', (url, kept) => expect(job({ url }).url).toBe(kept));

test.each([
  ['https://user:secret@git.example/a/b.git?x=secret#secret', 'https://git.example/a/b'],
  ['git@git.example:a/b.git', 'https://git.example/a/b'],
  ['ssh://git@git.example:2222/a/b', 'https://git.example/a/b'],
  ['https://git.example:8443/a/b/', 'https://git.example:8443/a/b'],
  ['https://secret@git.example/a/b', 'https://git.example/a/b'],
  ['ssh://git:secret@git.example:2222/a/b.git', 'https://git.example/a/b'],
  ['git.example:a/b.git', 'https://git.example/a/b'],
  ['oauth2:secret@git.example:a/b.git', undefined],
  ['secret@git.example:a/b.git', undefined],
  ['user:secret@git.example/a/b', undefined],
  ['x::https://u:secret@git.example/p', undefined],
  ['codecommit::eu://u:secret@repository', undefined],
  ['ext::sh -c secret', undefined],
  ['/srv/git/secret', undefined],
  ['file:///srv/git/secret', undefined],
  ['', undefined],
  [undefined, undefined],
])('of the remote %j is kept %j', (remote, kept) => expect(repositoryAddress(remote)).toBe(kept));

test.each([
  ['dev@acme.example', 'gitlab:(e-mail)'],
  ['1017', 'gitlab:1017'],
  ['10\u001b[31m17', undefined],
  ['', undefined],
])('of the requester %j is kept %j', (requester, kept) => expect(job({ requester }).requester).toBe(kept));

test('what is said in a form that cannot be believed is told from what is not said', () => {
  expect(job({ ref: 'refs/heads/a\u2028b', repository: 'git://x/y' })).toMatchObject({ unfit: ['repository', 'ref'] });
  expect(job({ ref: '', repository: undefined })).not.toHaveProperty('unfit');
});

test('an e-mail address is taken out of the longest text', () => {
  expect(withoutEmail(`${'a'.repeat(200_000)}@x`)).toContain('aaa');
  expect(withoutEmail(`${'a.'.repeat(100_000)}@b.c`)).toContain('(e-mail)');
});

test.each([
  ['refs/tags/v1', 'refs/tags/v1'],
  ['main', undefined],
  ['refs/pull/7/merge', undefined],
  ['refs/heads/', undefined],
  ['refs/heads/dev@acme.example', 'refs/heads/(e-mail)'],
])('of the ref %j is kept %j', (ref, kept) => expect(job({ ref }).ref).toBe(kept));

test('what is no commit is left out', () => {
  expect(job({ commit: 'HEAD' }).commit).toBeUndefined();
  expect(job({ commit: 'a'.repeat(64) }).commit).toBe('a'.repeat(64));
});
