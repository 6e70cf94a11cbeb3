import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shownPolicy } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import { isAnchorText } from '../context/anchor-text.ts';
import { ciJob } from '../context/ci-job.ts';
import type { Run } from '../context/run.ts';
import { EXIT, messageWithPlace, reportError } from '../exit.ts';
import { INPUTS, type JobCommand, PLATFORMS, type Platform } from '../job/inputs.ts';
import { keepGate } from '../job/keep-gate.ts';
import { OF_CHECKOUT, type Place, policyPlace } from '../job/policy-place.ts';
import { publishToGitlab } from '../job/publish-gitlab.ts';
import { type Inputs, readInputs } from '../job/read-inputs.ts';
import { type About, resultOf, type Seen, watching } from '../job/result.ts';
import { archiveEvidence, runCommand } from '../job/run-command.ts';
import { ARCHIVE, openReports, writeReports } from '../job/write-reports.ts';
import { printNote } from '../print-lines.ts';

/**
 * `signwright job COMMAND`: what every adapter runs. Inputs from the environment → one command → reports in a directory, and the
 * command's exit code. Whatever goes wrong is in the reports too.
 */
export async function job(command: JobCommand, run: Run): Promise<number> {
  const ci = await ciJob();
  const platform = PLATFORMS.find((one): one is Platform => one === ci?.platform);
  const attempt = await tryCommand(command, platform, run);
  const { exitCode, seen, inputs } = attempt;
  if (waitsForPeople(attempt)) await keepGate(seen, ci?.url, inputs?.evidence ?? '');
  try {
    await report(attempt, { command, exitCode, platform, place: attempt.place, url: ci?.url });
    return exitCode;
  } catch (error) {
    // Whoever waits for the reports must not take silence for an allow.
    const failed = reportError(error);
    return exitCode === EXIT.allow ? failed : exitCode;
  }
}

/** Whether it stopped for want of approvals, be it for that alone or not. */
function waitsForPeople({ exitCode, seen }: Attempt): boolean {
  const missing = seen.verdicts?.some(({ outcomes }) => outcomes.some(({ code }) => code === 'approvals-missing'));
  return missing === true && (exitCode === EXIT.pending || exitCode === EXIT.inconclusive);
}

/** How far a run came. */
type Attempt = {
  readonly seen: Seen;
  readonly exitCode: number;
  readonly inputs?: Inputs;
  readonly place?: Place;
  readonly directory?: string;
};

/** Reads the inputs and runs the command; an error becomes an exit code, as for any command. */
async function tryCommand(command: JobCommand, platform: Platform | undefined, run: Run): Promise<Attempt> {
  const { seen, watch } = watching();
  let known: Omit<Attempt, 'seen' | 'exitCode'> = {};
  try {
    const inputs = readInputs(command, platform, process.env);
    known = { inputs };
    const directory = await openReports(inputs.reports);
    const place = policyPlace(inputs, platform, process.env);
    known = { inputs, directory, place };
    announce(command, place);
    const exitCode = await runCommand(command, inputs, place, { ...run, watch });
    if (command === 'verify' && platform === 'gitlab' && inputs.archive && exitCode === EXIT.allow)
      await archive(join(directory, ARCHIVE), inputs, place, run);
    return { ...known, seen, exitCode };
  } catch (error) {
    return { ...known, seen: { ...seen, error }, exitCode: reportError(error) };
  }
}

/** Writes the reports, and tells the platform what it is not told by them. */
async function report({ seen, inputs, directory }: Attempt, about: Omit<About, 'environment' | 'evidence'>): Promise<void> {
  const name = inputs?.reports ?? REPORTS;
  const asked = { environment: inputs?.environment ?? '', evidence: inputs?.evidence ?? '' };
  const reports = directory ?? (await openReports(name));
  const result = await writeReports(reports, name, resultOf(seen, { ...about, ...asked }), seen);
  if (result.result === 'pending' && result.next !== undefined) printNote(`next: ${result.next}`);
  if (result.resume !== undefined) printNote(`then run this job again: ${result.resume}`);
  if (about.platform !== 'gitlab' || inputs === undefined) return;
  const summary = await readFile(join(reports, 'summary.md'), 'utf8');
  await publishToGitlab({ result, summary }, inputs, printNote);
}

/** The verdicts stand without it. */
async function archive(out: string, inputs: Inputs, place: Place, run: Run): Promise<void> {
  try {
    await archiveEvidence(out, inputs, place, run);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    printNote(`no archive was written: ${messageWithPlace(error)}`);
  }
}

const REPORTS = String(INPUTS.find(({ name }) => name === 'reports')?.default);

/** Says where what decides comes from. */
function announce(command: JobCommand, { policy, from, anchor }: Place): void {
  printNote(`signwright job ${command}: the policy is ${shownPolicy(policy)} (${from})`);
  if (anchor !== undefined) printNote(`  its anchor is ${isAnchorText(anchor.given) ? 'text' : anchor.given} (${anchor.from})`);
  else if (from === OF_CHECKOUT)
    printNote('  it comes with what it judges, and no anchor says what it must be: whoever changed one may have changed both');
  else printNote('  no anchor says what it must be');
}
