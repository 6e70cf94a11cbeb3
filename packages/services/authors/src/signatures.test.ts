import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PersonRule, parseSshPublicKey, type SshKeyRule } from '@signwright/signing-core';
import { afterEach, describe, expect, test } from 'vitest';
import { newPlace, removeRepositories, runGit, type TestRepository, testRepository } from '../tests/git-repository.ts';
import { type AuthorList, type CollectOptions, collectAuthors } from './collect-authors.ts';

afterEach(removeRepositories);

const COMMITTED = 1_700_000_000;
const ANN = { by: 'signature', person: 'ann' };

/** A commit signed by a key that ann has, on a base. */
function signed(format: 'sha1' | 'sha256' = 'sha1') {
  const repository = testRepository(format);
  const key = repository.sshKey('ann');
  const base = repository.commit({ date: COMMITTED - 100 });
  const head = repository.commit({ parents: [base], signedBy: key.file, date: COMMITTED, message: 'Signed\n\nIn full.\n' });
  return { repository, key, base, head };
}

type TestKey = { readonly publicKey: string } & Pick<SshKeyRule, 'from' | 'until' | 'compromisedSince'>;

const personOf = (id: string, ...keys: readonly TestKey[]): Pick<PersonRule, 'id' | 'keys'> => ({
  id,
  keys: keys.map((key) => {
    const { fingerprint, line } = parseSshPublicKey(key.publicKey);
    return { ...key, fingerprint, publicKey: line };
  }),
});

function judge(
  { repository, base }: { repository: TestRepository; base: string },
  head: string,
  keys: { readonly [person: string]: TestKey },
  options: Partial<CollectOptions> = {},
): Promise<AuthorList> {
  const people = Object.entries(keys).map(([id, key]) => personOf(id, key));
  return collectAuthors({ directory: repository.path, base, head, verified: new Map(), people, ...options });
}

/** Whether git and ssh-keygen take a commit for one of this key. */
function gitVerifies(repository: TestRepository, commit: string, { publicKey }: TestKey): boolean {
  const allowed = join(newPlace(), 'allowed');
  writeFileSync(allowed, `* namespaces="git" ${publicKey}`);
  try {
    runGit(repository.path, ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', commit]);
    return true;
  } catch {
    return false;
  }
}

/** Stores a commit with the signature ssh-keygen makes over it. */
function sign(repository: TestRepository, key: { readonly file: string }, bytes: Uint8Array, namespace = 'git'): string {
  const file = join(newPlace(), 'payload');
  writeFileSync(file, bytes);
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', key.file, file], { stdio: 'ignore' });
  const signature = readFileSync(`${file}.sig`, 'utf8').trimEnd().replaceAll('\n', '\n ');
  const text = Buffer.from(bytes).toString('latin1').replace('\n\n', `\ngpgsig ${signature}\n\n`);
  return repository.raw(Buffer.from(text, 'latin1'));
}

/** The bytes of a commit with another content, stored. */
const altered = (repository: TestRepository, commit: string, change: (text: string) => string): string => {
  const text = repository.bytesOf(commit).toString('latin1');
  expect(change(text)).not.toBe(text);
  return repository.raw(Buffer.from(change(text), 'latin1'));
};

describe('a commit signed by the SSH key of a person', () => {
  test.each(['sha1', 'sha256'] as const)('is theirs, in a repository of %s', async (format) => {
    const all = signed(format);
    const list = await judge(all, all.head, { ann: all.key });
    expect(list).toMatchObject({ commits: 1, authors: [ANN], unknown: [], emails: ['ann@acme.example'] });
    expect(list.incomplete).toBeUndefined();
    expect(gitVerifies(all.repository, all.head, all.key)).toBe(true);
  });

  test('brings in the addresses of whoever else it names', async () => {
    const { repository, key, base } = signed();
    const [author, committer] = ['Bob <bob@acme.example>', 'Carol <carol@acme.example>'];
    const head = repository.commit({ parents: [base], signedBy: key.file, author, committer });
    const list = await judge({ repository, base }, head, { ann: key });
    expect(list).toMatchObject({ authors: [ANN], unknown: [], emails: ['bob@acme.example', 'carol@acme.example'] });
  });

  test('is theirs and of whom the platform names', async () => {
    const all = signed();
    const account = { platform: 'github', id: '583231' } as const;
    const verified = new Map([[all.head, [account]]]);
    const list = await judge(all, all.head, { ann: all.key }, { verified });
    expect(list.authors).toEqual([{ by: 'platform', account }, ANN]);
  });

  test('is of both of two people who list one key', async () => {
    const all = signed();
    const list = await judge(all, all.head, { bob: all.key, ann: all.key });
    expect(list.authors).toEqual([ANN, { by: 'signature', person: 'bob' }]);
  });

  test('with several lines of headers and odd bytes is theirs too', async () => {
    const { repository, key, base } = signed();
    const merged = repository.commit({ parents: [base] });
    const bytes = Buffer.concat([
      Buffer.from(`tree ${repository.tree}\nparent ${base}\nparent ${merged}\n`),
      Buffer.from('author \u00dcmit <ann@acme.example> 1 +0000\ncommitter \u00dcmit <ann@acme.example> 1 +0000\n', 'latin1'),
      Buffer.from('encoding ISO-8859-1\nmergetag object 0\n type commit\n \n gpgsig no\n\nM\u00e4rz\0\n', 'latin1'),
    ]);
    const head = sign(repository, key, bytes);
    expect(gitVerifies(repository, head, key)).toBe(true);
    const list = await judge({ repository, base: merged }, head, { ann: key });
    expect(list.authors).toEqual([ANN]);
  });
});

describe('a commit stays unknown', () => {
  const whyNot = async (
    all: { repository: TestRepository; base: string },
    head: string,
    keys: { readonly [person: string]: TestKey },
    options: Partial<CollectOptions> = {},
  ): Promise<string | undefined> => {
    const list = await judge(all, head, keys, options);
    expect(list).toMatchObject({ authors: [] });
    expect(list.incomplete).toBeUndefined();
    const unknown = list.unknown.find(({ commit }) => commit === head);
    expect(unknown?.why).toContain('and the platform does not say who brought it');
    return unknown?.why;
  };

  test("where the key is nobody's", async () => {
    const all = signed();
    const other = all.repository.sshKey('other');
    expect(await whyNot(all, all.head, { ann: other })).toContain("nobody's in the policy");
    expect(await whyNot(all, all.head, {})).toContain("nobody's in the policy");
  });

  test.each<[string, (text: string) => string]>([
    ['message', (text) => text.replace('In full', 'In part')],
    ['author', (text) => text.replace('author Ann', 'author Bob')],
    ['tree', (text) => text.replace(/^tree ..../, 'tree 0000')],
    ['headers', (text) => text.replace('\n\n', '\nx-more header\n\n')],
    ['end', (text) => `${text}\n`],
  ])('where its %s is not what was signed', async (_, change) => {
    const all = signed();
    const head = altered(all.repository, all.head, change);
    expect(await whyNot(all, head, { ann: all.key })).toContain('does not hold');
    expect(gitVerifies(all.repository, head, all.key)).toBe(false);
  });

  test('where its signature is that of another commit', async () => {
    const all = signed();
    const signature = /gpgsig .*?-----END SSH SIGNATURE-----\n/s.exec(all.repository.bytesOf(all.head).toString())?.[0] ?? '';
    const unsigned = all.repository.commit({ parents: [all.base] });
    const head = altered(all.repository, unsigned, (text) => text.replace('\n\n', `\n${signature}\n`));
    expect(await whyNot(all, head, { ann: all.key })).toContain('does not hold');
  });

  test('where its signature stands in the message', async () => {
    const all = signed();
    const signature = /gpgsig .*?-----END SSH SIGNATURE-----\n/s.exec(all.repository.bytesOf(all.head).toString())?.[0] ?? '';
    const head = altered(all.repository, all.head, (text) => `${text.replace(signature, '')}\n${signature}`);
    expect(await whyNot(all, head, { ann: all.key })).toContain('it is not signed');
  });

  test('where it has two signatures', async () => {
    const all = signed();
    const signature = /gpgsig .*?-----END SSH SIGNATURE-----\n/s.exec(all.repository.bytesOf(all.head).toString())?.[0] ?? '';
    const head = altered(all.repository, all.head, (text) => text.replace(signature, signature + signature));
    expect(await whyNot(all, head, { ann: all.key })).toContain('several signatures');
  });

  test('where it is signed for something else than git', async () => {
    const all = signed();
    const unsigned = all.repository.commit({ parents: [all.base] });
    const head = sign(all.repository, all.key, all.repository.bytesOf(unsigned), 'file');
    expect(await whyNot(all, head, { ann: all.key })).toContain('does not hold');
  });

  test.each([
    ['OpenPGP', '-----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----'],
    ['X.509', '-----BEGIN SIGNED MESSAGE-----\n MIIB\n -----END SIGNED MESSAGE-----'],
    ['of a kind that is not known', 'anything'],
  ])('where its signature is %s', async (kind, signature) => {
    const all = signed();
    const unsigned = all.repository.commit({ parents: [all.base] });
    const head = altered(all.repository, unsigned, (text) => text.replace('\n\n', `\ngpgsig ${signature}\n\n`));
    expect(await whyNot(all, head, { ann: all.key })).toContain(`its signature is ${kind}, which is not verified here`);
    const account = { platform: 'gitlab', id: '7' } as const;
    const known = await judge(all, head, { ann: all.key }, { verified: new Map([[head, [account]]]) });
    expect(known).toMatchObject({ authors: [{ by: 'platform', account }], unknown: [] });
  });

  test('where the key counts as compromised, whatever date the commit bears', async () => {
    const all = signed();
    const long = { ...all.key, compromisedSince: (COMMITTED + 1_000_000) * 1000 };
    expect(await whyNot(all, all.head, { ann: long })).toContain('the key of ann that signed it counts as compromised');
    const both = { bob: all.key, ann: long };
    expect(await whyNot(all, all.head, both)).toContain('counts as compromised');
  });

  test("where the commit is dated outside the key's time, or bears no date", async () => {
    const all = signed();
    const at = COMMITTED * 1000;
    const why = 'the key of ann that signed it did not count at the time the commit bears';
    expect(await whyNot(all, all.head, { ann: { ...all.key, until: at } })).toContain(why);
    expect(await whyNot(all, all.head, { ann: { ...all.key, from: at + 1 } })).toContain(why);
    for (const within of [{ from: at }, { until: at + 1 }, { from: at, until: at + 1 }]) {
      expect((await judge(all, all.head, { ann: { ...all.key, ...within } })).authors).toEqual([ANN]);
    }
    const dated = all.repository.bytesOf(all.repository.commit({ parents: [all.base] })).toString();
    const undated = Buffer.from(dated.replace(/^committer.*$/m, 'committer Ann <a@acme.example>'));
    const head = sign(all.repository, all.key, undated);
    expect(await whyNot(all, head, { ann: { ...all.key, from: 0 } })).toContain(why);
    expect((await judge(all, head, { ann: all.key })).authors).toEqual([ANN]);
  });

  test('unless one of the times the key is listed with holds', async () => {
    const all = signed();
    const at = COMMITTED * 1000;
    const [early, late] = [
      { ...all.key, until: at },
      { ...all.key, from: at },
    ];
    const list = await judge(all, all.head, {}, { people: [personOf('ann', early, late)] });
    expect(list).toMatchObject({ authors: [ANN], unknown: [] });
    const compromised = personOf('ann', { ...early, compromisedSince: at }, late);
    expect(await whyNot(all, all.head, {}, { people: [compromised] })).toContain('counts as compromised');
  });

  test('where its signature is none, which spoils no other commit', async () => {
    const all = signed();
    for (const change of [
      (text: string) => text.replace(/(BEGIN SSH SIGNATURE-----\n) .*\n/, '$1'),
      (text: string) => text.replace('-----END SSH SIGNATURE-----', ''),
      (text: string) => text.replace('U1NIU0lH', 'U1NIU0lI'),
    ]) {
      const broken = altered(all.repository, all.head, change);
      expect(await whyNot(all, broken, { ann: all.key })).toContain('does not hold');
      const head = sign(all.repository, all.key, all.repository.bytesOf(all.repository.commit({ parents: [broken] })));
      const list = await judge(all, head, { ann: all.key });
      expect(list.authors).toEqual([ANN]);
      expect(list.unknown.map(({ commit }) => commit)).toEqual([broken]);
    }
  });
});
