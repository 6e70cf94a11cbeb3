import type { Sha256 } from '../formats/digest.ts';
import { hasControlCharacter } from '../formats/glob.ts';
import type { FieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { readDigest } from './named-artifacts.ts';

/** Characters of a reason, and of other lines of text that people are shown, at the most. */
export const MAX_PLAIN = 2000;

/** One line of text that people are shown. */
export function readPlain(read: FieldReader, value: Json | undefined, path: string): string {
  const text = read.text(value, path);
  if (text === '') return read.fail(path, 'is empty');
  if (text.length > MAX_PLAIN) return read.fail(path, `is longer than ${MAX_PLAIN} characters`);
  return hasControlCharacter(text) ? read.fail(path, 'has a line break or another control character') : text;
}

/** A time, as it is written. */
export function readTime(read: FieldReader, value: Json | undefined, path: string): string {
  read.instant(value, path);
  return read.text(value, path);
}

/** The policy a statement was made under. */
export function readPolicyRef(read: FieldReader, value: Json | undefined): { readonly name?: string; readonly digest: Sha256 } {
  const policy = read.object(value, 'predicate.policy', ['name', 'digest']);
  return {
    ...(policy['name'] === undefined ? {} : { name: readPlain(read, policy['name'], 'predicate.policy.name') }),
    digest: readDigest(read, policy['digest'], 'predicate.policy.digest'),
  };
}
