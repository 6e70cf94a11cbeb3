import { resolve } from 'node:path';
import { reportDirectories } from './inputs.ts';
import { lookBefore, writtenSince } from './reports.ts';
import { type Result, resultOf } from './result.ts';
import { runCommand, type Step } from './run-command.ts';

/** What came of a step. */
export type Ran = Result & {
  /** The directory with the reports of this run, as an absolute path; nothing where it never came that far. */
  readonly directory?: string;
};

/**
 * Runs the command line for a step, and reads what it left.
 *
 * @throws Refused where the command is none of a job, or the inputs are too long: nothing was run.
 */
export async function runStep(step: Step): Promise<Ran> {
  const names = reportDirectories(step.inputs);
  const paths = names.map((name) => resolve(step.workingDirectory, name));
  const before = lookBefore(paths);
  const ended = await runCommand(step);
  const written = writtenSince(before);
  const reports = names[written === undefined ? 0 : paths.indexOf(written)] ?? '';
  return { ...resultOf({ ...ended, written, reports }), ...(written === undefined ? {} : { directory: written }) };
}
