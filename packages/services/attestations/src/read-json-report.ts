import {
  type JsonObject,
  parseStrictJson,
  type ReportFile,
  readSbom,
  readScannerReport,
  SBOMS,
  SCANNER_REPORTS,
  SignwrightError,
  VULNS_02,
  writeVulnerabilities,
} from '@signwright/signing-core';

/** A predicate and what people call what it was read from. */
export type Predicate = {
  readonly title: string;
  readonly predicateType: string;
  readonly predicate: JsonObject;
  /** What else the report holds, and the predicate does not. */
  readonly more?: string;
};

const MAX_PARTS = 5_000_000;

/** Reads a JSON object strictly; its size is the caller's to bound. @throws SignwrightError `invalid-input`. */
export function parseReport(bytes: Uint8Array, file: string): JsonObject {
  const value = parseStrictJson(bytes, { what: 'the report', maxBytes: bytes.length, maxParts: MAX_PARTS });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new SignwrightError('invalid-input', 'the report is JSON, and no object', {
    where: file,
    next: `allowed are ${SBOMS}, ${SCANNER_REPORTS}`,
  });
}

/** Tells by its content what a report is. @throws SignwrightError `invalid-input` for what is nothing known, or cannot be used. */
export function readJsonReport(json: JsonObject, report: ReportFile): Predicate {
  const sbom = readSbom(json);
  if (sbom !== undefined) return { title: 'SBOM', predicateType: sbom.predicateType, predicate: json };
  const scan = readScannerReport(json);
  if (scan !== undefined) {
    const more = scan.notCounted === undefined ? {} : { more: scan.notCounted };
    return { title: scan.title, predicateType: VULNS_02, predicate: writeVulnerabilities(scan, report), ...more };
  }
  throw new SignwrightError('invalid-input', `the report is JSON with ${keysOf(json)}, which is nothing known`, {
    where: report.name,
    next: `allowed are JUnit XML, ${SCANNER_REPORTS}, ${SBOMS}, or any predicate with its type as an https URI`,
  });
}

function keysOf(json: JsonObject): string {
  const keys = Object.keys(json);
  if (keys.length === 0) return 'no keys';
  const shown = keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 40)));
  return `the keys ${shown.join(', ')}${keys.length > 5 ? ' …' : ''}`;
}
