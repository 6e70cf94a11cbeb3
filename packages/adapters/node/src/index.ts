export { disarmedLine } from './disarm.ts';
export type { Inputs } from './inputs.ts';
export { givenInputs, Refused } from './inputs.ts';
export { problemsIn } from './problems.ts';
export { readReport } from './reports.ts';
export type { Ran } from './run-step.ts';
export { runStep } from './run-step.ts';
export { secretsOf } from './secrets.ts';
