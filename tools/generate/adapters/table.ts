import { INPUTS, type Input, JOB_COMMANDS, type Platform } from '../../../packages/apps/cli/src/job/inputs.ts';

/** The first line of what is made of the table. */
export const BANNER = 'Generated from packages/apps/cli/src/job/inputs.ts by npm run generate; changes here are lost.';

/** What a platform's adapter can be told. */
export function inputsFor(platform: Platform): readonly Input[] {
  const rows: readonly Input[] = INPUTS;
  return rows.filter(({ platforms }) => platforms === undefined || platforms.includes(platform));
}

/** Whether an input is for each command. */
export function isForAll({ commands }: Input): boolean {
  return commands.length === JOB_COMMANDS.length;
}

/** `passphrase-env` as `passphraseEnv`. */
export function inCamelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
