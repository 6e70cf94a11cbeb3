/** Whether a place is written as a URL, not as a path. */
export function isUrl(place: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]+:/.test(place);
}
