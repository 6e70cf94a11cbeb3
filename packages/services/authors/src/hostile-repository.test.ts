import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { newPlace, removeRepositories, runGit, type TestRepository, tellTale, testRepository } from '../tests/git-repository.ts';
import { collectAuthors } from './collect-authors.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  removeRepositories();
});

const NOBODY = { verified: new Map(), people: [] };
const MALLORY = 'Mallory <mallory@acme.example>';

/** base ← hidden ← head */
function withHidden(repository: TestRepository): { base: string; hidden: string; head: string } {
  const base = repository.commit();
  const hidden = repository.commit({ parents: [base], author: MALLORY });
  const head = repository.commit({ parents: [hidden] });
  repository.git('update-ref', 'refs/heads/main', head);
  return { base, hidden, head };
}

describe('a commit is not hidden', () => {
  const hides = async (repository: TestRepository, range: { base: string; head: string }): Promise<void> => {
    // Git itself is taken in, or the test shows nothing.
    expect(repository.git('log', '--format=%ae', range.head, `^${range.base}`)).not.toContain('mallory');
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, ...range });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  };

  test('by a graft', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    mkdirSync(join(repository.path, 'info'), { recursive: true });
    writeFileSync(join(repository.path, 'info', 'grafts'), `${head} ${base}\n`);
    await hides(repository, { base, head });
  });

  test('by a replace ref', async () => {
    const repository = testRepository();
    const { base, hidden, head } = withHidden(repository);
    repository.git('replace', hidden, repository.commit({ parents: [base] }));
    await hides(repository, { base, head });
  });

  test('by a shallow file in a repository that has it', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    writeFileSync(join(repository.path, 'shallow'), `${head}\n`);
    await hides(repository, { base, head });
  });

  test('by a mailmap', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    const map = join(newPlace(), 'mailmap');
    writeFileSync(map, 'Ann <ann@acme.example> <mallory@acme.example>\n');
    repository.git('config', 'mailmap.file', map);
    expect(repository.git('log', '--use-mailmap', '--format=%aE', head)).not.toContain('mallory');
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list.emails).toContain('mallory@acme.example');
  });

  test('by a commit graph that lies', async () => {
    const repository = testRepository();
    const { base, hidden, head } = withHidden(repository);
    repository.git('commit-graph', 'write', '--reachable');
    const path = join(repository.path, 'objects', 'info', 'commit-graph');
    const graph = readFileSync(path);
    // The data of a commit: its tree, its first parent by its place in the sorted list of commits, … (gitformat-commit-graph(5)).
    const places = [base, hidden, head].sort();
    const chunks = graph.subarray(8, 8 + 12 * (graph[6] as number));
    const data = Array.from({ length: graph[6] as number }, (_, n) => chunks.subarray(12 * n, 12 * n + 12));
    const offset = Number(data.find((entry) => entry.toString('latin1', 0, 4) === 'CDAT')?.readBigUInt64BE(4));
    graph.writeUInt32BE(places.indexOf(base), offset + places.indexOf(head) * 36 + 20);
    rmSync(path);
    writeFileSync(path, graph);
    await hides(repository, { base, head });
  });

  test('by variables of the environment', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    const grafts = join(newPlace(), 'grafts');
    writeFileSync(grafts, `${head} ${base}\n`);
    vi.stubEnv('GIT_GRAFT_FILE', grafts);
    vi.stubEnv('GIT_DIR', newPlace());
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'core.repositoryFormatVersion');
    vi.stubEnv('GIT_CONFIG_VALUE_0', '99');
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'mallory@acme.example'] });
  });
});

describe('what git lists', () => {
  /** A git that passes its lists of commits through a filter. */
  const filtered = (filter: string): void => {
    const place = newPlace();
    const real = (process.env['PATH'] ?? '').split(':').map((directory) => join(directory, 'git'));
    const git = real.find((path) => existsSync(path));
    const script = `#!/bin/sh\ncase "$*" in *rev-list*) '${git}' "$@" | ${filter} ;; *) exec '${git}' "$@" ;; esac\n`;
    writeFileSync(join(place, 'git'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${place}:${process.env['PATH']}`);
  };

  test('is not believed where it leaves one out', async () => {
    const repository = testRepository();
    const { base, hidden, head } = withHidden(repository);
    filtered(`grep -v ${hidden}`);
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list.incomplete).toContain('no ancestor of what is released');
    const merge = repository.commit({ parents: [base, hidden] });
    const merged = await collectAuthors({ directory: repository.path, ...NOBODY, head: merge, base });
    expect(merged.incomplete).toContain(`git left out the commit ${hidden}`);
    const all = await collectAuthors({ directory: repository.path, ...NOBODY, head: merge });
    expect(all.incomplete).toContain(`git left out the commit ${hidden}`);
  });

  test('is not believed where nothing leads there', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    const foreign = repository.commit({ author: 'Bob <bob@acme.example>' });
    filtered(`sed '2s/.*/${foreign}/'`);
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list.incomplete).toContain(`git lists ${foreign}, which no commit before it names`);
    expect(list.emails).not.toContain('bob@acme.example');
  });
});

describe('a repository', () => {
  test('runs no program of its own', async () => {
    const place = newPlace();
    const { program, trace } = tellTale();
    const source = testRepository();
    const key = source.sshKey('ann');
    const base = source.commit();
    const head = source.commit({ parents: [base], signedBy: key.file });
    source.git('update-ref', 'refs/heads/main', head);
    runGit(place, ['clone', '--quiet', source.path, 'clone']);
    const clone = join(place, 'clone');
    for (const name of ['core.fsmonitor', 'gpg.ssh.program', 'gpg.program', 'core.sshCommand', 'core.pager', 'core.editor']) {
      runGit(clone, ['config', name, program]);
    }
    for (const setting of [
      'log.showSignature=true',
      'diff.x.textconv=x',
      `alias.rev-list=!${program}`,
      `alias.cat-file=!${program}`,
    ]) {
      const [name = '', value = ''] = setting.split('=');
      runGit(clone, ['config', name, value]);
    }
    runGit(clone, ['config', 'core.hooksPath', join(program, '..')]);
    // That it would run: git itself, asked for the status and the signature, runs it.
    runGit(clone, ['status']);
    expect(existsSync(trace)).toBe(true);
    rmSync(trace);
    const list = await collectAuthors({ directory: clone, ...NOBODY, head, base });
    expect(list.commits).toBe(1);
    expect(list.incomplete).toBeUndefined();
    expect(existsSync(trace)).toBe(false);
  });

  test('that lacks commits fetches none, from wherever it says they are', async () => {
    const { program, trace } = tellTale();
    const repository = testRepository();
    const { base, hidden, head } = withHidden(repository);
    rmSync(join(repository.path, 'objects', hidden.slice(0, 2), hidden.slice(2)));
    repository.git('config', 'core.repositoryFormatVersion', '1');
    repository.git('config', 'extensions.partialClone', 'origin');
    repository.git('config', 'remote.origin.promisor', 'true');
    repository.git('config', 'remote.origin.url', `ext::${program}`);
    repository.git('config', 'protocol.ext.allow', 'always');
    expect(() => repository.git('cat-file', 'commit', hidden)).toThrow();
    expect(existsSync(trace)).toBe(true);
    rmSync(trace);
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list.incomplete).toContain('shallow or partial clone');
    expect(existsSync(trace)).toBe(false);
  });

  test('that is a partial clone with all its commits is enough', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    repository.git('config', 'uploadpack.allowFilter', 'true');
    const place = newPlace();
    runGit(place, ['clone', '--quiet', '--bare', '--filter=tree:0', `file://${repository.path}`, 'partial.git']);
    rmSync(repository.path, { recursive: true });
    const list = await collectAuthors({ directory: join(place, 'partial.git'), ...NOBODY, head, base });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  });

  test('of a format git does not know is read all the same', async () => {
    const repository = testRepository();
    const { base, head } = withHidden(repository);
    writeFileSync(join(repository.path, 'config'), 'not a configuration [[[\n');
    expect(() => repository.git('rev-list', head)).toThrow();
    expect((await collectAuthors({ directory: repository.path, ...NOBODY, head, base })).commits).toBe(2);
  });

  test('whose .git is no small file and no directory is none', async () => {
    const place = newPlace();
    const repository = testRepository();
    const head = repository.commit();
    for (const make of [
      (path: string) => symlinkSync('/dev/zero', path),
      (path: string) => writeFileSync(path, `gitdir: ${repository.path}\n${'x'.repeat(10_000)}`),
      (path: string) => writeFileSync(path, 'gitdir: .git'),
      (path: string) => mkdirSync(path),
    ]) {
      make(join(place, '.git'));
      const list = await collectAuthors({ directory: place, ...NOBODY, head });
      expect(list.incomplete).toContain('no git repository here');
      rmSync(join(place, '.git'), { recursive: true });
    }
  });

  test('with NUL bytes in a commit hides nothing behind them', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const identity = (name: string): string => `${name} Ann\0 <ann@acme.example> 1 +0000\n`;
    const start = `tree ${repository.tree}\nparent ${base}\n${identity('author')}${identity('committer')}`;
    const hidden = repository.raw(`${start}\nMessage\0\nCo-authored-by: Mallory <mallory@acme.example>\n`);
    expect(repository.git('log', '--format=%b', hidden)).not.toContain('mallory');
    const head = repository.commit({ parents: [hidden] });
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(list).toMatchObject({ commits: 2, emails: ['ann@acme.example', 'mallory@acme.example'] });
    expect(list.incomplete).toBeUndefined();
  });

  test('with a commit larger than is read, or one that unpacks to more than fits, is not concluded', async () => {
    const repository = testRepository();
    const base = repository.commit();
    const start = `tree ${repository.tree}\nparent ${base}\nauthor A <a@acme.example> 1 +0000\ncommitter A <a@acme.example> 1 +0000\n`;
    const large = repository.raw(`${start}x-header ${'y'.repeat(4 * 1024 * 1024)}\n\nmessage\n`);
    const list = await collectAuthors({ directory: repository.path, ...NOBODY, head: large, base });
    expect(list).toMatchObject({ commits: 0, incomplete: expect.stringContaining('at most 4194304 are read') });
    const bomb = repository.raw(Buffer.concat([Buffer.from(`${start}\n`), Buffer.alloc(130 * 1024 * 1024)]));
    const head = repository.commit({ parents: [bomb] });
    const refused = await collectAuthors({ directory: repository.path, ...NOBODY, head, base });
    expect(refused.incomplete).toContain('over limit');
  });
});
