import canonicalize from 'canonicalize';
import { messageOf, SignwrightError } from '../error.ts';
import type { Json } from './strict-json.ts';

/** The RFC 8785 (JCS) form of a JSON value, as text. @throws SignwrightError `invalid-input` for a number that is not finite or text that is not Unicode. */
export function canonicalJson(value: Json): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new SignwrightError('invalid-input', `a JSON value without a canonical form: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}
