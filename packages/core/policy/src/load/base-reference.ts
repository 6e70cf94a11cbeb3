import { hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import type { Extends } from '../generated/policy-file.ts';
import { policySchemaText } from '../generated/policy-schema.ts';
import { join } from './referred-files.ts';

/** A policy to fetch: the one to judge by, or one that another builds on. */
export type BaseReference = {
  readonly type: 'url' | 'git';
  /** Where it is from: an origin without a path, or a repository. */
  readonly address: string;
  /** The branch or tag, of a repository. */
  readonly ref?: string;
  /** The policy's file below that. */
  readonly file: string;
  /** Whether the address may lie in a private network. */
  readonly allowPrivate: boolean;
  /** The policy digest it must have, where that is what pins it. */
  readonly sha256?: Sha256;
  /**
   * What the reader's paths to its files begin with. Such a directory exists nowhere; a snapshot of the policy keeps them under it.
   */
  readonly directory: string;
};

/** Makes the files of a base readable: from here on the reader gives them for paths below its `directory`. */
export type FetchBase = (reference: BaseReference) => Promise<void>;

/** The base to fetch that a file names; nothing where it is a file. `problem`: the address is none. */
export function baseReferenceOf(written: Extends): BaseReference | { readonly problem: string } | undefined {
  const { url, git, sha256: pinned } = written;
  const place = url !== undefined ? placeOfUrl(url) : git !== undefined ? placeOfGit(git) : undefined;
  if (place === undefined || 'problem' in place) return place;
  const { ref = '' } = place;
  const id = hexOf(sha256(JSON.stringify([place.type, place.address, ref]))).slice(0, 32);
  return {
    ...place,
    allowPrivate: written['allow-private'] ?? false,
    ...(pinned === undefined ? {} : { sha256: `sha256:${pinned.replace(/^sha256:/, '')}` as const }),
    directory: `.signwright/bases/${id}`,
  };
}

/** Whether what somebody names as a policy is elsewhere: an address, not a file. */
export function isElsewhere(named: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(named);
}

/** How a policy that somebody names is shown: without users and queries, which may be secrets. */
export function shownPolicy(named: string): string {
  return named
    .replace(/^(\s*[A-Za-z][A-Za-z0-9+.-]*:\/\/)?.*@/s, '$1…@')
    .replace(/\?.*$/s, '?…')
    .slice(0, 200);
}

/**
 * The policy to judge by, where it is elsewhere: `https://HOST/PATH` or `https://HOST/REPOSITORY.git#REF:FILE`, as `extends` has them.
 * It may lie in a private network: whoever runs a command, not a file that was checked out, says where to.
 *
 * @param pinned the policy digest it must have, where that is what pins it.
 * @throws SignwrightError `usage` for any other address.
 */
export function policyReferenceOf(named: string, pinned?: Sha256): BaseReference {
  const kind = named.includes('#') ? 'git' : 'url';
  const { title, pattern, maxLength } = addressRules()[kind];
  const fits = new RegExp(pattern).test(named) && named.length <= maxLength;
  const found = fits
    ? baseReferenceOf({ [kind]: named, 'allow-private': true, ...(pinned === undefined ? {} : { sha256: pinned }) })
    : { problem: `it is not ${title}` };
  if (found !== undefined && !('problem' in found)) return found;
  throw new SignwrightError(
    'usage',
    `the policy cannot be fetched from ${JSON.stringify(shownPolicy(named))}: ${found?.problem}`,
    {
      next: 'name a file, https://HOST/PATH/signwright.yaml, or https://HOST/GROUP/PROJECT.git#REF:FILE',
    },
  );
}

type AddressRule = { readonly title: string; readonly pattern: string; readonly maxLength: number };

/** The schema says what an address may be, of `extends` and so of all. */
function addressRules(): { readonly url: AddressRule; readonly git: AddressRule } {
  const { baseUrl, baseGit } = (JSON.parse(policySchemaText) as { $defs: Record<'baseUrl' | 'baseGit', AddressRule> }).$defs;
  return { url: baseUrl, git: baseGit };
}

/** A path relative to the policy's own directory, as one the reader of {@link BaseReference.directory} knows. */
export function pathIn({ directory, file }: BaseReference, path: string): string {
  return join(`${directory}/${file}/..`, path);
}

/** A file of a base as people open it. */
export function addressOf({ type, address, ref, directory }: BaseReference, path: string): string {
  const file = path.slice(directory.length + 1);
  return type === 'url' ? `${address}/${file}` : `${address}#${ref}:${file}`;
}

type Place = Pick<BaseReference, 'type' | 'address' | 'ref' | 'file'>;

function placeOfUrl(url: string): Place | { problem: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.href !== url) return { problem: `it is not in its plain form${parsed ? `, ${parsed.href}` : ''}` };
  return { type: 'url', address: parsed.origin, file: parsed.pathname.slice(1) };
}

function placeOfGit(git: string): Place | { problem: string } {
  const [, address = '', ref = '', file = 'signwright.yaml'] = /^([^#]*)#([^:]*)(?::(.*))?$/.exec(git) ?? [];
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  if (parsed?.href !== address) return { problem: `the repository is not in its plain form${parsed ? `, ${parsed.href}` : ''}` };
  if (parsed.username !== '' && parsed.protocol !== 'ssh:') return { problem: 'it names a user: leave that to your git' };
  if (/\/\/|\.\.|\.(lock)?(\/|$)|\/$/.test(ref)) return { problem: `${JSON.stringify(ref)} is not the name of a branch or tag` };
  if (file.split('/').some((part) => part === '.' || part === '..')) return { problem: 'the file is not a plain path' };
  return { type: 'git', address, ref, file };
}
