export { oneLine } from './escape/one-line.ts';
export { safeJson } from './escape/safe-json.ts';
export type { PlanFormat, PlanRow, PlanStatus } from './plan/render-plan.ts';
export { renderPlan } from './plan/render-plan.ts';
export type { ReportFormat, ReportOptions } from './verdicts/render-verdicts.ts';
export { renderVerdicts } from './verdicts/render-verdicts.ts';
