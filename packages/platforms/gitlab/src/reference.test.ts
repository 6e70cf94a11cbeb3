import { describe, expect, test } from 'vitest';
import { originOf, parseGitlabReference, referenceOf } from './reference.ts';
import { readToken } from './token.ts';

describe('the reference of a project', () => {
  test.each([
    ['gitlab://gitlab.acme.example/acme/app', 'gitlab.acme.example', 'acme/app', 'https://gitlab.acme.example'],
    [
      'gitlab://gitlab.acme.example:8443/acme/tools/app.js',
      'gitlab.acme.example:8443',
      'acme/tools/app.js',
      'https://gitlab.acme.example:8443',
    ],
    ['gitlab://localhost/a/b', 'localhost', 'a/b', 'http://localhost'],
    ['gitlab://127.0.0.1:8080/a_b/C-d', '127.0.0.1:8080', 'a_b/C-d', 'http://127.0.0.1:8080'],
    ['gitlab://[::1]:8080/a/b', '[::1]:8080', 'a/b', 'http://[::1]:8080'],
  ])('%s names its host and path, by https but on this machine', (text, host, path, origin) => {
    const project = parseGitlabReference(text);
    expect([project, referenceOf(project), originOf(project)]).toEqual([{ host, path }, text, origin]);
  });

  test.each([
    'gitlab://gitlab.acme.example/app',
    'gitlab://gitlab.acme.example/',
    'gitlab://gitlab.acme.example',
    'gitlab:///acme/app',
    'gitlab://user:secret@gitlab.acme.example/acme/app',
    'gitlab://gitlab.acme.example/acme/app?token=secret',
    'gitlab://gitlab.acme.example/acme/app#x',
    'gitlab://gitlab.acme.example/acme/app/',
    'gitlab://gitlab.acme.example//acme/app',
    'gitlab://gitlab.acme.example/acme/../app',
    'gitlab://gitlab.acme.example/acme/./app',
    'gitlab://gitlab.acme.example/acme/app.git',
    'gitlab://gitlab.acme.example/acme/a%2Fb',
    'gitlab://gitlab.acme.example/acme/a b',
    'gitlab://gitlab.acme.example/acme/app\n',
    'gitlab://GitLab.acme.example/acme/app',
    'gitlab://gitlab.acme.example:0/acme/app',
    'gitlab://gitlab.acme.example:123456/acme/app',
    'gitlab://127.0.0.1.acme.example@evil/acme/app',
    'gitlab://-a.example/acme/app',
    'https://gitlab.acme.example/acme/app',
    `gitlab://gitlab.acme.example/${'a/'.repeat(30)}b`,
    '',
  ])('%j is none, and nothing secret in it is repeated', (text) => {
    const refused = (): unknown => parseGitlabReference(text);
    expect(refused).toThrowError(expect.objectContaining({ code: 'configuration', message: 'not a project on a GitLab' }));
    try {
      refused();
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain('user:secret');
    }
  });

  test('of a host that only looks like this machine is reached by https', () => {
    expect(originOf(parseGitlabReference('gitlab://127.0.0.1.example/a/b'))).toBe('https://127.0.0.1.example');
    expect(originOf(parseGitlabReference('gitlab://localhost.example/a/b'))).toBe('https://localhost.example');
  });
});

describe('the token', () => {
  test('of a job is taken first, and sent as one; any other is an access token', () => {
    const env = { CI_JOB_TOKEN: 'job', GITLAB_TOKEN: 'mine', OTHER: 'other' };
    expect(readToken(env)).toEqual({ kind: 'job', variable: 'CI_JOB_TOKEN', value: 'job' });
    expect(readToken({ ...env, CI_JOB_TOKEN: '' })).toEqual({ kind: 'private', variable: 'GITLAB_TOKEN', value: 'mine' });
    expect(readToken(env, 'OTHER')).toEqual({ kind: 'private', variable: 'OTHER', value: 'other' });
  });

  test.each([
    {},
    { GITLAB_TOKEN: '' },
    { GITLAB_TOKEN: 'sec ret' },
    { GITLAB_TOKEN: 'sec\nret' },
    { GITLAB_TOKEN: 's\u00e9cret' },
  ])('that is none is refused by the name of its variable alone: %o', (env) => {
    let thrown: unknown;
    try {
      readToken(env);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'configuration', message: expect.stringContaining('GITLAB_TOKEN') });
    expect((thrown as Error).message).not.toMatch(/sec|s\u00e9c/);
  });
});
