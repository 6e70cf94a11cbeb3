import { type Input, JOB_COMMANDS, type JobCommand } from '../../../packages/apps/cli/src/job/inputs.ts';
import { protectedVariables } from './azure-protected.ts';
import { BANNER, inCamelCase, inputsFor } from './table.ts';

/**
 * A step template for each command, and the variables of jobs that sign and verify: file name → text. Parameters are typed, so a wrong
 * one fails before anything runs.
 */
export function azureTemplates(): ReadonlyMap<string, string> {
  return new Map([
    ...JOB_COMMANDS.map((command) => [`${command}.yml`, stepTemplate(command)] as const),
    ['protected.yml', protectedVariables()],
  ]);
}

function stepTemplate(command: JobCommand): string {
  const inputs = inputsFor('azure-devops').filter(({ commands }) => commands.includes(command));
  const own = ['sign', 'verify', 'drill'].includes(command) ? ['serviceConnection'] : [];
  const names = [...inputs.map(({ name }) => inCamelCase(name)), ...own];
  return `# ${BANNER}
parameters:
${inputs.map(parameterOf).join('')}${own.map((name) => parameter(name, 'string', '')).join('')}${parameter('name', 'string', inCamelCase(`signwright-${command}`))}steps:
  - task: Signwright@1
    name: \${{ parameters.name }}
    displayName: Signwright ${command}
    inputs:
      command: ${command}
${names.map((name) => `      ${name}: \${{ parameters.${name} }}\n`).join('')}`;
}

function parameterOf({ name, type, default: value }: Input): string {
  return parameter(inCamelCase(name), type === 'boolean' ? 'boolean' : 'string', value);
}

function parameter(name: string, type: string, value: string | boolean): string {
  return `  - name: ${name}\n    type: ${type}\n    default: ${JSON.stringify(value)}\n`;
}
