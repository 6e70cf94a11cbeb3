import type { ImportedCertificate, ImportedList } from '@signwright/certificates';
import { readBounded } from '@signwright/files';
import { readCsv } from '@signwright/report';
import { fieldReader, messageOf, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import { NOTHING_TAKEN } from './append-known.ts';
import { listProblems } from './list-problems.ts';

/** What lists of certificates are read as. */
export const IMPORT_FORMATS = ['csv', 'json', 'pem'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

const MAX_FILE = 256 * 1024 * 1024;
const MAX_ROWS = 1_000_000;
const JSON_KEYS = ['version', 'inventory', 'at', 'total', 'findings', 'usage', 'certificates'];

/**
 * Reads files of certificates: what an export writes as CSV or JSON, or certificates in PEM, DER or PKCS#7.
 *
 * @throws SignwrightError `invalid-input` that says of each line what is wrong with it: then nothing is taken from any.
 */
export async function readImports(
  files: readonly string[],
  format: ImportFormat | undefined,
): Promise<{ certificates: readonly ImportedCertificate[]; reserved: number }> {
  const { contradictionsIn } = await import('@signwright/certificates');
  const lists: ImportedList[] = [];
  for (const file of files) lists.push(await readList(file, format));
  const certificates = lists.flatMap((list) => list.certificates);
  const problems = [...lists.flatMap((list) => list.problems), ...contradictionsIn(certificates)];
  if (problems.length > 0) throw new SignwrightError('invalid-input', listProblems(problems), { next: NOTHING_TAKEN });
  return { certificates, reserved: lists.reduce((sum, { reserved }) => sum + reserved, 0) };
}

async function readList(file: string, format: ImportFormat | undefined): Promise<ImportedList> {
  const bytes = await readBounded(file, MAX_FILE, 'the list of certificates');
  const { readCsvRows, readJsonRows } = await import('@signwright/certificates');
  switch (format ?? formatOf(bytes)) {
    case 'csv':
      return readCsvRows(readCsv(bytes, file, MAX_ROWS), file);
    case 'json': {
      const read = fieldReader(file);
      const fields = read.object(parseStrictJson(bytes, { what: file, maxBytes: MAX_FILE, maxDepth: 16 }), '', JSON_KEYS);
      if (fields['version'] !== 1) read.fail('version', 'must be 1');
      const list = read.list(fields['certificates'], 'certificates');
      if (list.length > MAX_ROWS) read.fail('certificates', `are more than ${MAX_ROWS}`);
      return readJsonRows(list, file);
    }
    case 'pem':
      return readCertificates(bytes, file);
  }
}

/** By what it begins with, but for white space. */
function formatOf(bytes: Buffer): ImportFormat {
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return 'pem';
  if (bytes.includes('-----BEGIN ')) return 'pem';
  return /^\s*\{/.test(bytes.subarray(0, 1024).toString('latin1')) ? 'json' : 'csv';
}

async function readCertificates(bytes: Buffer, file: string): Promise<ImportedList> {
  const { certificatesIn, readFacts } = await import('@signwright/certificates');
  const problems: string[] = [];
  const found = await certificatesIn(bytes, file);
  const certificates = found.flatMap(({ der, line }): ImportedCertificate[] => {
    const where = line === undefined ? file : `${file}:${line}`;
    try {
      const { facts, ...use } = readFacts(der, where);
      return [{ where, facts, use }];
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      problems.push(messageOf(error));
      return [];
    }
  });
  if (found.length === 0) problems.push(`${file} has no certificate`);
  return { certificates, problems, reserved: 0 };
}
