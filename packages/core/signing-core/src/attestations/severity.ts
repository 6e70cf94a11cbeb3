/** How bad a vulnerability is, in the policy's words. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** From the least to the worst. */
export const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** What a report says of a vulnerability: `none` where it says that it is no matter, `unknown` where it says nothing we know. */
export type Rating = Severity | 'none' | 'unknown';

const WORDS: { readonly [word: string]: Rating } = {
  low: 'low',
  medium: 'medium',
  moderate: 'medium',
  high: 'high',
  important: 'high',
  critical: 'critical',
  negligible: 'none',
  none: 'none',
  info: 'none',
  informational: 'none',
};

/** A severity as scanners write it, in whatever case. */
export function ratingOfWord(word: string): Rating {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(WORDS, key) ? (WORDS[key] as Rating) : 'unknown';
}

/**
 * A CVSS score, 0 to 10, by the bands of CVSS v3.1 and v4.0 (section "qualitative severity rating scale"). Scanners write 0 for what
 * nobody has scored, so it is unknown, as is what is no score.
 */
export function ratingOfScore(score: string | number): Rating {
  const value = typeof score === 'number' ? score : /^\d{1,2}(\.\d{1,4})?$/.test(score) ? Number(score) : Number.NaN;
  if (!(value > 0 && value <= 10)) return 'unknown';
  return value >= 9 ? 'critical' : value >= 7 ? 'high' : value >= 4 ? 'medium' : 'low';
}

/** The worst that several say; `none` and `unknown` give way to whoever knows, and what is said by nobody is unknown. */
export function worstRating(ratings: readonly Rating[]): Rating {
  const worst = Math.max(-1, ...ratings.map((rating) => SEVERITIES.indexOf(rating as Severity)));
  return SEVERITIES[worst] ?? (ratings.includes('none') && !ratings.includes('unknown') ? 'none' : 'unknown');
}

/** Whether a rating is as bad as `failOn` or worse. What is unknown counts as critical: nothing passes because nobody looked. */
export function reaches(rating: Rating, failOn: Severity): boolean {
  if (rating === 'none') return false;
  return SEVERITIES.indexOf(rating === 'unknown' ? 'critical' : rating) >= SEVERITIES.indexOf(failOn);
}
