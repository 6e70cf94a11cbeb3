import { canonicalJson, type Json } from '@signwright/signing-core';
import { type Source, whereOf } from '../parse/source.ts';
import type { Path } from '../problem.ts';

/** What a change does: `weaker` also where that cannot be ruled out. */
export type Effect = 'weaker' | 'stricter' | 'different';

/** One thing that differs between two policies, in words. */
export type Change = {
  readonly effect: Effect;
  /** "tier production", "rule dist/**", "signer build". */
  readonly about: string;
  readonly text: string;
  /** `file:line:column` in each, where it stands there. */
  readonly old?: string;
  readonly new?: string;
};

/** What changed of something, before it is said where. */
export type Difference = Pick<Change, 'effect' | 'text'> & {
  /** The key it stands under. */
  readonly key?: string;
};

/** Where something stands in one of the two policies. */
export type Place = { readonly source: Source; readonly path: Path } | undefined;

/** A difference, said of something and where. */
export function changeAt(about: string, { effect, text, key }: Difference, before: Place, after: Place): Change {
  const at = (place: NonNullable<Place>): string => whereOf(place.source, key === undefined ? place.path : [...place.path, key]);
  return {
    effect,
    about,
    text,
    ...(before === undefined ? {} : { old: at(before) }),
    ...(after === undefined ? {} : { new: at(after) }),
  };
}

/** Whether two values are the same, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a as Json) === canonicalJson(b as Json);
}

/**
 * What differs under keys that nobody here knows the meaning of: it may be weaker.
 *
 * @param known are compared elsewhere.
 */
export function unknownDifferences(before: object, after: object, known: readonly string[]): Difference[] {
  const [a, b] = [before as { readonly [key: string]: unknown }, after as { readonly [key: string]: unknown }];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !known.includes(key) && !same(a[key], b[key]),
  );
  return keys.map((key) => ({ effect: 'weaker', key, text: `"${key}" changed, and may be weaker` }));
}

/** Seconds as people write them. */
export function span(seconds: number): string {
  for (const [unit, size] of [
    ['y', 31_536_000],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}
