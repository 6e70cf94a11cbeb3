import { INPUTS, type Input, JOB_COMMANDS } from '../../../packages/apps/cli/src/job/inputs.ts';
import { BANNER } from './table.ts';

/** What adapters written in TypeScript know of the table of inputs: they import nothing of the command line. */
export function adapterNodeModule(): string {
  const inputs: readonly Input[] = INPUTS;
  const rows = inputs.map(({ name, type, default: value, platforms, pattern }) =>
    JSON.stringify({ name, type, default: String(value), platforms, pattern }),
  );
  return `// ${BANNER}

/** What a step can be asked to do. */
export const COMMANDS: readonly string[] = ${JSON.stringify(JOB_COMMANDS)};

/** What a step can be told. */
export const INPUTS: readonly {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  /** Those it is for; all where it is absent. */
  readonly platforms?: readonly string[];
  readonly pattern?: string;
}[] = [
${rows.map((row) => `  ${row},\n`).join('')}];
`;
}
