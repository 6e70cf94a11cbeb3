import { SignwrightError } from '@signwright/signing-core';
import type { RawCommit } from './read-commits.ts';
import type { ObjectFormat } from './run-git.ts';

/** What a commit says of itself. Of all that, only the parents and the signature's payload are more than its maker's word. */
export type Commit = {
  readonly id: string;
  readonly parents: readonly string[];
  /** The contents of each `author` and `committer` header: `name <address> seconds zone`, in bytes. */
  readonly identities: readonly Buffer[];
  /** Its `encoding` header; UTF-8 without. */
  readonly encoding?: string;
  readonly message: Buffer;
  /** In milliseconds, as the committer's clock had it or as the committer liked; `undefined` where it is not to be read. */
  readonly committedAt: number | undefined;
  readonly signature: CommitSignature | 'none' | 'several';
};

/** An armored signature, and the bytes it was made over: the commit without its signatures. */
export type CommitSignature = { readonly armored: string; readonly payload: Buffer };

type Header = { readonly name: string; readonly value: string; readonly raw: string };

/** Signatures over the two forms a commit may have; in a repository, the one of its own object format counts (gitformat-signature(5)). */
const SIGNATURES = { sha1: 'gpgsig', sha256: 'gpgsig-sha256' } as const;

/**
 * Takes a commit apart as git does: the header ends at the first empty line, and what looks like a header after it is the message;
 * parents are the `parent` lines right after `tree`, no others.
 *
 * @throws SignwrightError `invalid-input` where it does not begin as a commit does, so that its parents are not certain.
 */
export function parseCommit({ id, bytes }: RawCommit, format: ObjectFormat): Commit {
  // Latin-1 keeps every byte as one character.
  const text = bytes.toString('latin1');
  const end = text.indexOf('\n\n');
  const headers = headersOf(end < 0 ? text : text.slice(0, end + 1));
  const { tree, parents } = linksOf(headers, format);
  if (!tree) {
    throw new SignwrightError('invalid-input', `the commit ${id} does not begin with its tree`, {
      next: 'run "git fsck" on the repository',
    });
  }
  const encoding = headers.find(({ name }) => name === 'encoding')?.value;
  const identities = headers.filter(({ name }) => name === 'author' || name === 'committer');
  return {
    id,
    parents,
    identities: identities.map(({ value }) => Buffer.from(value, 'latin1')),
    ...(encoding === undefined ? {} : { encoding }),
    message: end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 2),
    committedAt: dateOf(identities),
    signature: signatureOf(headers, end < 0 ? '' : text.slice(end + 1), format),
  };
}

/** A line that begins with a blank continues the one before. */
function headersOf(text: string): readonly Header[] {
  const lines = text.split(/(?<=\n)(?! )/);
  return lines.map((raw) => {
    const line = raw.replace(/\n$/, '');
    const blank = line.indexOf(' ');
    const [name, value] = blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    return { name, value: value.replaceAll('\n ', '\n'), raw };
  });
}

/** Git takes upper-case digits too. */
function linksOf(
  headers: readonly Header[],
  format: ObjectFormat,
): { readonly tree: boolean; readonly parents: readonly string[] } {
  const id = format === 'sha1' ? /^[0-9a-fA-F]{40}$/ : /^[0-9a-fA-F]{64}$/;
  const [first, ...rest] = headers;
  const end = rest.findIndex(({ name }) => name !== 'parent');
  const parents = end < 0 ? rest : rest.slice(0, end);
  const proper = first?.name === 'tree' && [first, ...parents].every(({ value }) => id.test(value));
  return { tree: proper, parents: parents.map(({ value }) => value.toLowerCase()) };
}

function dateOf(identities: readonly Header[]): number | undefined {
  const committers = identities.filter(({ name }) => name === 'committer');
  const seconds = /> (\d{1,12}) [+-]\d{4}$/.exec(committers[0]?.value ?? '')?.[1];
  return seconds === undefined || committers.length !== 1 ? undefined : Number(seconds) * 1000;
}

function signatureOf(headers: readonly Header[], rest: string, format: ObjectFormat): Commit['signature'] {
  const signatures = headers.filter(({ name }) => name === SIGNATURES[format]);
  const [signature] = signatures;
  if (signature === undefined) return 'none';
  if (signatures.length > 1) return 'several';
  const names: readonly string[] = Object.values(SIGNATURES);
  const signed = headers.filter(({ name }) => !names.includes(name)).map(({ raw }) => raw);
  return { armored: `${signature.value}\n`, payload: Buffer.from(`${signed.join('')}${rest}`, 'latin1') };
}
