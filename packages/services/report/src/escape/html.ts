import type { Markup } from './markup.ts';
import { xmlText } from './xml.ts';

/**
 * HTML to stand in the body of a page: no script, no style, no link, no attribute. What is safe in XML is safe between its tags, where
 * alone texts from outside stand.
 */
export const HTML: Markup = {
  code: (text) => `<code>${text.trim() === '' ? '(empty)' : xmlText(text)}</code>`,
  strong: (words) => `<strong>${words}</strong>`,
  heading: (words) => `<h3>${words}</h3>\n`,
  table: (header, rows) => `<table>\n${row('th', header)}${rows.map((cells) => row('td', cells)).join('')}</table>\n`,
  list: (items) => (items.length === 0 ? '' : `<ul>\n${items.map((item) => `<li>${item}</li>\n`).join('')}</ul>\n`),
};

function row(element: 'th' | 'td', cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<${element}>${cell}</${element}>`).join('')}</tr>\n`;
}
