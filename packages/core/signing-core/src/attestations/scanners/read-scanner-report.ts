import type { JsonObject } from '../../formats/strict-json.ts';
import { isGrype, readGrype } from './read-grype.ts';
import { isSarif, readSarif } from './read-sarif.ts';
import { isTrivy, readTrivy } from './read-trivy.ts';
import type { ScannerReport } from './scanner-report.ts';

/** The scanners' reports that are read, for messages. */
export const SCANNER_REPORTS = 'SARIF 2.1.0, Trivy JSON or Grype JSON';

const READERS = [
  { is: isSarif, read: readSarif },
  { is: isTrivy, read: readTrivy },
  { is: isGrype, read: readGrype },
] as const;

/**
 * Reads a scanner's report, told by its content.
 *
 * @returns nothing for what is none of {@link SCANNER_REPORTS}.
 * @throws SignwrightError `invalid-input` for one of them that cannot be used.
 */
export function readScannerReport(report: JsonObject): ScannerReport | undefined {
  return READERS.find(({ is }) => is(report))?.read(report);
}
