import { COMMAND_DESCRIPTIONS, type Input, JOB_COMMANDS, OUTPUTS } from '../../../packages/apps/cli/src/job/inputs.ts';
import { BANNER, inputsFor, isForAll } from './table.ts';

/** The metadata of the action (https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax). */
export function githubAction(): string {
  const command = {
    description: JOB_COMMANDS.map((name) => `${name}: ${COMMAND_DESCRIPTIONS[name]}`).join(' '),
    required: true,
  };
  const inputs = inputsFor('github').map((input) => [input.name, entryOf(input)] as const);
  const outputs = OUTPUTS.map(({ name, description }) => [name, { description }] as const);
  return `# ${BANNER}
name: Signwright
description: One policy decides what must be signed, by whom, and whether it may be released.
author: Signwright
branding: { icon: shield, color: blue }
inputs:
${lines([['command', command], ...inputs])}outputs:
${lines(outputs)}runs:
  using: node24
  main: main.cjs
`;
}

function entryOf(input: Input): Readonly<Record<string, string | boolean>> {
  const { description, commands, default: value } = input;
  return {
    description: isForAll(input) ? description : `${description} For ${commands.join(', ')}.`,
    required: false,
    default: String(value),
  };
}

/** Texts are written as JSON, which YAML reads as it is. */
function lines(entries: readonly (readonly [string, Readonly<Record<string, string | boolean>>])[]): string {
  return entries
    .map(([name, entry]) => {
      const keys = Object.entries(entry).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}\n`);
      return `  ${name}:\n${keys.join('')}`;
    })
    .join('');
}
