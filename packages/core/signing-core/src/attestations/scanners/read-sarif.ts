import { type FieldReader, fieldReader } from '../../formats/read-json.ts';
import type { Json, JsonObject } from '../../formats/strict-json.ts';
import { type Rating, ratingOfScore } from '../severity.ts';
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

const VERSION = '2.1.0';
/** Where no score is given, a level stands for a severity. */
const LEVELS: { readonly [level: string]: Rating } = { error: 'high', warning: 'medium', note: 'low', none: 'none' };
/** Kinds of results that are no finding. */
const NO_FINDING = ['pass', 'notApplicable'];

/** Whether a report is SARIF. */
export function isSarif(report: JsonObject): boolean {
  return 'runs' in report && typeof report['version'] === 'string';
}

/**
 * Reads SARIF 2.1.0 (OASIS). A result's severity is the `security-severity` of its rule, as code scanning has it, else its level.
 * Accepted suppressions set a result aside. One tool a report.
 *
 * @throws SignwrightError `invalid-input`, also where a run tells no results or says that it failed.
 */
export function readSarif(report: JsonObject): ScannerReport {
  const read = fieldReader('the SARIF report');
  if (report['version'] !== VERSION) read.fail('version', `must be ${VERSION}`);
  const runs = read
    .list(report['runs'], 'runs')
    .map((value, at) => readRun(read, read.record(value, `runs[${at}]`), `runs[${at}]`));
  const [first] = runs;
  if (first === undefined) return read.fail('runs', 'is empty: nothing was scanned');
  const other = runs.find(({ title, version }) => title !== first.title || version !== first.version);
  if (other !== undefined) read.fail('runs', `are of several tools (${first.title}, ${other.title}): attest each by itself`);
  const findings = runs.flatMap((run) => run.findings);
  checkCount(read, 'runs', findings.length);
  return { ...first, findings };
}

function readRun(read: FieldReader, run: JsonObject, path: string): ScannerReport {
  const tool = read.record(run['tool'], `${path}.tool`);
  const driver = read.record(tool['driver'], `${path}.tool.driver`);
  const title = words(read, driver['name'], `${path}.tool.driver.name`);
  const { version } = optionalWords(
    read,
    'version',
    driver['version'] ?? driver['semanticVersion'],
    `${path}.tool.driver.version`,
  );
  const { address } = optionalWords(read, 'address', driver['informationUri'], `${path}.tool.driver.informationUri`);
  // What is absent, not empty, tells of no scan (section 3.14.23).
  const results = read.list(run['results'] ?? undefined, `${path}.results`);
  const rulesOf = rulesIn(read, driver, listOrNone(read, tool['extensions'], `${path}.tool.extensions`), `${path}.tool`);
  return {
    title,
    uri: address ?? `pkg:generic/${encodeURIComponent(title)}${version === undefined ? '' : `@${encodeURIComponent(version)}`}`,
    ...(version === undefined ? {} : { version }),
    ...timesOf(read, listOrNone(read, run['invocations'], `${path}.invocations`), `${path}.invocations`),
    findings: results.flatMap((value, at) => {
      const place = `${path}.results[${at}]`;
      return findingOf(read, read.record(value, place), rulesOf, place);
    }),
  };
}

function timesOf(read: FieldReader, invocations: readonly Json[], path: string): Pick<ScannerReport, 'startedOn' | 'finishedOn'> {
  const times = invocations.map((value, at) => {
    const invocation = read.record(value, `${path}[${at}]`);
    if (invocation['executionSuccessful'] === false) read.fail(`${path}[${at}]`, 'says that the scan failed');
    return {
      ...optionalTime(read, 'startedOn', invocation['startTimeUtc'], `${path}[${at}].startTimeUtc`),
      ...optionalTime(read, 'finishedOn', invocation['endTimeUtc'], `${path}[${at}].endTimeUtc`),
    };
  });
  const [startedOn, finishedOn] = [times[0]?.startedOn, times.at(-1)?.finishedOn];
  return { ...(startedOn === undefined ? {} : { startedOn }), ...(finishedOn === undefined ? {} : { finishedOn }) };
}

type FindRule = (result: JsonObject, path: string) => JsonObject | undefined;

/** Rules by index where the result gives one for the driver, else by id; `CA1000/1` is of the rule `CA1000` (section 3.27.5). */
function rulesIn(read: FieldReader, driver: JsonObject, extensions: readonly Json[], path: string): FindRule {
  const listed = (component: JsonObject, place: string): JsonObject[] =>
    listOrNone(read, component['rules'], `${place}.rules`).map((value, at) => read.record(value, `${place}.rules[${at}]`));
  const own = listed(driver, `${path}.driver`);
  const others = extensions.map((value, at) =>
    listed(read.record(value, `${path}.extensions[${at}]`), `${path}.extensions[${at}]`),
  );
  const byId = new Map<Json | undefined, JsonObject>();
  for (const rule of [...own, ...others.flat()]) if (!byId.has(rule['id'])) byId.set(rule['id'], rule);
  return (result, place) => {
    const reference = recordOrEmpty(read, result['rule'], `${place}.rule`);
    const component = recordOrEmpty(read, reference['toolComponent'], `${place}.rule.toolComponent`);
    const extension = component['index'];
    const index = result['ruleIndex'] ?? reference['index'];
    // An extension that is named otherwise than by its index is looked for by the rule's id.
    if (typeof index === 'number' && index >= 0 && (typeof extension === 'number' || Object.keys(component).length === 0)) {
      const rules = typeof extension === 'number' ? others[extension] : own;
      return rules?.[index] ?? read.fail(place, `refers to a rule ${index} that is not there`);
    }
    const id = result['ruleId'] ?? reference['id'];
    return byId.get(id) ?? (typeof id === 'string' ? byId.get(id.slice(0, Math.max(0, id.lastIndexOf('/')))) : undefined);
  };
}

function findingOf(read: FieldReader, result: JsonObject, ruleOf: FindRule, path: string): Finding[] {
  if (NO_FINDING.includes(result['kind'] as string) || result['baselineState'] === 'absent') return [];
  const rule = ruleOf(result, path) ?? {};
  const reference = recordOrEmpty(read, result['rule'], `${path}.rule`);
  const id = words(read, result['ruleId'] ?? reference['id'] ?? rule['id'], `${path}.ruleId`);
  const setAside = whySuppressed(read, listOrNone(read, result['suppressions'], `${path}.suppressions`), `${path}.suppressions`);
  return [{ id, ...ratingOf(read, result, rule, path), ...(setAside === undefined ? {} : { setAside }) }];
}

function ratingOf(read: FieldReader, result: JsonObject, rule: JsonObject, path: string): Pick<Finding, 'rating' | 'method'> {
  const key = 'security-severity';
  const score =
    recordOrEmpty(read, result['properties'], `${path}.properties`)[key] ??
    recordOrEmpty(read, rule['properties'], `the properties of its rule (${path})`)[key];
  if (score !== undefined && score !== null) {
    const method = 'sarif:security-severity';
    return { rating: typeof score === 'string' || typeof score === 'number' ? ratingOfScore(score) : 'unknown', method };
  }
  if (result['kind'] === 'informational') return { rating: 'none', method: 'sarif:kind' };
  const standard = recordOrEmpty(read, rule['defaultConfiguration'], `the configuration of its rule (${path})`);
  const level = result['level'] ?? standard['level'] ?? 'warning';
  return {
    rating: (typeof level === 'string' && Object.hasOwn(LEVELS, level) && LEVELS[level]) || 'unknown',
    method: 'sarif:level',
  };
}

/** A result is suppressed if it has suppressions and none is under review or rejected (section 3.27.23). */
function whySuppressed(read: FieldReader, suppressions: readonly Json[], path: string): string | undefined {
  const entries = suppressions.map((value, at) => read.record(value, `${path}[${at}]`));
  if (entries.length === 0 || entries.some(({ status }) => status !== undefined && status !== 'accepted')) return undefined;
  const reasons = entries.map((entry, at) => {
    const { why } = optionalWords(read, 'why', entry['justification'], `${path}[${at}].justification`);
    const kind = words(read, entry['kind'], `${path}[${at}].kind`);
    return why === undefined ? `suppressed (${kind})` : `suppressed (${kind}): ${why}`;
  });
  return [...new Set(reasons)].join(', ');
}
