const MOST = 200;

/** What an answer says, for a message: its beginning, with nothing in it that a terminal would obey, and no backslash to escape again. */
export function shown(text: string): string {
  const beginning = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return beginning.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (odd) => {
    const hex = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `<U+${hex.padStart(4, '0')}>`;
  });
}
