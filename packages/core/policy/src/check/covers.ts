import { compileGlob } from '@signwright/signing-core';

/**
 * Whether every name that `pattern` matches is matched by `wider` too. Sound, not complete: `true` is certain, `false` may be
 * wrong. Both are valid patterns of signing-core's compileGlob, else the answer is `false`.
 */
export function covers(wider: string, pattern: string): boolean {
  if (wider === pattern) return true;
  if (costOfCovers(wider, pattern) === 0) return false;
  const [wide, narrow] = [wider.split('/'), pattern.split('/')];
  if ([...wide, ...narrow].some((part) => part === '' || (part.includes('**') && part !== '**'))) return false;
  return coversParts(wide, narrow, 0, 0, new Map());
}

/** About how many steps {@link covers} takes; none where what comes before any star differs, as it does in most patterns. */
export function costOfCovers(wider: string, pattern: string): number {
  const star = wider.indexOf('*');
  const alike = star < 0 ? wider === pattern : pattern.startsWith(wider.slice(0, star));
  return alike ? wider.length * pattern.length + 100 * wider.split('/').length * pattern.split('/').length : 0;
}

function coversParts(
  wide: readonly string[],
  narrow: readonly string[],
  w: number,
  n: number,
  known: Map<string, boolean>,
): boolean {
  const key = `${w} ${n}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  known.set(key, false);
  const answer = decide(wide, narrow, w, n, known);
  known.set(key, answer);
  return answer;
}

function decide(wide: readonly string[], narrow: readonly string[], w: number, n: number, known: Map<string, boolean>): boolean {
  const [head, piece] = [wide[w], narrow[n]];
  if (head === undefined) return piece === undefined;
  if (head === '**') {
    if (w === wide.length - 1) return piece !== undefined;
    return coversParts(wide, narrow, w + 1, n, known) || (piece !== undefined && coversParts(wide, narrow, w, n + 1, known));
  }
  if (piece === undefined || piece === '**') return false;
  return partCovers(head, piece) && coversParts(wide, narrow, w + 1, n + 1, known);
}

/** A star of the narrow part is to the wide one a letter like any other, which only a star of its own can match. */
function partCovers(wide: string, narrow: string): boolean {
  if (wide === '*') return true;
  const letter = '\ue000';
  return !wide.includes(letter) && compileGlob(wide)(narrow.replaceAll('*', letter));
}
