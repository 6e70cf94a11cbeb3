import { quoted } from '../formats/quoted.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { type AttestationConditions, fails, holds, judged, type PredicateJudgement } from './judgement.ts';
import { COSIGN_VULN, VULNS_01 } from './predicate-types.ts';
import { readScannerReport, SCANNER_REPORTS } from './scanners/read-scanner-report.ts';
import { type Finding, listOrNone, words } from './scanners/scanner-report.ts';
import { type Rating, ratingOfScore, ratingOfWord, reaches, SEVERITIES, worstRating } from './severity.ts';
import { SET_ASIDE } from './write-vulnerabilities.ts';

/** As much of a finding as is judged. */
type Judged = Pick<Finding, 'id' | 'rating' | 'setAside'>;

/** Findings a message names, at the most. */
const NAMED = 5;

/**
 * Judges a scan: in-toto vulns v0.2 or v0.1, or cosign's vuln v1 around a report of {@link SCANNER_REPORTS}. Where several severities
 * are given the worst counts, and one that nobody knows counts as critical.
 */
export function judgeVulnerabilities(
  predicateType: string,
  predicate: Json,
  { failOn }: Pick<AttestationConditions, 'failOn'> = {},
): PredicateJudgement {
  return judged(() => {
    const read = fieldReader('the scan');
    const found =
      predicateType === COSIGN_VULN ? inCosign(read, predicate) : inVulns(read, predicate, predicateType === VULNS_01);
    const counted = found.filter(({ setAside }) => setAside === undefined);
    const told = `${tally(counted)}${toldOfRest(found)}`;
    if (failOn === undefined) return holds(told);
    const bad = counted.filter(({ rating }) => reaches(rating, failOn));
    const bound = failOn === 'critical' ? 'critical' : `${failOn} or worse`;
    if (bad.length === 0) return holds(`no vulnerability that is ${bound}: ${told}`);
    return fails(
      'vulnerable',
      `${bad.length} ${bad.length === 1 ? 'vulnerability is' : 'vulnerabilities are'} ${bound}: ${nameSome(bad)}`,
    );
  });
}

/** https://github.com/in-toto/attestation: vulns v0.2; in v0.1 a result may be one deeper. */
function inVulns(read: FieldReader, predicate: Json, nested: boolean): Judged[] {
  const scanner = read.record(read.record(predicate, 'predicate')['scanner'], 'scanner');
  words(read, scanner['uri'], 'scanner.uri');
  return read.list(scanner['result'], 'scanner.result').map((value, at) => {
    const path = `scanner.result[${at}]`;
    const outer = read.record(value, path);
    const entry =
      nested && outer['vulnerability'] !== undefined ? read.record(outer['vulnerability'], `${path}.vulnerability`) : outer;
    return {
      id: words(read, entry['id'], `${path}.id`),
      rating: worstRating(ratingsOf(read, entry['severity'], `${path}.severity`)),
      ...setAsideIn(read, entry['annotations'], `${path}.annotations`),
    };
  });
}

function ratingsOf(read: FieldReader, value: Json | undefined, path: string): Rating[] {
  return read.list(value, path).map((entry, at) => {
    const severity = read.record(entry, `${path}[${at}]`);
    const method = read.text(severity['method'], `${path}[${at}].method`);
    const score = read.text(severity['score'], `${path}[${at}].score`);
    const inWords = ratingOfWord(score);
    // Other numbers, such as a probability of exploitation, are no severity.
    return inWords === 'unknown' && /cvss/i.test(method) ? ratingOfScore(score) : inWords;
  });
}

function setAsideIn(read: FieldReader, value: Json | undefined, path: string): { setAside?: string } {
  for (const [at, entry] of listOrNone(read, value, path).entries()) {
    const why = read.record(entry, `${path}[${at}]`)[SET_ASIDE];
    if (why !== undefined) return { setAside: words(read, why, `${path}[${at}][${quoted(SET_ASIDE)}]`) };
  }
  return {};
}

/** https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md; its programs write one `scanner`. */
function inCosign(read: FieldReader, predicate: Json): Judged[] {
  const fields = read.record(predicate, 'predicate');
  const one = fields['scanner'];
  const scanners = one === undefined ? read.list(fields['scanners'], 'scanners') : [one];
  if (scanners.length === 0) read.fail('scanners', 'is empty: nothing was scanned');
  return scanners.flatMap((value, at): Judged[] => {
    const path = one === undefined ? `scanners[${at}]` : 'scanner';
    const result = read.record(read.record(value, path)['result'], `${path}.result`);
    const report = readScannerReport(result) ?? read.fail(`${path}.result`, `is none of ${SCANNER_REPORTS}`);
    return [...report.findings];
  });
}

/** "3 vulnerabilities (1 high, 2 of unknown severity)". */
function tally(findings: readonly Pick<Finding, 'rating'>[]): string {
  const { length } = findings;
  if (length === 0) return 'no vulnerabilities';
  const each = (['unknown', ...[...SEVERITIES].reverse(), 'none'] as const).flatMap((rating) => {
    const count = findings.filter((one) => one.rating === rating).length;
    return count === 0
      ? []
      : [`${count} ${rating === 'unknown' ? 'of unknown severity' : rating === 'none' ? 'negligible' : rating}`];
  });
  return `${length} ${length === 1 ? 'vulnerability' : 'vulnerabilities'} (${each.join(', ')})`;
}

/** What the report itself lists as not counting. */
function toldOfRest(findings: readonly Judged[]): string {
  const aside = findings.filter(({ setAside }) => setAside !== undefined);
  return aside.length === 0 ? '' : `; ${aside.length} set aside by the report itself: ${nameSome(aside)}`;
}

function nameSome(findings: readonly Judged[]): string {
  const named = findings
    .slice(0, NAMED)
    .map(({ id, rating, setAside }) => `${quoted(id)} (${setAside === undefined ? rating : quoted(setAside)})`);
  const more = findings.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
