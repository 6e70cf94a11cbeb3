import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { afterEach, describe, expect, test } from 'vitest';
import { newPlace, removeRepositories, type TestRepository, testRepository } from '../tests/git-repository.ts';
import { verifyBySshKeygen } from '../tests/ssh-keygen.ts';
import { type AuthorList, type CollectOptions, collectAuthors } from './collect-authors.ts';
import type { PersonKey } from './known-author.ts';

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

function judge(
  { repository, base }: { repository: TestRepository; base: string },
  head: string,
  keys: { readonly [person: string]: PersonKey },
  options: Partial<CollectOptions> = {},
): Promise<AuthorList> {
  const verifySignature = verifyBySshKeygen(Object.values(keys).map(({ publicKey }) => publicKey));
  const people = Object.entries(keys).map(([id, key]) => ({ id, ssh: [key] }));
  return collectAuthors({ directory: repository.path, base, head, verified: new Map(), people, verifySignature, ...options });
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
    const unsigned = repository.raw(bytes);
    const file = join(newPlace(), 'payload');
    writeFileSync(file, bytes);
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'git', '-f', key.file, file], { stdio: 'ignore' });
    const signature = readFileSync(`${file}.sig`, 'utf8').trimEnd().replaceAll('\n', '\n ');
    const head = altered(repository, unsigned, (text) => text.replace('\n\nM', `\ngpgsig ${signature}\n\nM`));
    const list = await judge({ repository, base: merged }, head, { ann: key });
    expect(list.authors).toEqual([ANN]);
  });
});

describe('a commit stays unknown', () => {
  const whyNot = async (
    all: { repository: TestRepository; base: string },
    head: string,
    keys: { readonly [person: string]: PersonKey },
    options: Partial<CollectOptions> = {},
  ): Promise<string | undefined> => {
    const list = await judge(all, head, keys, options);
    expect(list).toMatchObject({ authors: [] });
    expect(list.incomplete).toBeUndefined();
    const unknown = list.unknown.find(({ commit }) => commit === head);
    expect(unknown?.why).toContain('and the platform does not say who brought it');
    return unknown?.why;
  };

  test("where the key is nobody's, or another signed it", async () => {
    const all = signed();
    const other = all.repository.sshKey('other');
    expect(await whyNot(all, all.head, { ann: other })).toContain('does not hold');
    const verifySignature = verifyBySshKeygen([all.key.publicKey]);
    expect(await whyNot(all, all.head, { ann: other }, { verifySignature })).toContain("nobody's in the policy");
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
    const place = newPlace();
    const unsigned = all.repository.commit({ parents: [all.base] });
    const file = join(place, 'payload');
    writeFileSync(file, all.repository.bytesOf(unsigned));
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', all.key.file, file], { stdio: 'ignore' });
    const signature = readFileSync(`${file}.sig`, 'utf8').trimEnd().replaceAll('\n', '\n ');
    const head = altered(all.repository, unsigned, (text) => text.replace('\n\n', `\ngpgsig ${signature}\n\n`));
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
    const undated = altered(all.repository, all.head, (text) => text.replace(/^committer.*$/m, 'committer Ann <a@acme.example>'));
    const holds = { verifySignature: () => all.key.publicKey };
    expect(await whyNot(all, undated, { ann: { ...all.key, from: 0 } }, holds)).toContain(why);
    expect((await judge(all, undated, { ann: all.key }, holds)).authors).toEqual([ANN]);
  });

  test('where reading its signature fails, which spoils no other commit', async () => {
    const all = signed();
    const verifySignature = (): never => {
      throw new SignwrightError('invalid-input', 'the SSH signature does not begin with SSHSIG');
    };
    expect(await whyNot(all, all.head, { ann: all.key }, { verifySignature })).toContain(
      'does not hold (the SSH signature does not',
    );
  });
});

test('a key of the policy that is none makes the list inconclusive', async () => {
  const all = signed();
  for (const publicKey of ['', 'ssh-ed25519', 'ssh-ed25519 AAAA!', '-----BEGIN PUBLIC KEY-----']) {
    const list = await judge(all, all.head, { ann: { publicKey } });
    expect(list.incomplete).toContain('not written as OpenSSH writes public keys');
  }
});

test('what verifying could not reach makes the list inconclusive; a defect is thrown', async () => {
  const all = signed();
  const failing = (error: Error): Partial<CollectOptions> => ({
    verifySignature: () => {
      throw error;
    },
  });
  const unreachable = new SignwrightError('unreachable', 'no answer');
  expect((await judge(all, all.head, { ann: all.key }, failing(unreachable))).incomplete).toBe('no answer');
  await expect(judge(all, all.head, { ann: all.key }, failing(new TypeError('defect')))).rejects.toThrow('defect');
});
