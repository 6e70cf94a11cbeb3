export { oneLine } from './escape/one-line.ts';
export { safeJson } from './escape/safe-json.ts';
export type { PlanFormat, PlanRow, PlanStatus } from './plan/render-plan.ts';
export { renderPlan } from './plan/render-plan.ts';
export type { RowsOptions, TextRows } from './rows/render-rows.ts';
export { renderRows } from './rows/render-rows.ts';
export type { ReportFormat, ReportOptions } from './verdicts/render-verdicts.ts';
export { renderVerdicts } from './verdicts/render-verdicts.ts';
