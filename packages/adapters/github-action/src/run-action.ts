import { appendFileSync } from 'node:fs';
import {
  disarmedLine,
  givenInputs,
  problemsIn,
  type Ran,
  Refused,
  readReport,
  runStep,
  secretsOf,
} from '@signwright/adapter-node';
import { outputEntry, withoutCommands, workflowCommand } from './workflow-commands.ts';

/** What the action runs with. */
export type ActionOptions = {
  /** Where launch.cjs and signwright.cjs lie. */
  readonly directory: string;
  /** The SHA-256 that signwright.cjs must have, in hex. */
  readonly sha256: string;
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The job's log. */
  readonly write: (text: string) => void;
};

/** GitHub shows ten errors and ten warnings a step; one is for what the step came to. */
const MOST_PROBLEMS = 9;
/** GitHub takes no summary of more than 1 MiB from a step. */
const MOST_SUMMARY = 1024 * 1024 - 4096;

/** Runs the step: inputs → the command line → summary, annotations and outputs. It ends as the command ended: the exit code. */
export async function runAction(options: ActionOptions): Promise<number> {
  const { environment, write } = options;
  const command = inputOf(environment, 'command');
  try {
    const inputs = givenInputs('github', (name) => inputOf(environment, name));
    for (const secret of secretsOf(inputs, environment)) write(workflowCommand('add-mask', {}, secret));
    const ran = await withoutInterpreting(write, (print) => runStep({ ...options, command, inputs, print }));
    summarize(ran, environment);
    annotate(command, ran, write);
    tell(ran, environment);
    return ran.exitCode;
  } catch (error) {
    const message = error instanceof Refused ? error.message : `a defect of the action: ${(error as Error).stack}`;
    write(workflowCommand('error', { title: 'Signwright' }, disarmedLine(message)));
    return error instanceof Refused ? 2 : 70;
  }
}

/** The runner puts inputs into the environment, their names in capitals. */
function inputOf(environment: NodeJS.ProcessEnv, name: string): string {
  return environment[`INPUT_${name.toUpperCase()}`] ?? '';
}

/** Whatever is printed meanwhile is no command to the runner. */
async function withoutInterpreting<T>(
  write: (text: string) => void,
  work: (print: (text: string) => void) => Promise<T>,
): Promise<T> {
  const { stop, resume } = withoutCommands();
  let last = '\n';
  write(stop);
  try {
    return await work((text) => {
      last = text.at(-1) ?? last;
      write(text);
    });
  } finally {
    write(last === '\n' ? resume : `\n${resume}`);
  }
}

/** What the job's page shows. */
function summarize({ directory }: Ran, { GITHUB_STEP_SUMMARY: file }: NodeJS.ProcessEnv): void {
  const summary = directory === undefined ? undefined : readReport(directory, 'summary.md', MOST_SUMMARY);
  if (!file || summary === undefined) return;
  const { text, whole } = summary;
  const cut = text.slice(0, text.lastIndexOf('\n') + 1);
  appendFileSync(file, whole ? `${text}\n` : `${cut}\nThis is not all: the rest is in summary.md of the reports.\n`);
}

/** A line of the log, and a note beside each file, for what stands against it. */
function annotate(
  command: string,
  { exitCode, result, message, next, resume, directory }: Ran,
  write: (text: string) => void,
): void {
  const { problems, count } = directory === undefined ? { problems: [], count: 0 } : problemsIn(directory, MOST_PROBLEMS);
  for (const { level, code, path, message: text } of problems)
    write(workflowCommand(level, { title: `signwright: ${code}`, file: path }, text));
  if (count > problems.length)
    write(workflowCommand('notice', { title: 'signwright' }, `${count - problems.length} more in results.sarif of the reports`));
  if (exitCode === 0) return;
  const lines = [
    message,
    ...(next === undefined ? [] : [`→ ${next}`]),
    ...(resume === undefined ? [] : [`then run it again: ${resume}`]),
  ];
  write(workflowCommand('error', { title: `signwright ${command}: ${result}` }, lines.join('\n')));
}

/** What later steps read. */
function tell({ outputs }: Ran, { GITHUB_OUTPUT: file }: NodeJS.ProcessEnv): void {
  if (file)
    appendFileSync(
      file,
      Object.entries(outputs)
        .map(([name, value]) => outputEntry(name, value))
        .join(''),
    );
}
