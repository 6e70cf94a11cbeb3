import { normaliseEmail } from '@signwright/signing-core';
import type { Commit } from './parse-commit.ts';

/** Longer than an address may be (RFC 5321, 4.5.3.1). */
const MAX_ADDRESS = 320;

/** `Co-authored-by:` and the kernel's `Co-developed-by:`, wherever they stand: too many addresses exclude too many, too few nobody. */
const CO_AUTHOR = /co[- ]?(?:authored|developed)[- ]?by([^\n\r\0]*)/gi;

/**
 * Every address a commit names as an author, committer or co-author, in its normal form. They are its maker's word: they may exclude
 * people from approving, and prove nothing.
 */
export function emailsOf(commit: Commit): ReadonlySet<string> {
  const found = new Set<string>();
  const take = (text: string): void => {
    // A copy: a part of a string keeps the whole of it in memory, here the commit.
    for (const address of addressesIn(text)) found.add(Buffer.from(address).toString());
  };
  for (const identity of commit.identities) for (const text of readings(identity, commit.encoding)) take(text);
  for (const text of readings(commit.message, commit.encoding)) {
    // Trailers may be folded (git-interpret-trailers(1)).
    for (const [, rest = ''] of text.replace(/\r?\n[ \t]+/g, ' ').matchAll(CO_AUTHOR)) take(rest);
  }
  return found;
}

/** What stands in angle brackets, and every word with an at sign. */
function addressesIn(text: string): readonly string[] {
  const bracketed = Array.from(text.matchAll(/<([^<>]*)>/g), ([, inside = '']) => inside);
  const bare = text.split(/[\s<>()[\],;:"]+/).filter((word) => word.includes('@'));
  return [...bracketed, ...bare]
    .filter((address) => address.length <= MAX_ADDRESS)
    .map(normaliseEmail)
    .filter((address) => address !== '');
}

/** As UTF-8, and as the encoding it claims or, where it is no UTF-8, as Latin-1: who reads it may take it for either. */
function readings(bytes: Uint8Array, encoding: string | undefined): readonly string[] {
  const utf8 = new TextDecoder().decode(bytes);
  const other = encoding ?? (utf8.includes('\ufffd') ? 'latin1' : undefined);
  return other === undefined ? [utf8] : [utf8, decode(bytes, other)];
}

function decode(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
