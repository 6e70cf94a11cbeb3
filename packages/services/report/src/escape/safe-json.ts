/** JSON that changes no value and may be printed to any log: plain ASCII controls aside, what could act there is written as `\uXXXX`. */
export function safeJson(value: unknown): string {
  return `${harmlessJson(JSON.stringify(value, undefined, 2))}\n`;
}

/** The same on one line, without its end. */
export function safeJsonLine(value: unknown): string {
  return harmlessJson(JSON.stringify(value));
}

function harmlessJson(json: string): string {
  return json
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => (character === '\n' ? character : unicodeEscapes(character)))
    .replaceAll('##', '#\\u0023');
}

function unicodeEscapes(character: string): string {
  return character.replace(/./gsu, (each) =>
    Array.from({ length: each.length }, (_, at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}
