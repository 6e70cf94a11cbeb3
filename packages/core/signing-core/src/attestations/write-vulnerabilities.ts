import { hexOf, type Sha256 } from '../formats/digest.ts';
import type { JsonObject } from '../formats/strict-json.ts';
import type { Finding, ScannerReport } from './scanners/scanner-report.ts';

/** The report a predicate was made from, by its digest. */
export type ReportFile = { readonly name: string; readonly digest: Sha256 };

/** The annotation of a finding that the report itself lists as not counting: why. */
export const SET_ASIDE = 'https://signwright.dev/set-aside';
/** The field that names the report a predicate was made from. */
const REPORT = 'https://signwright.dev/report';

/**
 * A scan as an in-toto vulns v0.2 predicate: each finding with its one severity, in lower case, as the scanner itself rated it. What
 * a report does not tell (its times, its database) is left out, for nobody could say it.
 */
export function writeVulnerabilities(scan: ScannerReport, report: ReportFile): JsonObject {
  const { uri, version, db, startedOn, finishedOn, findings } = scan;
  return {
    scanner: {
      uri,
      ...(version === undefined ? {} : { version }),
      ...(db === undefined ? {} : { db: { ...db } }),
      result: findings.map(resultOf),
    },
    ...(startedOn === undefined || finishedOn === undefined
      ? {}
      : { metadata: { scanStartedOn: startedOn, scanFinishedOn: finishedOn } }),
    [REPORT]: describe(report),
  };
}

/** A file as an in-toto ResourceDescriptor. */
export function describe({ name, digest }: ReportFile): JsonObject {
  return { name, digest: { sha256: hexOf(digest) } };
}

function resultOf({ id, rating, method, package: inside, setAside }: Finding): JsonObject {
  const annotations = {
    ...(inside === undefined ? {} : { package: inside }),
    ...(setAside === undefined ? {} : { [SET_ASIDE]: setAside }),
  };
  return {
    id,
    severity: [{ method, score: rating }],
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: [annotations] }),
  };
}
