import { oneLine } from './one-line.ts';

/** What makes spreadsheets take a cell for a formula, full-width forms too. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

/** A text from outside as an RFC 4180 field that no spreadsheet takes for a formula: such a one gets a leading `'`. */
function csvField(text: string): string {
  const line = oneLine(FORMULA.test(text) ? `'${text}` : text);
  return /[",']/.test(line) || line !== line.trim() ? `"${line.replaceAll('"', '""')}"` : line;
}

/** Rows as RFC 4180 text, each ended by CRLF. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}
