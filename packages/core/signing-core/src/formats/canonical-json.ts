import canonicalize from 'canonicalize';
import type { Json } from './strict-json.ts';

/** The RFC 8785 (JCS) form of a JSON value, as text. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}
