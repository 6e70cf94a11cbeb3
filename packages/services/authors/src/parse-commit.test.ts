import { afterEach, describe, expect, test } from 'vitest';
import { removeRepositories, testRepository } from '../tests/git-repository.ts';
import { collectAuthors } from './collect-authors.ts';
import { emailsOf } from './commit-emails.ts';
import { parseCommit } from './parse-commit.ts';

afterEach(removeRepositories);

const TREE = 'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n';
const ANN = 'author Ann <ann@acme.example> 1700000000 +0000\ncommitter Ann <ann@acme.example> 1700000060 +0100\n';
const ID = 'c'.repeat(40);
const parse = (text: string | Buffer): ReturnType<typeof parseCommit> =>
  parseCommit({ id: ID, bytes: typeof text === 'string' ? Buffer.from(text) : text }, 'sha1');
const emails = (text: string | Buffer): readonly string[] => [...emailsOf(parse(text))].sort();

describe('a commit', () => {
  test('has parents, dates and a message', () => {
    const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
    expect(parse(`${TREE}parent ${first}\nparent ${second}\n${ANN}\nMessage\n\nmore\n`)).toEqual({
      id: ID,
      parents: [first, second],
      identities: [
        Buffer.from('Ann <ann@acme.example> 1700000000 +0000'),
        Buffer.from('Ann <ann@acme.example> 1700000060 +0100'),
      ],
      message: Buffer.from('Message\n\nmore\n'),
      committedAt: 1_700_000_060_000,
      signature: 'none',
    });
  });

  test('has the parents git takes it to have', async () => {
    const repository = testRepository();
    const [first, second, third] = [repository.commit(), repository.commit(), repository.commit()];
    const text = `tree ${repository.tree.toUpperCase()}\nparent ${first.toUpperCase()}\n${ANN}parent ${second}\n\nparent ${third}\n`;
    const head = repository.raw(text);
    expect(repository.git('rev-list', head).split('\n')).toEqual([head, first]);
    expect(parse(text).parents).toEqual([first]);
    const nobody = { verified: new Map(), people: [] };
    const list = await collectAuthors({ directory: repository.path, head, ...nobody });
    expect(list).toMatchObject({ commits: 2 });
    expect(list.incomplete).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['an empty line', `\n${TREE}${ANN}\n`],
    ['no tree', `${ANN}\n`],
    ['a short tree', `tree 4b825d\n${ANN}\n`],
    ['a short parent', `${TREE}parent 4b825d\n${ANN}\n`],
    ['a parent that goes on', `${TREE}parent ${'a'.repeat(40)}\n x\n${ANN}\n`],
    ['a parent before the tree', `parent ${'a'.repeat(40)}\n${TREE}${ANN}\n`],
  ])('that begins with %s is refused', (_, text) => {
    expect(() => parse(text)).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
  });

  test('without a message, or without its end, is read', () => {
    expect(parse(`${TREE}${ANN}`)).toMatchObject({ message: Buffer.alloc(0), committedAt: 1_700_000_060_000 });
    expect(parse(`${TREE}${ANN.slice(0, -1)}`)).toMatchObject({ committedAt: 1_700_000_060_000 });
  });

  test.each([
    ['in words', 'committer Ann <a@acme.example> yesterday\n'],
    ['there is none of', ''],
    ['there are two of', 'committer Ann <a@acme.example> 1 +0000\n'.repeat(2)],
  ])('has no date where it is %s', (_, committer) => {
    expect(parse(`${TREE}author Ann <ann@acme.example> 1 +0000\n${committer}\n`).committedAt).toBeUndefined();
  });
});

describe('the addresses of a commit', () => {
  test('are not those of a header that its message forges', () => {
    const forged = 'author Bob <bob@acme.example> 1 +0000\ncommitter Bob <bob@acme.example> 1 +0000\n';
    expect(emails(`${TREE}${ANN}\n${forged}\n${forged}`)).toEqual(['ann@acme.example']);
    expect(emails(`${TREE}${ANN}x-note begins\n author Bob <bob@acme.example> 1 +0000\n\nMessage\n`)).toEqual([
      'ann@acme.example',
    ]);
  });

  test('are those of every author and committer it has', () => {
    const second = 'author Bob <bob@acme.example> 1 +0000\ncommitter Carol <carol@acme.example> 1 +0000\n';
    expect(emails(`${TREE}${ANN}${second}\n`)).toEqual(['ann@acme.example', 'bob@acme.example', 'carol@acme.example']);
  });

  test.each([
    ['two pairs of brackets', 'Ann <ann@acme.example> <bob@acme.example> 1 +0000', ['ann@acme.example', 'bob@acme.example']],
    ['a bracket in brackets', 'Ann <<ann@acme.example>> 1 +0000', ['ann@acme.example']],
    ['no brackets', 'ann@acme.example 1 +0000', ['ann@acme.example']],
    ['an open bracket', 'Ann <ann@acme.example 1 +0000', ['ann@acme.example']],
    ['an address for a name', 'bob@acme.example <ann@acme.example> 1 +0000', ['ann@acme.example', 'bob@acme.example']],
    ['no address', 'Ann <> 1 +0000', []],
    ['no name', '<ann@acme.example> 1 +0000', ['ann@acme.example']],
    ["nobody's at sign", 'root <root> 1 +0000', ['root']],
    ['a NUL', 'Ann\0 <ann\0@acme.example> 1 +0000', ['ann@acme.example']],
    ['endless letters', `${'a'.repeat(1_000_000)} <${'b'.repeat(1000)}@acme.example> 1 +0000`, []],
    ['endless brackets', `${'<'.repeat(1_000_000)}ann@acme.example> 1 +0000`, ['ann@acme.example']],
  ])('are found where an author has %s', (_, author, found) => {
    expect(emails(`${TREE}author ${author}\n\n`)).toEqual(found);
  });

  test.each([
    ['behind a NUL', 'Message\0\nCo-authored-by: Bob <bob@acme.example>'],
    ['in the middle', 'Message\nCo-authored-by: Bob <bob@acme.example>\n\nMore text.'],
    ['indented', '* one\n\n    co-authored-by: Bob <bob@acme.example>'],
    ['with other blanks', 'x\n\nCo-authored-by :Bob<bob@acme.example>'],
    ['with line ends of Windows', 'x\r\n\r\nCo-Authored-By: Bob\r\n\t<bob@acme.example>\r\n'],
    ['without hyphens', 'x\n\nCoauthored-by: bob@acme.example'],
  ])('are those of co-authors %s', (_, message) => {
    expect(emails(`${TREE}${ANN}\n${message}`)).toEqual(['ann@acme.example', 'bob@acme.example']);
  });

  test('are not those of others the message names', () => {
    const message = 'Thanks to bob@acme.example\n\nSigned-off-by: Bob <bob@acme.example>\nCc: Carol <carol@acme.example>\n';
    expect(emails(`${TREE}${ANN}\n${message}`)).toEqual(['ann@acme.example']);
  });

  test('are read in the encoding the commit names, and in UTF-8', () => {
    const latin = Buffer.from(`${TREE}author \u00dcmit <\u00fcmit@acme.example> 1 +0000\n`, 'latin1');
    const rest = (encoding: string): Buffer => Buffer.from(`encoding ${encoding}\n\nMessage\n`);
    expect(emails(Buffer.concat([latin, rest('ISO-8859-1')]))).toContain('\u00fcmit@acme.example');
    expect(emails(Buffer.concat([latin, rest('no-such-encoding')]))).toContain('\u00fcmit@acme.example');
    expect(emails(Buffer.concat([latin, Buffer.from('\n')]))).toContain('\u00fcmit@acme.example');
    const wide = Buffer.from('Message\n\nCo-authored-by: Bob <bob@acme.example>\n', 'utf16le');
    const start = Buffer.from(`${TREE}${ANN}encoding UTF-16LE\n\n`);
    expect(emails(Buffer.concat([start, wide]))).toContain('bob@acme.example');
    expect(emails(Buffer.concat([start, wide]))).toContain('ann@acme.example');
    const plain = Buffer.from('Co-authored-by: Bob <bob@acme.example>\n');
    expect(emails(Buffer.concat([start, plain]))).toContain('bob@acme.example');
  });
});
