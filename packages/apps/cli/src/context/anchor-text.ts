/**
 * Whether what a user gives as an anchor is its text, as variables of a CI hold it, and not the name of a file: it has several lines, or
 * what a mapping of YAML or JSON has. Nothing that was meant as a text may be taken for a file, which somebody could put there.
 */
export function isAnchorText(given: string): boolean {
  return /[\n{}"?!]|:\s/.test(given);
}

/** What an anchor is called in reports. */
export function anchorName(given: string): string {
  return isAnchorText(given) ? 'the anchor that was given as text' : given;
}
