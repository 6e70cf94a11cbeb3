import { type FieldReader, fieldReader } from '../../formats/read-json.ts';
import type { Json, JsonObject } from '../../formats/strict-json.ts';
import { ratingOfWord } from '../severity.ts';
import {
  checkCount,
  type Finding,
  listOrNone,
  optionalTime,
  optionalWords,
  recordOrEmpty,
  type ScannerReport,
  words,
} from './scanner-report.ts';

/** Whether a report is Grype's own JSON. */
export function isGrype(report: JsonObject): boolean {
  const descriptor = report['descriptor'];
  return 'matches' in report && typeof descriptor === 'object' && descriptor !== null && 'name' in descriptor;
}

/**
 * Reads Grype's JSON report (`grype … --output json`; document schema 1.0, and what came before it). Ignored matches are set aside.
 *
 * @throws SignwrightError `invalid-input`, also where the report says that its database was not valid.
 */
export function readGrype(report: JsonObject): ScannerReport {
  const read = fieldReader('the Grype report');
  const descriptor = read.record(report['descriptor'], 'descriptor');
  if (descriptor['name'] !== 'grype') read.fail('descriptor.name', 'is not grype');
  read.record(report['source'], 'source');
  const matches = read.list(report['matches'], 'matches');
  const ignored = listOrNone(read, report['ignoredMatches'], 'ignoredMatches');
  checkCount(read, 'matches', matches.length + ignored.length);
  const { version } = optionalWords(read, 'version', descriptor['version'], 'descriptor.version');
  return {
    title: 'Grype',
    uri: `pkg:github/anchore/grype${version === undefined ? '' : `@v${encodeURIComponent(version)}`}`,
    ...(version === undefined ? {} : { version }),
    ...databaseOf(read, descriptor['db']),
    ...optionalTime(read, 'startedOn', descriptor['timestamp'], 'descriptor.timestamp'),
    ...optionalTime(read, 'finishedOn', descriptor['timestamp'], 'descriptor.timestamp'),
    findings: [
      ...matches.map((value, at) => findingOf(read, value, `matches[${at}]`)),
      ...ignored.map((value, at) => {
        const path = `ignoredMatches[${at}]`;
        return { ...findingOf(read, value, path), setAside: whyIgnored(read, read.record(value, path), path) };
      }),
    ],
  };
}

function findingOf(read: FieldReader, value: Json, path: string): Finding {
  const match = read.record(value, path);
  const vulnerability = read.record(match['vulnerability'], `${path}.vulnerability`);
  const { severity } = optionalWords(read, 'severity', vulnerability['severity'], `${path}.vulnerability.severity`);
  const artifact = read.record(match['artifact'], `${path}.artifact`);
  const { version } = optionalWords(read, 'version', artifact['version'], `${path}.artifact.version`);
  const name = words(read, artifact['name'], `${path}.artifact.name`);
  return {
    id: words(read, vulnerability['id'], `${path}.vulnerability.id`),
    rating: ratingOfWord(severity ?? ''),
    method: 'grype',
    package: version === undefined ? name : `${name}@${version}`,
  };
}

/** The rules that took a match out: a VEX status, or a rule of the project's own. */
function whyIgnored(read: FieldReader, match: JsonObject, path: string): string {
  const rules = read.list(match['appliedIgnoreRules'], `${path}.appliedIgnoreRules`);
  const reasons = rules.map((value, at) => {
    const place = `${path}.appliedIgnoreRules[${at}]`;
    const rule = read.record(value, place);
    const said = ['vex-status', 'vex-justification', 'reason', 'fix-state'].flatMap((key) =>
      Object.values(optionalWords(read, key, rule[key], `${place}.${key}`)),
    );
    return said.length === 0 ? 'ignored' : said.join(': ');
  });
  return reasons.length === 0 ? read.fail(`${path}.appliedIgnoreRules`, 'is empty') : [...new Set(reasons)].join(', ');
}

/** Since schema 6 the database's state is one deeper. */
function databaseOf(read: FieldReader, value: Json | undefined): Pick<ScannerReport, 'db'> {
  const db = recordOrEmpty(read, value, 'descriptor.db');
  const path = db['status'] === undefined ? 'descriptor.db' : 'descriptor.db.status';
  const status = db['status'] === undefined ? db : read.record(db['status'], path);
  if (status['valid'] === false) read.fail(path, 'says that the vulnerability database is not valid');
  const { lastUpdate } = optionalTime(read, 'lastUpdate', status['built'], `${path}.built`);
  const schema = status['schemaVersion'];
  const version = typeof schema === 'number' ? { version: String(schema) } : optionalWords(read, 'version', schema, path);
  return lastUpdate === undefined ? {} : { db: { ...version, lastUpdate } };
}
