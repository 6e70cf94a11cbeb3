import { existsSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '@signwright/files';
import { renderDrill, renderPlan, renderSummary, renderVerdicts, safeJson } from '@signwright/report';
import { type Json, SignwrightError } from '@signwright/signing-core';
import type { JobResult, Seen } from './result.ts';

/** What verdicts rest on, where it is asked for. */
export const ARCHIVE = 'evidence.tar';
const ALL = [
  'result.json',
  'summary.md',
  'summary.html',
  'junit.xml',
  'results.sarif',
  'verdicts.json',
  'plan.json',
  'drill.json',
  ARCHIVE,
  'outputs.env',
];

/**
 * Makes the directory for reports, and takes out those an earlier run left, so that none is taken for this one's.
 *
 * @throws SignwrightError `configuration` where it is, by a symbolic link, somewhere else than below the working directory.
 */
export async function openReports(name: string): Promise<string> {
  const here = await realpath('.');
  const directory = join(here, name);
  const outside = new SignwrightError(
    'configuration',
    'reports are written into a directory of their own below the working directory, and through no link',
    {
      where: name,
      next: 'take away the symbolic link or file that is there, or name another directory by the input reports',
    },
  );
  await mkdir(directory, { recursive: true }).catch(() => {
    throw outside;
  });
  // No link on the way either: it could lead to what is judged.
  if ((await realpath(directory)) !== directory) throw outside;
  for (const file of ALL) await rm(join(directory, file), { force: true });
  return directory;
}

/** Writes everything an adapter may show; `result.json` last, for it says what is there. */
export async function writeReports(
  directory: string,
  name: string,
  summed: Omit<JobResult, 'files'>,
  seen: Seen,
): Promise<JobResult> {
  const files = new Map([...contentOf(summed, seen), ['outputs.env', outputsOf(summed, name)]]);
  for (const [file, text] of files) await writeAtomic(join(directory, file), Buffer.from(text));
  const archive = existsSync(join(directory, ARCHIVE)) ? [ARCHIVE] : [];
  const result = { ...summed, files: [...files.keys(), ...archive].sort() };
  await writeAtomic(join(directory, 'result.json'), Buffer.from(safeJson(result as unknown as Json)));
  return result;
}

function contentOf(result: Omit<JobResult, 'files'>, { rows, verdicts, drill, open }: Seen): [string, string][] {
  const anchor = result.anchor === undefined ? {} : { anchor: result.anchor.from };
  const options = { color: false, ...anchor };
  const bodies =
    rows !== undefined
      ? { markdown: renderPlan(rows, 'markdown', options), html: renderPlan(rows, 'html', options) }
      : verdicts !== undefined && open !== undefined
        ? { markdown: renderVerdicts(verdicts, 'markdown', options), html: renderVerdicts(verdicts, 'html', options) }
        : undefined;
  const summary = { ...result, title: `signwright ${result.command}` };
  return [
    ['summary.md', renderSummary(summary, 'markdown', bodies?.markdown)],
    ['summary.html', renderSummary(summary, 'html', bodies?.html)],
    ...(rows === undefined ? [] : [['plan.json', renderPlan(rows, 'json', options)] as [string, string]]),
    ...(drill === undefined
      ? []
      : ([
          ['drill.json', renderDrill(drill, 'json')],
          ['junit.xml', renderDrill(drill, 'junit')],
        ] satisfies [string, string][])),
    ...(verdicts === undefined
      ? []
      : REPORTS.map(([file, format]): [string, string] => [file, renderVerdicts(verdicts, format, options)])),
  ];
}

const REPORTS = [
  ['junit.xml', 'junit'],
  ['results.sarif', 'sarif'],
  ['verdicts.json', 'json'],
] as const;

/** Words, numbers and digests alone: nothing that could be taken for another line. */
function outputsOf({ result, exitCode, request }: Omit<JobResult, 'files'>, reports: string): string {
  const lines = { RESULT: result, EXIT_CODE: exitCode, REQUEST: request ?? '', REPORTS: reports };
  return Object.entries(lines)
    .map(([name, value]) => `SIGNWRIGHT_${name}=${value}\n`)
    .join('');
}
