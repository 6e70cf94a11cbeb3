const MOST = 200;

/** What an answer says, for a message: its beginning, with nothing in it that a terminal would obey. */
export function shown(text: string): string {
  const beginning = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return beginning.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (odd) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`);
}
