import type { CiPlatform } from '../ci-job.ts';
import { isSha256, type Sha256 } from '../formats/digest.ts';
import { hasControlCharacter } from '../formats/glob.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { PlatformAccount } from '../ports/approval-source.ts';
import { normaliseEmail } from './normalise-email.ts';

/** The predicate type of a statement that says who wrote what is being released. */
export const AUTHORS = 'https://signwright.dev/authors/v1';

/** A commit whose author is not known, and why. */
export type UnknownCommit = { readonly commit: string; readonly why: string };

/** Who wrote what lies between the last release that was allowed and this one. None of them approves it. */
export type AuthorsPredicate = {
  /** `https://host/path` of the source repository. */
  readonly repository?: string;
  readonly repositoryId?: string;
  /** What is being released: 40 or 64 lower-case hex digits. */
  readonly commit: string;
  /** Where it is to go: what was allowed last elsewhere is another base. */
  readonly environment: string;
  /** What the last allowed release was made of; absent where the whole history counts. */
  readonly base?: string;
  /** Known by the platform. */
  readonly authors: readonly PlatformAccount[];
  /** Known by their signatures: ids of people of the policy. */
  readonly persons: readonly string[];
  /** As {@link normaliseEmail} writes them. They are self-asserted: they exclude people, and make nobody known. */
  readonly emails: readonly string[];
  /** Who asked for the run. */
  readonly requester?: PlatformAccount;
  /** Who ran it, or a part of it, again. */
  readonly retriers: readonly PlatformAccount[];
  /** How many commits nobody is known for, and the first of them, {@link MAX_UNKNOWN_LISTED} at the most. */
  readonly unknown: { readonly total: number; readonly first: readonly UnknownCommit[] };
  /** Why the list may lack authors; a verdict that rests on it is inconclusive then. */
  readonly incomplete?: string;
  /** Digests of the platform's answers it rests on. */
  readonly answers: readonly Sha256[];
};

/** How many unknown commits are named one by one. */
export const MAX_UNKNOWN_LISTED = 100;

const FIELDS: readonly (keyof AuthorsPredicate)[] = [
  'repository',
  'repositoryId',
  'commit',
  'environment',
  'base',
  'authors',
  'persons',
  'emails',
  'requester',
  'retriers',
  'unknown',
  'incomplete',
  'answers',
];
const PLATFORMS: readonly CiPlatform[] = ['gitlab', 'github', 'azure-devops', 'jenkins', 'kubernetes'];
const MOST = { authors: 10_000, persons: 10_000, emails: 100_000, retriers: 1000, answers: 100_000 };
const MAX_TEXT = 1000;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Writes the predicate: lists sorted, each entry once. @throws SignwrightError `invalid-input` where it could not be read back. */
export function writeAuthors(predicate: AuthorsPredicate): JsonObject {
  const { authors, persons, emails, retriers, answers, ...rest } = predicate;
  const json: JsonObject = {
    ...rest,
    authors: inOrder(authors, accountOf),
    persons: inOrder(persons, asIs),
    emails: inOrder(emails, asIs),
    retriers: inOrder(retriers, accountOf),
    answers: inOrder(answers, asIs),
  };
  readAuthors(json);
  return json;
}

/** Reads what {@link writeAuthors} wrote. @throws SignwrightError `invalid-input` for anything else. */
export function readAuthors(json: Json): AuthorsPredicate {
  const read = fieldReader('the list of authors');
  const fields = read.object(json, 'predicate', FIELDS);
  const commit = commitAt(read, fields['commit'], 'commit');
  return {
    ...optional('repository', plain),
    ...optional('repositoryId', plain),
    commit,
    environment: plain(read, fields['environment'], 'environment'),
    ...optional('base', commitAt),
    authors: sorted('authors', account, accountOf),
    persons: sorted('persons', plain, asIs),
    emails: sorted('emails', email, asIs),
    ...optional('requester', account),
    retriers: sorted('retriers', account, accountOf),
    unknown: unknownCommits(read, fields['unknown']),
    ...optional('incomplete', plain),
    answers: sorted('answers', digest, asIs),
  };

  function optional<K extends string, T>(key: K, readOne: ReadOne<T>): { [k in K]?: T } {
    return fields[key] === undefined ? {} : ({ [key]: readOne(read, fields[key], key) } as { [k in K]: T });
  }

  function sorted<T>(key: keyof typeof MOST, readOne: ReadOne<T>, orderOf: (one: T) => string): readonly T[] {
    const list = read.list(fields[key], key);
    if (list.length > MOST[key]) read.fail(key, `are ${list.length}, more than ${MOST[key]}`);
    const entries = list.map((value, index) => readOne(read, value, `${key}[${index}]`));
    const order = entries.map(orderOf);
    const wrong = order.findIndex((text, index) => index > 0 && text <= (order[index - 1] as string));
    if (wrong > 0) read.fail(`${key}[${wrong}]`, 'is there twice, or out of order');
    return entries;
  }
}

type ReadOne<T> = (read: FieldReader, value: Json | undefined, path: string) => T;

const asIs = (text: string): string => text;
const accountOf = ({ platform, id }: PlatformAccount): string => `${platform} ${id}`;

function inOrder<T extends Json>(entries: readonly T[], orderOf: (one: T) => string): readonly T[] {
  const byOrder = new Map(entries.map((entry) => [orderOf(entry), entry]));
  return [...byOrder.keys()].sort().map((order) => byOrder.get(order) as T);
}

const plain: ReadOne<string> = (read, value, path) => {
  const text = read.text(value, path);
  if (text === '' || text.length > MAX_TEXT) read.fail(path, `must have 1 to ${MAX_TEXT} characters`);
  return hasControlCharacter(text) ? read.fail(path, 'has a line break or another control character') : text;
};

const email: ReadOne<string> = (read, value, path) => {
  const text = plain(read, value, path);
  return normaliseEmail(text) === text ? text : read.fail(path, 'is not in its normal form (lower case, no +tag)');
};

const digest: ReadOne<Sha256> = (read, value, path) => {
  const text = read.text(value, path);
  return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
};

const commitAt: ReadOne<string> = (read, value, path) => {
  const text = read.text(value, path);
  return COMMIT.test(text) ? text : read.fail(path, 'is not a commit of 40 or 64 lower-case hex digits');
};

const account: ReadOne<PlatformAccount> = (read, value, path) => {
  const fields = read.object(value, path, ['platform', 'id']);
  const platform = read.text(fields['platform'], `${path}.platform`) as CiPlatform;
  if (!PLATFORMS.includes(platform)) read.fail(`${path}.platform`, `is not one of ${PLATFORMS.join(', ')}`);
  return { platform, id: plain(read, fields['id'], `${path}.id`) };
};

function unknownCommits(read: FieldReader, value: Json | undefined): AuthorsPredicate['unknown'] {
  const fields = read.object(value, 'unknown', ['total', 'first']);
  const total = fields['total'];
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0)
    return read.fail('unknown.total', 'must be a whole number from 0');
  const list = read.list(fields['first'], 'unknown.first');
  const expected = Math.min(total, MAX_UNKNOWN_LISTED);
  if (list.length !== expected) read.fail('unknown.first', `must name ${expected} of ${total} commits`);
  const first = list.map((entry, index): UnknownCommit => {
    const path = `unknown.first[${index}]`;
    const one = read.object(entry, path, ['commit', 'why']);
    return { commit: commitAt(read, one['commit'], `${path}.commit`), why: plain(read, one['why'], `${path}.why`) };
  });
  if (new Set(first.map(({ commit }) => commit)).size !== first.length) read.fail('unknown.first', 'names a commit twice');
  return { total, first };
}
