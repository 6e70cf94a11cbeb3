export type { Lockfile } from './read-lockfile.ts';
export { MAX_LOCKFILE, readDependency, readLockfile } from './read-lockfile.ts';
export type { ReadReport, ReportOptions } from './read-report.ts';
export { MAX_REPORT, readReport } from './read-report.ts';
