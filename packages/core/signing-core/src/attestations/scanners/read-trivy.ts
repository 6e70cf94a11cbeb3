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

const VERSION = 2;
/** Results of these classes are of packages, which is where vulnerabilities are looked for. */
const PACKAGE_CLASSES = ['os-pkgs', 'lang-pkgs'];
/** What takes a finding out: an ignore file, or a VEX statement. Others keep it in. */
const SET_ASIDE = ['ignored', 'not_affected', 'fixed'];

/** Whether a report is Trivy's own JSON. */
export function isTrivy(report: JsonObject): boolean {
  return typeof report['SchemaVersion'] === 'number' && ('ArtifactName' in report || 'Results' in report);
}

/**
 * Reads Trivy's JSON report (`trivy … --format json`, schema version 2). Secrets, misconfigurations and licences in it are no
 * vulnerabilities, and not counted. A report of no package is refused: it is what a scan of the wrong place looks like.
 *
 * @throws SignwrightError `invalid-input`.
 */
export function readTrivy(report: JsonObject): ScannerReport {
  const read = fieldReader('the Trivy report');
  if (report['SchemaVersion'] !== VERSION) read.fail('SchemaVersion', `must be ${VERSION}`);
  const results = listOrNone(read, report['Results'], 'Results').map((value, at) => read.record(value, `Results[${at}]`));
  if (!results.some((one) => PACKAGE_CLASSES.includes(one['Class'] as string))) {
    read.fail('Results', `are of no package (class ${PACKAGE_CLASSES.join(' or ')}): scan the right place, with --list-all-pkgs`);
  }
  const findings: Finding[] = [];
  for (const [at, result] of results.entries()) {
    for (const finding of findingsIn(read, result, `Results[${at}]`)) {
      findings.push(finding);
      checkCount(read, 'Results', findings.length);
    }
  }
  const version = optionalWords(read, 'version', recordOrEmpty(read, report['Trivy'], 'Trivy')['Version'], 'Trivy.Version');
  const created = report['CreatedAt'];
  return {
    title: 'Trivy',
    uri: `pkg:github/aquasecurity/trivy${version.version === undefined ? '' : `@v${encodeURIComponent(version.version)}`}`,
    ...version,
    ...optionalTime(read, 'startedOn', created, 'CreatedAt'),
    ...optionalTime(read, 'finishedOn', created, 'CreatedAt'),
    findings,
    ...notCounted(read, results),
  };
}

function* findingsIn(read: FieldReader, result: JsonObject, path: string): Generator<Finding> {
  for (const [at, value] of listOrNone(read, result['Vulnerabilities'], `${path}.Vulnerabilities`).entries()) {
    yield findingOf(read, value, `${path}.Vulnerabilities[${at}]`);
  }
  const modified = 'ExperimentalModifiedFindings';
  for (const [at, value] of listOrNone(read, result[modified], `${path}.${modified}`).entries()) {
    const place = `${path}.${modified}[${at}]`;
    const entry = read.record(value, place);
    if (entry['Type'] !== 'vulnerability') continue;
    const status = words(read, entry['Status'], `${place}.Status`);
    const { why } = optionalWords(read, 'why', entry['Statement'], `${place}.Statement`);
    const finding = findingOf(read, entry['Finding'], `${place}.Finding`);
    yield SET_ASIDE.includes(status) ? { ...finding, setAside: why === undefined ? status : `${status}: ${why}` } : finding;
  }
}

function findingOf(read: FieldReader, value: Json | undefined, path: string): Finding {
  const entry = read.record(value, path);
  const { by } = optionalWords(read, 'by', entry['SeveritySource'], `${path}.SeveritySource`);
  const { severity } = optionalWords(read, 'severity', entry['Severity'], `${path}.Severity`);
  const { name } = optionalWords(read, 'name', entry['PkgName'], `${path}.PkgName`);
  const { installed } = optionalWords(read, 'installed', entry['InstalledVersion'], `${path}.InstalledVersion`);
  return {
    id: words(read, entry['VulnerabilityID'], `${path}.VulnerabilityID`),
    rating: ratingOfWord(severity ?? ''),
    method: by === undefined ? 'trivy' : `trivy:${by}`,
    ...(name === undefined ? {} : { package: installed === undefined ? name : `${name}@${installed}` }),
  };
}

function notCounted(read: FieldReader, results: readonly JsonObject[]): { notCounted?: string } {
  const told = (['Secrets', 'Misconfigurations', 'Licenses'] as const).flatMap((kind) => {
    const count = results.reduce((sum, result, at) => sum + listOrNone(read, result[kind], `Results[${at}].${kind}`).length, 0);
    return count === 0 ? [] : [`${count} under ${kind}`];
  });
  return told.length === 0 ? {} : { notCounted: told.join(', ') };
}
