import type { Markup } from './markup.ts';
import { escaped, oneLine } from './one-line.ts';

/**
 * A text from outside as a Markdown code span, also within a table: nothing in it is a link, an image, HTML, a mention or a cell
 * border, in any dialect. `|` and `` ` `` become visible escapes, since dialects differ on how to write them there.
 */
export function code(text: string): string {
  const line = oneLine(text).replace(/[|`]/g, escaped);
  return line.trim() === '' ? '`(empty)`' : `\`${line}\``;
}

/** A table: the header's cells and each row's are Markdown already. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('');
}

/** Markdown, as merge requests and job summaries show it. */
export const MARKDOWN: Markup = {
  code,
  table,
  strong: (words) => `**${words}**`,
  heading: (words) => `### ${words}\n`,
  list: (items) => items.map((item) => `- ${item}\n`).join(''),
};
