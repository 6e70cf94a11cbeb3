/** Text from outside in quotes for a message: shortened, and with nothing a terminal would obey or hide. */
export function quoted(text: string): string {
  return printable(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}

/** Text with control and formatting characters (C0, C1, separators, bidi overrides) written as `\uXXXX`. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`,
  );
}
