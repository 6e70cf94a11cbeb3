import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';
import { type AuthorsPredicate, MAX_UNKNOWN_LISTED, readAuthors, writeAuthors } from './author-list.ts';

const HEAD = 'c0ffee'.padEnd(40, '0');
const LIST: AuthorsPredicate = {
  repository: 'https://gitlab.acme.example/acme/app',
  repositoryId: '42',
  commit: HEAD,
  environment: 'production',
  base: 'ba5e'.padEnd(40, '0'),
  authors: [{ platform: 'gitlab', id: '7' }],
  persons: ['ann'],
  emails: ['ann@acme.example', 'bob@acme.example'],
  requester: { platform: 'gitlab', id: '8' },
  retriers: [{ platform: 'gitlab', id: '9' }],
  unknown: { total: 1, first: [{ commit: HEAD, why: 'it is not signed' }] },
  incomplete: 'the clone is shallow',
  answers: [sha256('an answer')],
};

const throughJson = (predicate: AuthorsPredicate): AuthorsPredicate =>
  readAuthors(parseStrictJson(Buffer.from(JSON.stringify(writeAuthors(predicate))), { what: 'the test', maxBytes: 1e6 }));

describe('a list of authors', () => {
  test('is read as it was written', () => {
    expect(throughJson(LIST)).toEqual(LIST);
  });

  test('of any content comes back as it was written, whatever order it was given in', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{40}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9é. -]{1,20}$/);
    const account = fc.record({
      platform: fc.constantFrom('gitlab' as const, 'github' as const, 'azure-devops' as const, 'jenkins' as const),
      id,
    });
    const accountKey = ({ platform, id }: { platform: string; id: string }): string => `${platform} ${id}`;
    const accounts = fc.uniqueArray(account, { selector: accountKey, maxLength: 5 });
    const first = fc.uniqueArray(fc.record({ commit: hex, why: id }), { selector: ({ commit }) => commit, maxLength: 5 });
    const lists = fc.record(
      {
        repository: id,
        repositoryId: id,
        commit: hex,
        environment: id,
        base: hex,
        authors: accounts,
        persons: fc.uniqueArray(id),
        emails: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}@[a-z.]{1,9}$/)),
        requester: account,
        retriers: accounts,
        unknown: first.map((commits) => ({ total: commits.length, first: commits })),
        incomplete: id,
        answers: fc.uniqueArray(fc.string()).map((texts) => texts.map(sha256)),
      },
      { requiredKeys: ['commit', 'environment', 'authors', 'persons', 'emails', 'retriers', 'unknown', 'answers'] },
    );
    const inOrder = (list: AuthorsPredicate): AuthorsPredicate => ({
      ...list,
      authors: list.authors.toSorted((a, b) => (accountKey(a) < accountKey(b) ? -1 : 1)),
      persons: list.persons.toSorted(),
      emails: list.emails.toSorted(),
      retriers: list.retriers.toSorted((a, b) => (accountKey(a) < accountKey(b) ? -1 : 1)),
      answers: list.answers.toSorted(),
    });
    fc.assert(
      fc.property(lists, (list) => {
        expect(throughJson(list as AuthorsPredicate)).toEqual(inOrder(list as AuthorsPredicate));
      }),
    );
  });

  test('names each account, person, address and answer once', () => {
    const [author] = LIST.authors;
    const twice = { ...LIST, authors: [...LIST.authors, { ...(author as { platform: 'gitlab'; id: string }) }] };
    expect(throughJson({ ...twice, persons: ['ann', 'ann'] })).toEqual(LIST);
  });

  test('tells how many commits are unknown, and names the first of them', () => {
    const first = Array.from({ length: MAX_UNKNOWN_LISTED }, (_, n) => ({ commit: n.toString(16).padStart(40, '0'), why: 'x' }));
    const unknown = { total: 90_000, first };
    expect(throughJson({ ...LIST, unknown }).unknown).toEqual(unknown);
  });

  const [first] = LIST.unknown.first;
  test.each<[string, { readonly [field: string]: unknown }]>([
    ['with a field it does not know', { approvers: [] }],
    ['without a commit', { commit: undefined }],
    ['of a short commit', { commit: 'c0ffee' }],
    ['of a commit in upper case', { commit: HEAD.toUpperCase() }],
    ['since a branch', { base: 'main' }],
    ['without authors', { authors: undefined }],
    ['of an author on no platform', { authors: [{ platform: 'bitbucket', id: '7' }] }],
    ['of an author with a number', { authors: [{ platform: 'gitlab', id: 7 }] }],
    ['of an author without an id', { authors: [{ platform: 'gitlab', id: '' }] }],
    ['of an author with a name', { authors: [{ platform: 'gitlab', id: '7', name: 'ann' }] }],
    ['of an author twice', { authors: [...LIST.authors, ...LIST.authors] }],
    ['of people out of order', { persons: ['bob', 'ann'] }],
    ['of a person with a line break', { persons: ['ann\nbob'] }],
    ['with an address in upper case', { emails: ['Ann@acme.example'] }],
    ['with a tagged address', { emails: ['ann+x@acme.example'] }],
    ['without retriers', { retriers: undefined }],
    ['without an environment', { environment: undefined }],
    ['with a requester by name', { requester: 'ann' }],
    ['with fewer unknown than it names', { unknown: { total: 0, first: [first] } }],
    ['that names none of its unknown', { unknown: { total: 2, first: [first] } }],
    ['that names an unknown twice', { unknown: { total: 2, first: [first, first] } }],
    ['with half an unknown commit', { unknown: { total: 0.5, first: [] } }],
    ['with an unknown commit without reason', { unknown: { total: 1, first: [{ commit: HEAD }] } }],
    ['that is incomplete for no reason', { incomplete: '' }],
    ['with an answer that is no digest', { answers: ['sha256:abc'] }],
  ])('%s is refused', (_, change) => {
    const json = JSON.parse(JSON.stringify({ ...writeAuthors(LIST), ...change })) as Json;
    expect(() => readAuthors(json)).toThrowError(expect.objectContaining({ name: 'SignwrightError', code: 'invalid-input' }));
  });

  test('that could not be read back is not written', () => {
    for (const wrong of [{ emails: ['Ann@acme.example'] }, { commit: 'main' }, { unknown: { total: 3, first: [] } }]) {
      expect(() => writeAuthors({ ...LIST, ...wrong })).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    }
  });
});
