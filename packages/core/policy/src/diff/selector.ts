import type { Kind } from '@signwright/signing-core';
import { costOfCovers, covers } from '../check/covers.ts';
import type { Rule } from '../policy.ts';

/** Steps spent on what covers what, at the most: past them nothing is known to, which can only make more look weaker. */
const MAX_STEPS = 30_000_000;

/** Says which artifacts the rules of two lists may share. Sound: `true` for what is certain alone. */
export type Selectors = {
  /** Whether whatever the second rule is for, the first is for too. */
  covers(wide: Rule, narrow: Rule): boolean;
  /** Whether no artifact is for both. */
  disjoint(a: Rule, b: Rule): boolean;
};

/** @returns selectors that stop looking closely once they have spent too much. */
export function createSelectors(): Selectors {
  let steps = 0;
  const coversOne = (wide: string, narrow: string): boolean => {
    steps += costOfCovers(wide, narrow);
    return steps <= MAX_STEPS && covers(wide, narrow);
  };
  return {
    covers(wide, narrow) {
      const [a, b] = [wide.reference, narrow.reference];
      if (a.kind !== undefined && a.kind !== b.kind) return false;
      return b.match.every((pattern) => a.match.some((one) => coversOne(one, pattern)));
    },
    disjoint({ reference: a }, { reference: b }) {
      if (neverBoth(a.kind, b.kind)) return true;
      return a.match.every((one) => b.match.every((other) => apart(one, other)));
    },
  };
}

/** A name alone is matched by rules of any kind but images; where the kind is known, by its own. */
function neverBoth(a: Kind | undefined, b: Kind | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b && (a === 'image' || b === 'image');
}

/** Whether two patterns begin, or end, with text that no name can have both of. */
function apart(a: string, b: string): boolean {
  const [startA, startB] = [startOf(a), startOf(b)];
  const [endA, endB] = [endOf(a), endOf(b)];
  return (
    !(startA.startsWith(startB) || startB.startsWith(startA)) ||
    !(endA.endsWith(endB) || endB.endsWith(endA)) ||
    (!a.includes('*') && !b.includes('*') && a !== b)
  );
}

function startOf(pattern: string): string {
  const star = pattern.indexOf('*');
  return star < 0 ? pattern : pattern.slice(0, star);
}

/** A `**` may stand for nothing, and then the slash after it goes too. */
function endOf(pattern: string): string {
  const star = pattern.lastIndexOf('*');
  const end = pattern.slice(star + 1);
  return pattern[star - 1] === '*' ? end.replace(/^\//, '') : end;
}
