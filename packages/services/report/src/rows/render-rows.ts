import { csv } from '../escape/csv.ts';
import { oneLine } from '../escape/one-line.ts';

/** A table of texts from outside: each row has a cell for each column. */
export type TextRows = { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

export type RowsOptions = {
  /** Whether the columns' names come first; not for the pages after the first. `true` unless told. */
  readonly header?: boolean;
};

/**
 * Renders rows for people (columns aligned) or as CSV (RFC 4180, CRLF). No cell is a command to a terminal, a CI system or a
 * spreadsheet.
 *
 * @returns whole lines; no line where there is no row, but for the header of CSV.
 */
export function renderRows({ columns, rows }: TextRows, format: 'text' | 'csv', { header = true }: RowsOptions = {}): string {
  const all = header ? [columns, ...rows] : rows;
  if (format === 'csv') return csv(all);
  if (rows.length === 0) return '';
  const cells = all.map((row) => row.map(oneLine));
  const widths = columns.map((_, at) => cells.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), 0));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
