export type { LogContext, Opened, Segments } from './context.ts';
export type { AuditLog, AuditLogOptions, Ordered } from './open-audit-log.ts';
export { openAuditLog } from './open-audit-log.ts';
export type { LogReader, OpenLogReader } from './open-log-reader.ts';
export { openLogReader } from './open-log-reader.ts';
export type { Demand } from './prove/prove.ts';
export type { Attempts } from './segments/attempts.ts';
export type { RefusedSegment } from './segments/refuse-segments.ts';
