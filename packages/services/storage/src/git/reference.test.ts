import { describe, expect, test } from 'vitest';
import { createGitStore } from './git-store.ts';
import { parseGitReference } from './reference.ts';

describe('a reference to a git branch', () => {
  test.each([
    ['git+https://git.acme.example/acme/app.git#signwright-log', 'https://git.acme.example/acme/app.git', 'signwright-log'],
    ['git+https://git.acme.example:8443/a/b/c#logs/2026', 'https://git.acme.example:8443/a/b/c', 'logs/2026'],
    ['git+ssh://git@git.acme.example/acme/app.git#log', 'ssh://git@git.acme.example/acme/app.git', 'log'],
    ['git+ssh://git.acme.example:2222/~acme/app.git#log', 'ssh://git.acme.example:2222/~acme/app.git', 'log'],
    ['git+file:///srv/git/app.git#log', 'file:///srv/git/app.git', 'log'],
    ['git+http://127.0.0.1:8080/app.git#log', 'http://127.0.0.1:8080/app.git', 'log'],
    ['git+http://[::1]:8080/app.git#log', 'http://[::1]:8080/app.git', 'log'],
  ])('%s is read', (reference, url, branch) => {
    expect(parseGitReference(reference)).toEqual({ url, branch });
  });

  test.each([
    ['https://git.acme.example/app.git#log', /it is not git\+https/],
    ['git+https://git.acme.example/app.git', /it is not git\+https/],
    ['git+git://git.acme.example/app.git#log', /it is not git\+https/],
    ['git+ext::sh -c id#log', /it is not git\+https/],
    ['git+http://git.acme.example/app.git#log', /loopback alone/],
    ['git+http://127.0.0.1.acme.example/app.git#log', /loopback alone/],
    ['git+https://git.acme.example/app.git?x=1#log', /query/],
    ['git+https://git.acme.example/#log', /path/],
    ['git+https://git.acme.example/a//b#log', /path/],
    ['git+https://git.acme.example/a b#log', /path|plain/],
    ['git+https://git.acme.example/a/../b#log', /plain form/],
    ['git+https://GIT.acme.example/a#log', /plain form/],
    ['git+https://git.acme.example:443/a#log', /plain form/],
    ['git+ssh://-oProxyCommand=id/a#log', /host|not a URL/],
    ['git+ssh://-l@git.acme.example/a#log', /user/],
    ['git+file://server/a.git#log', /host/],
    ['git+file:a.git#log', /it is not git\+https/],
    ['git+https:///a/b.git#log', /plain form/],
    ['git+https://git.acme.example/a.git#', /name of a branch/],
    ['git+https://git.acme.example/a.git#-d', /name of a branch/],
    ['git+https://git.acme.example/a.git#a..b', /name of a branch/],
    ['git+https://git.acme.example/a.git#a.lock', /name of a branch/],
    ['git+https://git.acme.example/a.git#a.lock/b', /name of a branch/],
    ['git+https://git.acme.example/a.git#a/.b', /name of a branch/],
    ['git+https://git.acme.example/a.git#a/', /name of a branch/],
    ['git+https://git.acme.example/a.git#a:b', /name of a branch/],
    ['git+https://git.acme.example/a.git#+a', /name of a branch/],
    ['git+https://git.acme.example/a.git#a*', /name of a branch/],
    ['git+https://git.acme.example/a.git#refs/heads/a', /name of a branch/],
    ['git+https://git.acme.example/a.git#HEAD', /name of a branch/],
    ['git+https://git.acme.example/a.git#a#b', /name of a branch/],
  ])('%s is refused', (reference, problem) => {
    const message = expect.stringMatching(problem) as string;
    expect(() => parseGitReference(reference)).toThrow(expect.objectContaining({ code: 'configuration', message }) as Error);
  });

  test.each(['https://hush:secret@h.example/a.git', 'https://secret@h.example/a.git', 'ssh://git:secret@h.example/a.git'])(
    'credentials in it are refused, and not repeated',
    (url) => {
      for (const read of [() => parseGitReference(`git+${url}#log`), () => createGitStore({ url, branch: 'log' })]) {
        const error = expect.objectContaining({ code: 'configuration', message: expect.not.stringContaining('secret') }) as Error;
        expect(read).toThrow(error);
        expect(read).toThrow(/contains credentials/);
      }
    },
  );
});
