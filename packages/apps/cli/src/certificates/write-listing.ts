import type { ListedCertificate } from '@signwright/certificates';
import { renderRows, safeJsonLine } from '@signwright/report';
import type { Listing } from './open-listing.ts';

/** What an inventory is exported as. */
export const EXPORT_FORMATS = ['csv', 'json', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Certificates that are rendered at once. */
const CHUNK = 1000;
/** Characters of a cell that people read; all of it is in CSV and JSON. */
const WIDTH = 80;

/** An inventory in one of the formats of an export, piece by piece: a hundred thousand are more than one text should be. */
export async function exportPieces(
  listing: Listing,
  listed: readonly ListedCertificate[],
  format: ExportFormat,
): Promise<Iterable<string>> {
  const { COLUMNS, certificateJson, certificateOcsf, certificateRow } = await import('@signwright/certificates');
  const { now, store } = listing;
  switch (format) {
    case 'csv': {
      const columns = COLUMNS.map(({ name }) => name);
      const csv = (rows: readonly string[][], header: boolean): string => renderRows({ columns, rows }, 'csv', { header });
      return pieces(csv([], true), listed, (some) => csv(some.map(certificateRow), false));
    }
    case 'json': {
      const head = safeJsonLine(headOf(listing, listed)).slice(0, -1);
      const lines = (some: readonly ListedCertificate[], first: boolean): string =>
        some.map((one, at) => `${first && at === 0 ? '' : ','}\n${safeJsonLine(certificateJson(one))}`).join('');
      return pieces(`${head},"certificates":[`, listed, lines, '\n]}\n');
    }
    case 'ocsf':
      return pieces('', listed, (some) =>
        some.map((one) => `${safeJsonLine(certificateOcsf(one, now, store.place.reference))}\n`).join(''),
      );
  }
}

function* pieces(
  head: string,
  listed: readonly ListedCertificate[],
  render: (some: readonly ListedCertificate[], first: boolean) => string,
  foot = '',
): Generator<string> {
  if (head !== '') yield head;
  for (let at = 0; at < listed.length; at += CHUNK) yield render(listed.slice(at, at + CHUNK), at === 0);
  if (foot !== '') yield foot;
}

function headOf({ now, store, usage, unlisted }: Listing, listed: readonly ListedCertificate[]): object {
  return {
    version: 1,
    inventory: store.place.reference,
    at: new Date(now).toISOString(),
    total: listed.length,
    findings: findingsIn(listed),
    usage: usage.read ? { read: true, unlisted } : { read: false, ...(usage.why === undefined ? {} : { why: usage.why }) },
  };
}

/** How many certificates have something wrong. */
export function findingsIn(listed: readonly ListedCertificate[]): number {
  return listed.filter(({ findings }) => findings.length > 0).length;
}

/** The columns people read. */
const SHORT: readonly (readonly [string, (one: ListedCertificate) => string | undefined])[] = [
  ['status', ({ status }) => status],
  ['ends', ({ notAfter }) => notAfter.slice(0, 16)],
  ['owner', ({ owner }) => owner ?? '(none)'],
  ['purpose', ({ purpose }) => purpose ?? '(none)'],
  ['environments', ({ environments }) => environments?.join(' ')],
  ['issuer', ({ authority, issuer }) => authority ?? issuer],
  ['name', ({ san, subject }) => san ?? subject],
  ['serial', ({ serial }) => serial],
  ['key', ({ keyReference }) => keyReference],
  ['asked', ({ requester }) => requester],
  ['last used', ({ usage }) => usage?.last.at.slice(0, 16)],
  ['by', ({ usage }) => usage?.last.pipeline ?? usage?.last.job],
  ['signatures', ({ usage }) => usage && String(usage.signatures)],
];

/** An inventory for people: a table, without the columns that say nothing. */
export function listingTable(listed: readonly ListedCertificate[]): string {
  const rows = listed.map((one) => SHORT.map(([, text]) => cut(text(one) ?? '')));
  const said = SHORT.map((_, at) => rows.some((row) => row[at] !== ''));
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => said[at]);
  return renderRows({ columns: kept(SHORT.map(([name]) => name)), rows: rows.map(kept) }, 'text');
}

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}

/** Writes to stdout, no faster than it is read, for as long as somebody does. */
export async function printPieces(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    const taken = await new Promise<boolean>((resolve) => {
      process.stdout.write(piece, (error) => resolve(!error));
    });
    if (!taken) return;
  }
}
