import { SignwrightError } from '@signwright/signing-core';

/** A row of a CSV, and the line it begins in, from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

const FORMULA = /^'(?=[=+\-@\t\r＝＋－＠])/;
const ESCAPED = /\\u\{([0-9a-f]{1,6})\}/g;

/**
 * Reads RFC 4180, lines ended by CRLF or LF, in UTF-8 with or without a byte order mark. What {@link csv} does to keep a cell from
 * being a formula or more than a line is undone.
 *
 * @param maxRows at the most.
 * @throws SignwrightError `invalid-input` that names the line: a quote inside of a cell that is not quoted, text behind one that is,
 * one that does not end, a row of another length than the first.
 */
export function readCsv(bytes: Uint8Array, what: string, maxRows: number): CsvRow[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SignwrightError('invalid-input', `${what} is not UTF-8`, { where: what, cause });
  }
  const rows: CsvRow[] = [];
  let line = 1;
  let at = 0;
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${what}:${line} ${why}`, { where: what });
  };

  while (at < text.length) {
    const begun = line;
    const cells: string[] = [];
    for (let more = true; more; ) {
      cells.push(plain(text[at] === '"' ? quoted() : bare()));
      more = text[at] === ',';
      if (more) at++;
    }
    if (text.startsWith('\r\n', at)) at += 2;
    else if (text[at] === '\n') at++;
    else if (at < text.length) fail('has text behind a quoted cell, or a carriage return alone');
    line++;
    const width = rows[0]?.cells.length ?? cells.length;
    if (cells.length !== width) {
      line = begun;
      fail(`has ${cells.length} cells, and the header has ${width}`);
    }
    rows.push({ line: begun, cells });
    if (rows.length > maxRows) fail(`is past the ${maxRows} rows that are read`);
  }
  return rows;

  function quoted(): string {
    let cell = '';
    const from = line;
    for (;;) {
      const end = text.indexOf('"', at + 1);
      if (end < 0) {
        line = from;
        return fail('begins a quoted cell that does not end');
      }
      const part = text.slice(at + 1, end);
      line += part.split('\n').length - 1;
      cell += part;
      at = end + 1;
      if (text[at] !== '"') return cell;
      cell += '"';
    }
  }

  function bare(): string {
    const from = at;
    while (at < text.length && !',\n\r'.includes(text[at] as string)) {
      if (text[at] === '"') fail('has a quote inside of a cell that is not quoted');
      at++;
    }
    return text.slice(from, at);
  }
}

function plain(cell: string): string {
  return cell
    .replace(ESCAPED, (whole, hex: string) => {
      const code = Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .replace(FORMULA, '');
}
