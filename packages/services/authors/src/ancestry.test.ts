import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newPlace, removeRepositories, runGit, testRepository } from '../tests/git-repository.ts';
import { isAncestor, lastAncestor } from './ancestry.ts';

afterEach(removeRepositories);

function history() {
  const repository = testRepository();
  const root = repository.commit();
  const first = repository.commit({ parents: [root] });
  const side = repository.commit({ parents: [first] });
  const second = repository.commit({ parents: [first] });
  const head = repository.commit({ parents: [second] });
  return { repository, directory: repository.path, root, first, side, second, head, foreign: repository.commit() };
}

test('an ancestor is one at any distance, and the commit itself', async () => {
  const { directory, root, second, head, side, foreign } = history();
  for (const ancestor of [root, second, head]) {
    expect(await isAncestor({ directory, ancestor, commit: head })).toEqual({ ancestor: true });
  }
  for (const ancestor of [side, foreign, '0123456789'.repeat(4)]) {
    expect(await isAncestor({ directory, ancestor, commit: head })).toEqual({ ancestor: false });
  }
  expect(await isAncestor({ directory, ancestor: head, commit: second })).toEqual({ ancestor: false });
});

test('the last of some commits that is an ancestor is the first in their own order', async () => {
  const { directory, root, first, second, side, head, foreign } = history();
  expect(await lastAncestor({ directory, head, candidates: [side, foreign, second, first, root] })).toEqual({ commit: second });
  expect(await lastAncestor({ directory, head, candidates: [side, root, second] })).toEqual({ commit: root });
  expect(await lastAncestor({ directory, head, candidates: [head, root] })).toEqual({ commit: head });
  expect(await lastAncestor({ directory, head, candidates: [foreign] })).toEqual({});
  expect(await lastAncestor({ directory, head, candidates: [] })).toEqual({});
});

test('what is beyond a shallow clone is not denied', async () => {
  const { repository, root, first, second, side, head } = history();
  repository.git('update-ref', 'refs/heads/main', head);
  const place = newPlace();
  runGit(place, ['clone', '--quiet', '--bare', '--depth=2', `file://${repository.path}`, 'shallow.git']);
  const directory = join(place, 'shallow.git');
  expect(await isAncestor({ directory, ancestor: second, commit: head })).toEqual({ ancestor: true });
  for (const ancestor of [first, root, side]) {
    expect(await isAncestor({ directory, ancestor, commit: head })).toMatchObject({
      ancestor: false,
      incomplete: expect.stringContaining('shallow or partial clone'),
    });
  }
  expect(await lastAncestor({ directory, head, candidates: [side, second] })).toMatchObject({
    commit: second,
    incomplete: expect.stringContaining('shallow or partial clone'),
  });
});

test('names that are no ids are not passed on to git', async () => {
  const { directory, head } = history();
  for (const wrong of ['HEAD', '--all', head.slice(1), '']) {
    const incomplete = expect.stringContaining('lower-case hex digits');
    expect(await lastAncestor({ directory, head, candidates: [wrong] })).toEqual({ incomplete });
    expect(await isAncestor({ directory, ancestor: head, commit: wrong })).toEqual({ ancestor: false, incomplete });
  }
});
