import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformAccount } from '@signwright/signing-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { newPlace, removeRepositories, runGit, type TestRepository, testRepository } from '../tests/git-repository.ts';
import { type AuthorList, type CollectOptions, collectAuthors } from './collect-authors.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  removeRepositories();
});

const NOBODY = { verified: new Map(), people: [] };
const ANN: PlatformAccount = { platform: 'gitlab', id: '7' };
const BOB: PlatformAccount = { platform: 'gitlab', id: '8' };
const MALLORY = 'Mallory <mallory@acme.example>';

type Range = Partial<CollectOptions> & { readonly head: string };
const collect = (repository: TestRepository, range: Range): Promise<AuthorList> =>
  collectAuthors({ directory: repository.path, ...NOBODY, ...range });

describe('what is new since the base', () => {
  test('are the commits after it, their authors and committers', async () => {
    const repository = testRepository();
    const old = repository.commit({ author: 'Old <old@acme.example>' });
    const base = repository.commit({ author: 'Base <base@acme.example>', parents: [old] });
    const first = repository.commit({ parents: [base] });
    const head = repository.commit({ parents: [first], committer: 'Bob <bob@acme.example>' });
    const verified = new Map([
      [first, [ANN]],
      [head, [BOB, ANN]],
      [old, [{ platform: 'gitlab', id: '1' } as const]],
    ]);
    expect(await collect(repository, { head, base, verified })).toEqual({
      head,
      base,
      commits: 2,
      authors: [
        { by: 'platform', account: ANN },
        { by: 'platform', account: BOB },
      ],
      emails: ['ann@acme.example', 'bob@acme.example'],
      unknown: [],
    });
  });

  test('is the whole history where there is no base', async () => {
    const repository = testRepository();
    const root = repository.commit({ author: 'Old <old@acme.example>' });
    const head = repository.commit({ parents: [root] });
    const list = await collect(repository, { head });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'old@acme.example'] });
    expect(list.unknown.map(({ commit }) => commit)).toEqual([head, root]);
    expect(list.incomplete).toBeUndefined();
  });

  test('is nothing where the base is released again', async () => {
    const repository = testRepository();
    const head = repository.commit({ parents: [repository.commit()] });
    expect(await collect(repository, { head, base: head })).toEqual({
      head,
      base: head,
      commits: 0,
      authors: [],
      emails: [],
      unknown: [],
    });
  });

  test('is known commit by commit: an author the platform knows makes no other commit known', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const unknown = repository.commit({ parents: [base] });
    const head = repository.commit({ parents: [unknown] });
    const list = await collect(repository, { head, base, verified: new Map([[head, [ANN]]]) });
    expect(list.authors).toEqual([{ by: 'platform', account: ANN }]);
    expect(list.unknown).toEqual([{ commit: unknown, why: 'it is not signed, and the platform does not say who brought it' }]);
    const nobody = await collect(repository, { head, base, verified: new Map([[head, []]]) });
    expect(nobody.unknown).toHaveLength(2);
  });

  test('is read in a checkout, a directory of it, a worktree, and a repository of SHA-256', async () => {
    const bare = testRepository();
    const head = bare.commit({ author: MALLORY });
    bare.git('update-ref', 'refs/heads/main', head);
    const place = newPlace();
    runGit(place, ['clone', '--quiet', '--branch', 'main', bare.path, 'clone']);
    runGit(join(place, 'clone'), ['worktree', 'add', '--quiet', '--detach', '../worktree']);
    mkdirSync(join(place, 'clone', 'src', 'deep'), { recursive: true });
    for (const directory of ['clone', 'clone/src/deep', 'worktree']) {
      const list = await collect({ ...bare, path: join(place, directory) }, { head });
      expect(list).toMatchObject({ commits: 1, emails: ['mallory@acme.example'] });
    }
    const modern = testRepository('sha256');
    const base = modern.commit();
    const last = modern.commit({ author: MALLORY, parents: [base] });
    expect(last).toHaveLength(64);
    const list = await collect(modern, { head: last, base });
    expect(list).toMatchObject({ commits: 1, emails: ['mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  });

  test('is found whatever dates commits bear', async () => {
    const repository = testRepository();
    const base = repository.commit({ date: 2_000_000_000 });
    const late = repository.commit({ parents: [base], date: 2_100_000_000, author: MALLORY });
    const early = repository.commit({ parents: [late], date: 1 });
    const side = repository.commit({ parents: [base], date: 1_900_000_000, author: 'Side <side@acme.example>' });
    const head = repository.commit({ parents: [early, side], date: 1_000 });
    const list = await collect(repository, { head, base });
    expect(list.incomplete).toBeUndefined();
    expect(list).toMatchObject({ commits: 4, emails: ['ann@acme.example', 'mallory@acme.example', 'side@acme.example'] });
    const seen = repository.commit({ date: 500 });
    const [newer, older] = [1000, 10].map((date) => repository.commit({ parents: [seen], date })) as [string, string];
    const both = await collect(repository, { head: repository.commit({ parents: [newer, older], date: 2000 }) });
    expect(both.commits).toBe(4);
    expect(both.incomplete).toBeUndefined();
  });
});

describe('a merge', () => {
  test('brings in the authors of what it merges, and counts itself', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const hidden = repository.commit({ parents: [base], author: MALLORY, committer: 'Ann <ann@acme.example>' });
    const ours = repository.commit({ parents: [base] });
    const evil = repository.commit({ parents: [ours, hidden], author: 'Evil <evil@acme.example>' });
    const list = await collect(repository, { head: evil, base, verified: new Map([[ours, [ANN]]]) });
    expect(list).toMatchObject({ commits: 3, emails: ['ann@acme.example', 'evil@acme.example', 'mallory@acme.example'] });
    expect(list.unknown.map(({ commit }) => commit).sort()).toEqual([evil, hidden].sort());
  });

  test('of many branches brings in all of them', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const branches = Array.from({ length: 5 }, (_, n) =>
      repository.commit({ parents: [base], author: `Nr ${n} <author${n}@acme.example>` }),
    );
    const head = repository.commit({ parents: branches });
    const { commits, emails } = await collect(repository, { head, base });
    expect(commits).toBe(6);
    expect(emails).toEqual(['ann@acme.example', ...branches.map((_, n) => `author${n}@acme.example`)]);
  });

  test('of a branch that left before the base leaves out what the base has already', async () => {
    const repository = testRepository();
    const root = repository.commit({ author: 'Root <root@acme.example>' });
    const mine = repository.commit({ parents: [root], author: MALLORY });
    let base = root;
    for (let n = 0; n < 20; n++) base = repository.commit({ parents: [base], author: 'Old <old@acme.example>' });
    const head = repository.commit({ parents: [base, mine] });
    const list = await collect(repository, { head, base });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  });

  test('of another root brings in its whole history', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const foreign = repository.commit({ parents: [repository.commit({ author: MALLORY })] });
    const head = repository.commit({ parents: [base, foreign] });
    const list = await collect(repository, { head, base });
    expect(list).toMatchObject({ commits: 3, emails: ['ann@acme.example', 'mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  });

  test('that was squashed counts its author, committer and co-authors', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const head = repository.commit({
      parents: [base],
      author: 'Bob <Bob+work@ACME.example>',
      committer: 'Platform <noreply@gitlab.acme.example>',
      message: [
        'Squashed: many things',
        '',
        '* one of them',
        'co-authored-by: Carol <carol@acme.example>',
        '',
        'CO-AUTHORED-BY:  Dave',
        ' <Dave@acme.example>',
        'Co-Authored-By: erin@acme.example',
        'Co-authored-by: two <f@acme.example>, <g@acme.example>\r',
        'Co-developed-by: Heidi <heidi@acme.example>',
        'Reviewed-by: Ivan <ivan@acme.example>',
      ].join('\n'),
    });
    const { emails } = await collect(repository, { head, base });
    const local = ['bob', 'carol', 'dave', 'erin', 'f', 'g', 'heidi'];
    expect(emails).toEqual([...local.map((name) => `${name}@acme.example`), 'noreply@gitlab.acme.example']);
  });
});

describe('nothing is concluded', () => {
  const incomplete = async (repository: TestRepository, range: Range): Promise<string | undefined> =>
    (await collect(repository, range)).incomplete;

  test('where the base is no ancestor, older or newer, or of another root', async () => {
    const repository = testRepository();
    const root = repository.commit();
    const [head, side] = [repository.commit({ parents: [root] }), repository.commit({ parents: [root], author: MALLORY })];
    for (const base of [side, repository.commit(), repository.commit({ parents: [head] })]) {
      expect(await incomplete(repository, { head, base })).toContain(`the base ${base} is no ancestor`);
    }
  });

  test('where the head or the base is not there, no commit, or no id', async () => {
    const repository = testRepository();
    const head = repository.commit();
    const absent = '0123456789'.repeat(4);
    expect(await incomplete(repository, { head: absent })).toContain(`the commit ${absent} is not there`);
    expect(await incomplete(repository, { head, base: absent })).toContain(`the commit ${absent} is not there`);
    expect(await incomplete(repository, { head: repository.tree })).toContain('is a tree, not a commit');
    const asTag = `object ${head}\ntype commit\ntag v1\ntagger A <a@acme.example> 1 +0000\n\nv1\n`;
    const tag = runGit(repository.path, ['hash-object', '-t', 'tag', '-w', '--stdin'], { input: asTag }).toString().trim();
    expect(await incomplete(repository, { head: tag })).toContain('is a tag, not a commit');
    for (const name of ['HEAD', head.slice(0, 10), head.toUpperCase(), `${head} `, '--all', `${head}\n${head}`, 'f'.repeat(64)]) {
      expect(await incomplete(repository, { head, base: name })).toContain('40 lower-case hex digits');
    }
  });

  test('where there is no repository, or no git', async () => {
    const repository = testRepository();
    const head = repository.commit();
    expect(await incomplete({ ...repository, path: newPlace() }, { head })).toContain('no git repository here');
    vi.stubEnv('PATH', newPlace());
    expect(await incomplete(repository, { head })).toContain('git cannot be started');
  });

  test('where a shallow clone ends before the base, and only there', async () => {
    const repository = testRepository();
    const commits = [repository.commit()];
    for (let n = 0; n < 4; n++) commits.push(repository.commit({ parents: commits.slice(-1) }));
    const head = commits[4] as string;
    repository.git('update-ref', 'refs/heads/main', head);
    const place = newPlace();
    runGit(place, ['clone', '--quiet', '--depth=3', '--bare', `file://${repository.path}`, 'shallow.git']);
    const shallow = { ...repository, path: join(place, 'shallow.git') };
    expect(runGit(shallow.path, ['rev-parse', '--is-shallow-repository']).toString()).toBe('true\n');
    expect(await incomplete(shallow, { head })).toContain('shallow or partial clone');
    expect(await incomplete(shallow, { head, base: commits[1] as string })).toContain('shallow or partial clone');
    const within = await collect(shallow, { head, base: commits[2] as string });
    expect(within).toMatchObject({ commits: 2 });
    expect(within.incomplete).toBeUndefined();
  });

  test('where a shallow clone hides what a merge brought', async () => {
    const repository = testRepository();
    const root = repository.commit();
    const hidden = repository.commit({ parents: [root], author: MALLORY });
    const branch = repository.commit({ parents: [hidden] });
    const base = repository.commit({ parents: [root] });
    const head = repository.commit({ parents: [base, branch] });
    repository.git('update-ref', 'refs/heads/main', head);
    const place = newPlace();
    runGit(place, ['clone', '--quiet', '--depth=2', '--bare', `file://${repository.path}`, 'shallow.git']);
    expect(await incomplete({ ...repository, path: join(place, 'shallow.git') }, { head, base })).toContain('shallow or partial');
    expect((await collect(repository, { head, base })).emails).toContain('mallory@acme.example');
  });

  test('where there are more commits than are looked at', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const head = repository.commit({ parents: [repository.commit({ parents: [base] })] });
    expect(await incomplete(repository, { head, base, most: 1 })).toContain('more than 1 commits');
    expect(await incomplete(repository, { head, base, most: 2 })).toBeUndefined();
  });

  test('where there is no time', async () => {
    const repository = testRepository();
    const head = repository.commit();
    expect(await incomplete(repository, { head, timeoutMs: 0 })).toContain('did not read the history in time');
  });

  test('where the user stops it: that is thrown', async () => {
    const repository = testRepository();
    const head = repository.commit();
    await expect(collect(repository, { head, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    const stop = new AbortController();
    const stopping = { get: () => stop.abort() } as unknown as CollectOptions['verified'];
    await expect(collect(repository, { head, verified: stopping, signal: stop.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  test('where a commit is stored that is not what its id says', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const hidden = repository.commit({ parents: [base], author: MALLORY });
    const head = repository.commit({ parents: [hidden] });
    const fake = repository.commit({ parents: [base] });
    const file = (id: string): string => join(repository.path, 'objects', id.slice(0, 2), id.slice(2));
    rmSync(file(head));
    writeFileSync(file(head), readFileSync(file(fake)));
    expect(repository.git('rev-list', head, `^${base}`)).toBe(head);
    expect(await incomplete(repository, { head, base })).toContain(`what the repository stores as ${head} is another object`);
  });

  test('where a base is stored that claims to contain what is released', async () => {
    const repository = testRepository();
    const root = repository.commit();
    const base = repository.commit({ parents: [root] });
    const hidden = repository.commit({ parents: [root], author: MALLORY });
    const head = repository.commit({ parents: [base, hidden] });
    const middle = repository.commit({ parents: [root, hidden] });
    const file = (id: string): string => join(repository.path, 'objects', id.slice(0, 2), id.slice(2));
    const whole = await collect(repository, { head, base });
    expect(whole.emails).toContain('mallory@acme.example');
    rmSync(file(base));
    writeFileSync(file(base), readFileSync(file(middle)));
    expect(repository.git('rev-list', head, `^${base}`)).toBe(head);
    expect(await incomplete(repository, { head, base })).toContain('is another object');
  });

  test('where a commit before the base is stored that claims to contain what is released', async () => {
    const repository = testRepository();
    const root = repository.commit();
    const old = repository.commit({ parents: [root] });
    const base = repository.commit({ parents: [old] });
    const hidden = repository.commit({ parents: [root], author: MALLORY });
    const head = repository.commit({ parents: [base, hidden] });
    const file = (id: string): string => join(repository.path, 'objects', id.slice(0, 2), id.slice(2));
    const claim = repository.commit({ parents: [hidden] });
    rmSync(file(old));
    writeFileSync(file(old), readFileSync(file(claim)));
    expect(repository.git('rev-list', head, `^${base}`)).toBe(head);
    expect(await incomplete(repository, { head, base })).toContain(`what the repository stores as ${old} is another object`);
  });
});
