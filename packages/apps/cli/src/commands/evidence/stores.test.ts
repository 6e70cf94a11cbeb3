import { execFileSync } from 'node:child_process';
import { createEvidenceStore } from '@signwright/evidence';
import { sha256 } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createWorkspace, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const DAY = 24 * 60 * 60 * 1000;
const TIERS = '  kept: { extends: internal, retain: 30d }\n  longer: { extends: internal, retain: 400d }\n';
const RULES = `  - { match: "dist/long/**", tier: longer }
  - { match: "dist/never/**", sign: never }
  - { match: "dist/either", tier: { test: kept, production: longer } }
  - { match: "dist/**", tier: kept }
  - { match: "notes/**", tier: internal }`;

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(files: Record<string, string>, policy = trialPolicy(RULES, TIERS)): Promise<Workspace> {
  const workspace = await createWorkspace({ policy, files });
  made.push(workspace);
  return workspace;
}

const evidence = (here: Workspace, ...args: string[]): Promise<Finished> => here.run(['evidence', ...args]);

async function json<T>(here: Workspace, ...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await evidence(here, ...args, '--output', 'json');
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

type Piece = {
  id: string;
  kind: string;
  bytes: number;
  by?: string;
  about?: string[];
  subjects?: number;
  retainUntil?: string;
  holds?: string[];
};
type List = { store: string; retention: { enforced: unknown; why?: string }; evidence: Piece[]; without: string[] };

const days = (piece: Piece | undefined): number => Math.floor((Date.parse(piece?.retainUntil ?? '') - Date.now()) / DAY);

describe.concurrent('evidence list', () => {
  let here: Workspace;
  beforeAll(async () => {
    here = await project({ 'dist/a': 'a', 'notes/n': 'n', 'dist/unsigned': 'u', 'dist/never/m': 'm' });
    for (const path of ['dist/a', 'notes/n'])
      expect(await here.run(['sign', path, '--no-sidecars'])).toMatchObject({ status: 0 });
  }, 60_000);

  test('what the store has about artifacts: kind, size, until when it is kept, who made it', async () => {
    const listed = await json<List>(here, 'list', 'dist', 'notes');
    expect(listed.evidence).toHaveLength(3);
    const part = (name: string): Piece | undefined => listed.evidence.find(({ about }) => about?.includes(name));
    expect(part('dist/a')).toMatchObject({ kind: 'part', holds: [], by: expect.stringContaining('/acme/app//trial@') });
    expect([30, 29]).toContain(days(part('dist/a')));
    expect(part('notes/n')).not.toHaveProperty('retainUntil');
    expect(listed.evidence.filter(({ kind }) => kind === 'policy-snapshot')).toHaveLength(1);
    expect(listed.without).toEqual(['dist/unsigned']);
    for (const { id, bytes } of listed.evidence)
      expect(bytes).toBe(here.read(`.signwright/evidence/evidence/${id.slice(7, 9)}/${id.slice(9)}`).length);
  });

  test('says that a directory keeps nobody from deleting, and that nothing is verified', async () => {
    const { status, stdout, stderr } = await evidence(here, 'list', 'dist/a');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^kind +evidence +bytes +kept until +held by +made by +about\n/);
    expect(stdout).toContain('retention is not enforced by the store: the directory');
    expect(stdout).toContain('what they say of themselves');
  });

  test('all of the store, as CSV with nothing else on stdout; and by a digest alone', async () => {
    const { stdout, stderr } = await evidence(here, 'list', '--policy-wide', '--output', 'csv');
    expect(stdout.split('\r\n')).toHaveLength(5);
    expect(stdout).toMatch(/^kind,evidence,bytes,kept until,held by,made by,about\r\n/);
    expect(stderr).toContain('3 pieces in');
    const byDigest = await json<List>(here, 'list', '--digest', sha256('a'));
    expect(byDigest.evidence.map(({ kind }) => kind).sort()).toEqual(['part', 'policy-snapshot']);
    expect(await evidence(here, 'list', 'dist', '--policy-wide')).toMatchObject({ status: 2, stderr: /one or the other/ });
    expect(await evidence(here, 'list', '--evidence', 'nowhere')).toMatchObject({ status: 3, stdout: '' });
    expect(here.has('nowhere')).toBe(false);
  });

  test('a piece that cannot be read or understood is told, and hides no other', async () => {
    const other = await project({ 'dist/a': 'a' });
    const store = createEvidenceStore(createDirectoryStore(other.path('.signwright/evidence')));
    await store.put(Buffer.from('{"kind":"\u001b[2J ##vso[task.complete]"}'), [sha256('a')]);
    await store.put(Buffer.from('c2sp.org/tlog-proof@v1\nnot one'), [sha256('a')]);
    const gone = await store.put(Buffer.from('gone'), [sha256('b')]);
    other.write(`.signwright/evidence/evidence/${gone.slice(7, 9)}/${gone.slice(9)}`, 'goNe');
    expect((await json<List>(other, 'list', 'dist/a')).evidence.map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
    const all = await evidence(other, 'list', '--policy-wide');
    expect(all.status).toBe(0);
    expect(all.stdout).toContain('came back as other bytes');
    expect(all.stdout).not.toMatch(/\u001b|##vso/);
    const check = await evidence(other, 'verify');
    expect(check).toMatchObject({ status: 1, stderr: '' });
    expect(check.stdout).toMatch(new RegExp(`DAMAGED +${gone}[\\s\\S]*3 pieces of evidence, 1 NOT as put`));
  });
});

describe.concurrent('evidence push and pull', () => {
  test('copy all that verdicts rest on, once; a copy that was only begun is completed', async () => {
    const here = await project({ 'dist/a': 'a', 'dist/b': 'b', 'notes/n': 'n' });
    for (const path of ['dist/a', 'dist/b']) await here.run(['sign', path, '--no-sidecars']);
    const first = await json<object>(here, 'push', 'dist/a', '--to', 'copy');
    expect(first).toMatchObject({ version: 1, to: 'copy', copied: 2, present: 0, retention: { enforced: false }, without: [] });
    expect(await json<object>(here, 'push', 'dist', '--to', 'copy')).toMatchObject({ copied: 1, present: 2 });
    expect(await json<object>(here, 'push', 'dist', '--to', 'copy')).toMatchObject({ copied: 0, present: 3 });
    expect(await here.run(['verify', 'dist', '--evidence', 'copy'])).toMatchObject({ status: 0 });

    const there = await project({ 'dist/a': 'a', 'dist/b': 'b', 'dist/c': 'c' });
    const pulled = await json<object>(there, 'pull', '--from', here.path('copy'));
    expect(pulled).toMatchObject({ copied: 3, present: 0, without: ['dist/c'] });
    expect(await there.run(['verify', 'dist/a', 'dist/b'])).toMatchObject({ status: 0 });
    expect(await evidence(there, 'pull', '--from', 'nowhere')).toMatchObject({ status: 3, stderr: /nowhere/ });
    expect(await evidence(there, 'push', '--to', 'ftp://x')).toMatchObject({
      status: 2,
      stderr: /--to: there is no store of the kind ftp/,
    });
  });

  test('ask for what each tier wants kept, of each piece: the longest of what it is about', async () => {
    const here = await project({ 'dist/a': 'a', 'dist/long/l': 'l', 'notes/n': 'n' });
    for (const path of ['dist', 'notes']) await here.run(['sign', path, '--no-sidecars']);
    await here.run(['sign', 'dist/a', '--no-sidecars', '--evidence', 'only-a']);
    await json(here, 'push', 'dist', 'notes', '--to', 'copy');
    await json(here, 'push', 'dist/a', '--evidence', 'only-a', '--to', 'copy');
    const { evidence: pieces } = await json<List>(here, 'list', 'dist', 'notes', '--evidence', 'copy');
    const about = (names: string[]): number =>
      days(pieces.find(({ kind, about }) => kind === 'part' && about?.toString() === [...names].toString()));
    expect(pieces.filter(({ kind }) => kind === 'part')).toHaveLength(3);
    expect([400, 399]).toContain(days(pieces.find(({ about }) => about?.includes('dist/long/l'))));
    expect([30, 29]).toContain(about(['dist/a']));
    expect(about(['notes/n'])).toBeNaN();
    expect([400, 399]).toContain(days(pieces.find(({ kind }) => kind === 'policy-snapshot')));
  });

  test('where the tier depends on an environment that is not named, it is kept for the longest', async () => {
    const here = await project({ 'dist/either': 'e' });
    await here.run(['sign', '--environment', 'test', '--no-sidecars']);
    for (const [to, args, expected] of [
      ['unnamed', [], 400],
      ['named', ['--environment', 'test'], 30],
    ] as const) {
      await json(here, 'push', '--to', to, ...args);
      const { evidence: pieces } = await json<List>(here, 'list', '--evidence', to);
      for (const piece of pieces) expect([expected, expected - 1], to).toContain(days(piece));
    }
  });

  test('a policy that wants an object lock refuses to pull into a store that has none', async () => {
    const policy = `${trialPolicy(RULES, TIERS)}evidence: { store: kept, lock: compliance }\n`;
    const here = await project({ 'dist/a': 'a' }, policy);
    for (const args of [
      ['pull', '--from', 'other'],
      ['pull', '--from', 'other', '--evidence', 'gitlab://gitlab.acme.example/acme/app'],
    ]) {
      here.write('other/x', '');
      expect(await evidence(here, ...args)).toMatchObject({ status: 2, stderr: /lock/i });
    }
    expect(await here.run(['sign', '--evidence', 'gitlab://gitlab.acme.example/acme/app'])).toMatchObject({
      status: 2,
      stderr: /the policy wants an object lock, and gitlab:\/\/gitlab\.acme\.example\/acme\/app has none/,
    });
    expect(here.has('kept')).toBe(false);
  });
});

describe.concurrent('holds and pruning', () => {
  /** A store with one piece whose time has passed, put long ago. */
  async function aged(): Promise<{ here: Workspace; old: string }> {
    const here = await project({ 'dist/a': 'a' });
    const then = Date.now() - 90 * DAY;
    const blobs = createDirectoryStore(here.path('.signwright/evidence'));
    const store = createEvidenceStore(blobs, { clock: { now: () => new Date(then) } });
    const old = await store.put(Buffer.from('{"old":true}'), [sha256('a')], new Date(then + 30 * DAY));
    await store.put(Buffer.from('{"unretained":true}'), [sha256('other')]);
    await here.run(['sign', '--no-sidecars']);
    return { here, old };
  }

  test('what has had its time goes, and no more; what is kept is told with the reason', async () => {
    const { here, old } = await aged();
    const before = here.files('.signwright/evidence');
    const dry = await evidence(here, 'prune', '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    expect(dry.stdout).toContain(`would remove ${old}\n`);
    expect(dry.stdout).toContain('kept 2: to be kept for longer');
    expect(dry.stdout).toContain('kept 1: nobody said how long');
    expect(here.files('.signwright/evidence')).toEqual(before);
    const earlier = new Date(Date.now() - 80 * DAY).toISOString().slice(0, 10);
    expect(await json<object>(here, 'prune', '--before', earlier)).toMatchObject({ dryRun: false, removed: [] });
    expect(await json<object>(here, 'prune')).toMatchObject({ removed: [old], kept: { retained: 2, unretained: 1 } });
    const unretained = await json<{ removed: string[] }>(here, 'prune', '--unretained-before', earlier);
    expect(unretained.removed).toHaveLength(1);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await evidence(here, 'verify')).toMatchObject({ status: 0, stdout: /2 pieces of evidence, each as it was put/ });
  });

  test('what is to be kept is not pruned before a time that has not come', async () => {
    const { here } = await aged();
    const soon = new Date(Date.now() + 365 * DAY).toISOString().slice(0, 10);
    for (const flag of ['--before', '--unretained-before'])
      expect(await evidence(here, 'prune', flag, soon)).toMatchObject({ status: 2, stdout: '', stderr: /has not come yet/ });
    expect(await evidence(here, 'prune', '--before', 'soon')).toMatchObject({ status: 2 });
  });

  test('a hold keeps what has had its time, until it is lifted', async () => {
    const { here, old } = await aged();
    const added = await json<{ evidence: string[] }>(here, 'hold', 'add', 'case-2026-17', 'dist/a');
    expect(added.evidence).toContain(old);
    const words = await evidence(here, 'hold', 'add', 'case-2', '--digest', sha256('a'));
    expect(words.stdout).toMatch(/case-2: 3 pieces held in .*\nsignwright alone heeds it; the store does not enforce it: /);
    expect(await json<object>(here, 'prune')).toMatchObject({ removed: [], kept: { held: 3 } });
    expect((await json<List>(here, 'list', 'dist/a')).evidence.map(({ holds }) => holds)).toEqual(
      Array.from({ length: 3 }, () => ['case-2', 'case-2026-17']),
    );
    expect(await evidence(here, 'hold', 'list')).toMatchObject({
      status: 0,
      stdout: 'case-2: 3 pieces\ncase-2026-17: 3 pieces\n',
    });
    expect(await evidence(here, 'hold', 'remove', 'case-2')).toMatchObject({ status: 0, stdout: /lifted from 3 pieces/ });
    expect(await json<object>(here, 'prune')).toMatchObject({ removed: [], kept: { held: 3 } });
    await json(here, 'hold', 'remove', 'case-2026-17');
    expect(await json<object>(here, 'hold', 'list')).toMatchObject({ holds: [] });
    expect(await json<object>(here, 'prune')).toMatchObject({ removed: [old] });
  });

  test('a hold on nothing, by a name that is none, or that does not stand is refused', async () => {
    const here = await project({ 'dist/a': 'a' });
    await here.run(['sign', '--no-sidecars']);
    here.write('dist/unsigned', 'u');
    for (const [args, says] of [
      [['add', 'case-1', 'dist/unsigned'], /nothing to hold: the store lists nothing about dist\/unsigned/],
      [['add', '../Case', 'dist/a'], /is no name of a legal hold/],
      [['remove', 'case-9'], /no hold case-9 stands/],
    ] as const)
      expect(await evidence(here, 'hold', ...args)).toMatchObject({ status: 2, stdout: '', stderr: says });
  });

  test('a branch refuses to prune, says that it keeps what it has, and is checked and listed like any store', async () => {
    const here = await project({ 'dist/a': 'a' });
    execFileSync('git', ['init', '--quiet', '--bare', here.path('e.git')]);
    const store = ['--evidence', `git+file://${here.path('e.git')}#evidence`];
    expect(await here.run(['sign', '--no-sidecars', ...store])).toMatchObject({ status: 0 });
    const listed = await json<List>(here, 'list', ...store);
    expect(listed.retention).toMatchObject({ enforced: false });
    expect(listed.evidence).toHaveLength(2);
    expect(await evidence(here, 'prune', ...store)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: /this store cannot remove evidence: what was written there stays in its history/,
    });
    expect(await evidence(here, 'verify', ...store)).toMatchObject({
      status: 0,
      stdout: /2 pieces of evidence, each as it was put/,
    });
    expect(await evidence(here, 'hold', 'add', 'case-1', ...store)).toMatchObject({
      status: 0,
      stdout: /signwright alone heeds it/,
    });
  });
});

test('a check of the store judges nothing, and says so where it is asked to', async () => {
  const here = await project({ 'dist/a': 'a' });
  await here.run(['sign', '--no-sidecars']);
  expect(await json<object>(here, 'verify')).toMatchObject({ version: 1, sound: true, pieces: 2, problems: [] });
  for (const args of [
    ['--at', '2030-01-01'],
    ['--environment', 'test'],
    ['--output', 'sarif'],
    ['--store', '--at', '2030-01-01'],
  ])
    expect(await evidence(here, 'verify', ...args)).toMatchObject({ status: 2, stdout: '', stderr: /nothing is judged/ });
  expect(await evidence(here, 'verify', '--evidence', 'nowhere')).toMatchObject({ status: 3, stdout: '' });
});

test.each(['list', 'push', 'pull', 'export', 'verify', 'prune', 'hold add', 'hold remove', 'hold list'])(
  'evidence %s --help says what it is for and ends with an example',
  async (command) => {
    const here = await createWorkspace({ trial: false });
    made.push(here);
    const { status, stdout, stderr } = await evidence(here, ...command.split(' '), '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`\nExample:\n  \\$ signwright evidence ${command}`));
  },
);
