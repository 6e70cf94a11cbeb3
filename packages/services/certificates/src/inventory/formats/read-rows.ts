import { hasControlCharacter, isSha256, SignwrightError } from '@signwright/signing-core';
import type { CertificateFacts, CertificateUse } from '../events.ts';
import { MAX_NAME } from '../facts.ts';
import { COLUMNS, IMPORT_FIELDS, type ImportField, JSON_FIELDS } from './fields.ts';

/** A certificate as a list has it, and where it stands there. */
export type ImportedCertificate = {
  /** `certificates.csv:17`. */
  readonly where: string;
  readonly facts: CertificateFacts;
  readonly use: CertificateUse;
};

/** What was read of a list: its certificates, what is wrong with others, and how many entries of it have no certificate. */
export type ImportedList = {
  readonly certificates: readonly ImportedCertificate[];
  readonly problems: readonly string[];
  /** Serial numbers that were taken, and for which no certificate is known. */
  readonly reserved: number;
};

/** A certificate's fields as text, and where they stand. */
export type ImportRow = { readonly where: string; readonly fields: { readonly [field in ImportField]?: string } };

/** What no certificate is without. */
const NEEDED: readonly ImportField[] = ['digest', 'serial', 'issuer', 'notBefore', 'notAfter', 'key'];

/**
 * Reads the rows of a CSV that has the columns of an export, or some of them, in any order.
 *
 * @param where of a row, for messages.
 * @throws SignwrightError `invalid-input` where a column is unknown, twice there, or one that is needed is missing.
 */
export function readCsvRows(
  rows: readonly { readonly line: number; readonly cells: readonly string[] }[],
  file: string,
): ImportedList {
  const [header, ...lines] = rows;
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `${file}: ${why}`, {
      where: file,
      next: `use the columns that "signwright cert export --format csv" writes; needed are ${NEEDED.map(columnOf).join(', ')}`,
    });
  };
  if (header === undefined) return fail('has no header');
  const columns = header.cells.map((name, at) => {
    if (header.cells.indexOf(name) !== at) fail(`has the column ${JSON.stringify(name)} twice`);
    return COLUMNS.find((column) => column.name === name) ?? fail(`has the unknown column ${JSON.stringify(name)}`);
  });
  const missing = NEEDED.find((field) => !columns.some(({ taken }) => taken === field));
  if (missing !== undefined) fail(`has no column ${columnOf(missing)}`);
  return readRows(
    lines.map(({ line, cells }) => {
      const fields: { [field in ImportField]?: string } = {};
      for (const [at, { taken }] of columns.entries()) {
        const cell = cells[at];
        if (taken !== undefined && cell !== undefined && cell !== '') fields[taken] = cell;
      }
      return { where: `${file}:${line}`, fields };
    }),
  );
}

function columnOf(field: ImportField): string {
  return COLUMNS.find(({ taken }) => taken === field)?.name ?? field;
}

/**
 * Reads the certificates of a JSON export.
 *
 * @param list `certificates` of it.
 */
export function readJsonRows(list: readonly unknown[], file: string): ImportedList {
  const problems: string[] = [];
  const rows = list.flatMap((one, at): ImportRow[] => {
    const where = `${file}: certificates[${at}]`;
    const refuse = (why: string): [] => {
      problems.push(`${where} ${why}`);
      return [];
    };
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return refuse('is no object');
    const unknown = Object.keys(one).find((key) => !(JSON_FIELDS as readonly string[]).includes(key));
    if (unknown !== undefined) return refuse(`has the unknown field ${JSON.stringify(unknown)}`);
    const fields: { [field in ImportField]?: string } = {};
    for (const field of IMPORT_FIELDS) {
      const value = (one as { readonly [field: string]: unknown })[field];
      if (value === undefined) continue;
      const text = field === 'environments' && isTexts(value) ? value.join(' ') : value;
      if (typeof text !== 'string') return refuse(`${field} is no ${field === 'environments' ? 'list of texts' : 'text'}`);
      if (text !== '') fields[field] = text;
    }
    return [{ where, fields }];
  });
  const read = readRows(rows);
  return { ...read, problems: [...problems, ...read.problems] };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function readRows(rows: readonly ImportRow[]): ImportedList {
  const problems: string[] = [];
  let reserved = 0;
  const certificates = rows.flatMap(({ where, fields }) => {
    if (fields.digest === undefined && fields.serial !== undefined) {
      reserved++;
      return [];
    }
    const problem = whyNot(fields);
    if (problem === undefined) return [certificateOf(where, fields)];
    problems.push(`${where} ${problem}`);
    return [];
  });
  return { certificates, problems, reserved };
}

/** What is wrong with a row; nothing where it is a certificate. */
function whyNot(fields: ImportRow['fields']): string | undefined {
  const missing = NEEDED.find((field) => fields[field] === undefined && field !== 'issuer');
  if (missing !== undefined) return `has no ${columnOf(missing)}`;
  for (const [field, text] of Object.entries(fields)) {
    if (text.length > MAX_NAME) return `${field} has ${text.length} characters; at most ${MAX_NAME} are kept`;
    if (hasControlCharacter(text) || /\p{Surrogate}/u.test(text)) return `${field} has control characters`;
  }
  const { digest = '', serial = '', key = '', notBefore = '', notAfter = '', environments } = fields;
  if (!isSha256(digest)) return `digest is not sha256: and 64 hex digits: ${shown(digest)}`;
  if (!/^([0-9a-f]{2}){1,32}$/.test(serial)) return `serial is not a number in lower-case hex: ${shown(serial)}`;
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key)) return `key is not base64 of a SHA-256: ${shown(key)}`;
  for (const [name, text] of Object.entries({ 'not-before': notBefore, 'not-after': notAfter }))
    if (!isInstant(text)) return `${name} is not a time like 2026-01-31T12:00:00Z: ${shown(text)}`;
  if (Date.parse(notBefore) > Date.parse(notAfter)) return `ends (${notAfter}) before it begins (${notBefore})`;
  if (environments?.split(' ').some((id) => !/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)))
    return `environments are not the names of some, with a blank between: ${shown(environments)}`;
  return undefined;
}

function isInstant(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return false;
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 19));
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function certificateOf(where: string, fields: ImportRow['fields']): ImportedCertificate {
  const { digest, serial = '', key = '', notBefore = '', notAfter = '', issuer = '', subject = '', san } = fields;
  const { owner, purpose, environments, keyReference } = fields;
  return {
    where,
    facts: {
      digest: digest as CertificateFacts['digest'],
      serial,
      issuer,
      subject,
      ...(san === undefined ? {} : { san }),
      notBefore,
      notAfter,
      key,
    },
    use: {
      ...(owner === undefined ? {} : { owner }),
      ...(purpose === undefined ? {} : { purpose }),
      ...(environments === undefined ? {} : { environments: environments.split(' ') }),
      ...(keyReference === undefined ? {} : { keyReference }),
    },
  };
}

/**
 * What several certificates of a list say that cannot all be true: one digest with different contents, one serial number of one issuer
 * with different digests.
 */
export function contradictionsIn(certificates: readonly ImportedCertificate[]): string[] {
  const byDigest = new Map<string, ImportedCertificate>();
  const bySerial = new Map<string, ImportedCertificate>();
  return certificates.flatMap((one) => {
    const { digest, serial, issuer } = one.facts;
    const same = byDigest.get(digest);
    byDigest.set(digest, same ?? one);
    if (same !== undefined && JSON.stringify(same.facts) !== JSON.stringify(one.facts))
      return [`${one.where} says something else of ${digest} than ${same.where}`];
    const number = `${serial} ${issuer}`;
    const other = bySerial.get(number);
    bySerial.set(number, other ?? one);
    if (other !== undefined && other.facts.digest !== digest)
      return [`${one.where} has the serial number of ${other.where}, of the same issuer, and is another certificate`];
    return [];
  });
}
