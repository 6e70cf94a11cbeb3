import { SignwrightError } from './error.ts';
import type { Sha256 } from './formats/digest.ts';
import { hasControlCharacter } from './formats/glob.ts';

/** What kinds of artifact a policy tells apart. `file` is what has no other word. */
export const KINDS = ['package', 'image', 'chart', 'sbom', 'provenance', 'document', 'plan', 'file'] as const;
export type Kind = (typeof KINDS)[number];

/** A thing a policy judges: what it is called where it was made, what it is, and its bytes by digest. */
export type Artifact = { readonly name: string; readonly kind: Kind; readonly digest: Sha256 };

/** Characters of a name, at the most. */
export const MAX_NAME = 1024;

/**
 * Checks that an artifact's name has its one written form: NFC, `/` between parts, relative, no empty, `.` or `..` part, no
 * control character, no backslash. Names come from file trees and from signed statements; both pass here.
 *
 * @throws SignwrightError `invalid-input` that says what is wrong with the name.
 */
export function checkName(name: string): string {
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  const refuse = (why: string, next: string): never => {
    throw new SignwrightError('invalid-input', `the name ${shown} ${why}`, { next });
  };
  if (name === '') refuse('is empty', 'give the artifact a name');
  if (name.length > MAX_NAME) refuse(`is longer than ${MAX_NAME} characters`, 'shorten it');
  if (hasControlCharacter(name)) refuse('has a line break or another control character', 'rename the file');
  if (name.includes('\\')) refuse('has a backslash', 'use "/" between parts');
  if (/\p{Surrogate}|\ufffd/u.test(name)) refuse('is not valid Unicode', 'rename the file');
  if (name.normalize('NFC') !== name) refuse('is not in Unicode normal form C', 'rename the file to its NFC form');
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    refuse('is not a plain relative path', 'drop leading "/", "./" and ".." parts');
  }
  return name;
}
