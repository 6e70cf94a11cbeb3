/** Control and format characters, line and paragraph separators, lone surrogates: what breaks lines, hides or reorders text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** What agents of CI systems read as a command wherever it stands in a log line: `##vso[`, `##[`, `##teamcity[`. */
const AGENT_COMMAND = /##(?=\w*\[)/g;

/** What they read as one at the beginning of a line: `::error::`. */
const LINE_COMMAND = /(?<=^|\s)::/g;

/** What a text has that may have to be taken out; nearly none has any of it. */
const SUSPECT = /[^\x20-\x7e]|\\u\{|##|::/;

/**
 * A text from outside as one printable line that is no command to the CI system that logs it. What is taken out stays visible as
 * `\u{…}`, and a text that already has this form is told apart from it.
 */
export function oneLine(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text
    .replace(/\\(?=u\{)/g, escaped)
    .replace(UNPRINTABLE, escaped)
    .replace(AGENT_COMMAND, `#${escaped('#')}`)
    .replace(LINE_COMMAND, `:${escaped(':')}`);
}

/** A character as `\u{…}`. */
export function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
