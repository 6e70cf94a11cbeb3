import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import type { Run } from '../context/run.ts';
import { EXIT, messageWithPlace, reportError } from '../exit.ts';
import { INPUTS, type JobCommand, PLATFORMS, type Platform } from '../job/inputs.ts';
import { keepGate } from '../job/keep-gate.ts';
import { OF_CHECKOUT, type Place, policyPlace } from '../job/policy-place.ts';
import { publishToGitlab } from '../job/publish-gitlab.ts';
import { type Inputs, readInputs } from '../job/read-inputs.ts';
import { resultOf, watching } from '../job/result.ts';
import { archiveEvidence, runCommand } from '../job/run-command.ts';
import { ARCHIVE, openReports, writeReports } from '../job/write-reports.ts';
import { printNote } from '../print-lines.ts';

/**
 * `signwright job COMMAND`: what every adapter runs. Inputs from the environment → one command → reports in a directory, and the
 * command's exit code. Whatever goes wrong is in the reports too.
 */
export async function job(command: JobCommand, run: Run): Promise<number> {
  const { seen, watch } = watching();
  const ci = await ciJob();
  const platform = PLATFORMS.find((one): one is Platform => one === ci?.platform);
  let inputs: Inputs | undefined;
  let place: Place | undefined;
  let directory: string | undefined;
  const attempt = async (): Promise<number> => {
    try {
      inputs = readInputs(command, platform, process.env);
      directory = await openReports(inputs.reports);
      place = policyPlace(inputs, platform, process.env);
      announce(command, place);
      const exit = await runCommand(command, inputs, place, { ...run, watch });
      if (command === 'verify' && platform === 'gitlab' && inputs.archive && exit === EXIT.allow)
        await archive(join(directory, ARCHIVE), inputs, place, run);
      return exit;
    } catch (error) {
      seen.error = error;
      return reportError(error);
    }
  };
  const exitCode = await attempt();

  if (exitCode === EXIT.pending) await keepGate(seen, ci?.url, inputs?.evidence ?? '');
  const name = inputs?.reports ?? REPORTS;
  const about = { command, exitCode, platform, place, url: ci?.url };
  const asked = { environment: inputs?.environment ?? '', evidence: inputs?.evidence ?? '' };
  try {
    const reports = directory ?? (await openReports(name));
    const result = await writeReports(reports, name, resultOf(seen, { ...about, ...asked }), seen);
    if (platform === 'gitlab' && inputs !== undefined)
      await publishToGitlab({ result, summary: await readFile(join(reports, 'summary.md'), 'utf8') }, inputs, printNote);
  } catch (error) {
    // Whoever waits for the reports must not take silence for an allow.
    const failed = reportError(error);
    return exitCode === EXIT.allow ? failed : exitCode;
  }
  return exitCode;
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
  printNote(`signwright job ${command}: the policy is ${policy} (${from})`);
  if (anchor !== undefined) printNote(`  its anchor is ${anchor.file ?? 'text'} (${anchor.from})`);
  else if (from === OF_CHECKOUT)
    printNote('  it comes with what it judges, and no anchor says what it must be: whoever changed one may have changed both');
  else printNote('  no anchor says what it must be');
}
