import { COMMANDS, INPUTS } from './generated/inputs.ts';

/** What a step was told, by the names of the table. */
export type Inputs = Readonly<Record<string, string>>;

/** What a step is asked to do, which cannot be done; its message says what and what to do. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/**
 * Collects the inputs that were given. They are handed on as they are, for the command line judges them; words for truth alone are
 * written in lower case, as Azure's templates make `True` of `true`.
 *
 * @param read gives the value of an input of the table; an empty text where there is none.
 */
export function givenInputs(platform: string, read: (name: string) => string | undefined): Inputs {
  const given = INPUTS.filter(({ platforms }) => platforms === undefined || platforms.includes(platform)).flatMap(
    ({ name, type }) => {
      const value = read(name) ?? '';
      return value === '' ? [] : [[name, type === 'boolean' ? value.toLowerCase() : value] as const];
    },
  );
  return Object.fromEntries(given);
}

/** @throws Refused where it is none of the commands of a job: it becomes an argument of the command line. */
export function checkCommand(command: string): string {
  if (COMMANDS.includes(command)) return command;
  throw new Refused(`the input command is none of ${COMMANDS.join(', ')}: name one of them`);
}

/** Where reports may lie: the directory that was named, and the one where they are when an input could not be read. */
export function reportDirectories({ reports }: Inputs): readonly [string, ...string[]] {
  const row = INPUTS.find(({ name }) => name === 'reports');
  const usual = row?.default ?? '';
  return reports !== undefined && new RegExp(`^(?:${row?.pattern})$`, 'u').test(reports) ? [reports, usual] : [usual];
}
