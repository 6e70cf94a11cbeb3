/**
 * JSON on one line that changes no value and may be printed to any log: what could break lines, hide or reorder text, or be a
 * command to a CI system is written as `\uXXXX`.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, unicodeEscapes)
    .replaceAll('##', '#\\u0023');
}

function unicodeEscapes(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
