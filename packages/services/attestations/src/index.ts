export type { ReadReport, ReportOptions } from './read-report.ts';
export { MAX_REPORT, readReport } from './read-report.ts';
