import { SignwrightError } from '../error.ts';

/**
 * Compiles a pattern of the policy. Text and pattern are cut at `/` into parts; in a part every character stands for itself but
 * `*`, which stands for any run of characters; a part `**` stands for any number of parts (none too, but at the end at least one).
 * A part that is only `*` or covered by `**` is never empty. Anchored at both ends; case counts; text with control characters,
 * or with a part `.` or `..` that some reader might resolve away, matches no pattern with a star. No regular expressions, so nothing else in a name can gain a meaning, and matching takes time
 * proportional to pattern × text at the worst.
 *
 * @throws SignwrightError `policy` where `**` stands beside other characters (`a**`), for its meaning would be a guess.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const parts = pattern.split('/');
  for (const part of parts) {
    if (part.includes('**') && part !== '**') {
      throw new SignwrightError('policy', `in the pattern "${pattern}", "**" must stand alone between slashes`);
    }
  }
  return (text) => {
    const pieces = text.split('/');
    return !hasControlCharacter(text) && !pieces.includes('.') && !pieces.includes('..') && matchParts(parts, pieces);
  };
}

/** Whether a text could end a line, a string or a log entry early: C0 controls, DEL, C1 controls, line and paragraph separators. */
export function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029) return true;
  }
  return false;
}

/** Greedy matching with one point to come back to: the last `**` seen. */
function matchParts(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0;
  let t = 0;
  let resumePattern = -1;
  let resumeText = 0;
  while (t < text.length) {
    const part = pattern[p];
    const piece = text[t] as string;
    if (part === '**') {
      if (p === pattern.length - 1) return text.slice(t).every((rest) => rest !== '');
      resumePattern = ++p;
      resumeText = t;
    } else if (part !== undefined && matchPart(part, piece)) {
      p++;
      t++;
    } else if (resumePattern >= 0 && text[resumeText] !== '') {
      p = resumePattern;
      t = ++resumeText;
    } else {
      return false;
    }
  }
  return p === pattern.length;
}

/** The same within a part, where the point to come back to is the last `*`. */
function matchPart(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  if (pattern === '*') return text !== '';
  let p = 0;
  let t = 0;
  let resumePattern = -1;
  let resumeText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      resumePattern = ++p;
      resumeText = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (resumePattern >= 0) {
      p = resumePattern;
      t = ++resumeText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
