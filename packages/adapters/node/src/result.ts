import { disarmedLine } from './disarm.ts';
import { readReport } from './reports.ts';

/** What a step tells of a run, and tells the steps after it. */
export type Result = {
  readonly result: string;
  readonly exitCode: number;
  /** One line each, that may be shown as they are. */
  readonly message: string;
  readonly next?: string;
  /** Where whoever approved last starts this again. */
  readonly resume?: string;
  readonly outputs: Readonly<Record<string, string>>;
};

const MOST = 1024 * 1024;
const DEFECT = 70;
const SILENT = 'the command ended without saying what it came to';
const WORDS = ['allow', 'deny', 'pending', 'inconclusive', 'error'];
const REQUEST = /^sha256:[0-9a-f]{64}$/;

type Ran = {
  readonly exitCode: number;
  readonly lastWords: string;
  /** The directory that the run wrote its result into; nothing where it never came that far. */
  readonly written: string | undefined;
  /** The directory's name, as outputs say it. */
  readonly reports: string;
};

/**
 * Reads what the command says of its run. The exit code decides; what does not belong to it explains nothing. Success alone needs both:
 * a program that was stopped, or was another one, may end with 0 too.
 */
export function resultOf({ exitCode: ended, lastWords, written, reports }: Ran): Result {
  const found = written === undefined ? undefined : explanationIn(written, ended);
  const silent = ended === 0 && found?.['result'] !== 'allow';
  const [exitCode, said] = silent ? [DEFECT, { message: SILENT }] : [ended, found];
  const result = WORDS.find((word) => word === textIn(said, 'result')) ?? 'error';
  const request = textIn(said, 'request');
  const outputs = {
    result,
    'exit-code': String(exitCode),
    request: REQUEST.test(request) ? request : '',
    reports: written === undefined ? '' : reports,
  };
  const [next, resume] = [lineIn(said, 'next'), lineIn(said, 'resume')];
  return {
    result,
    exitCode,
    message: lineIn(said, 'message') || (exitCode === 0 ? 'done' : errorIn(lastWords, exitCode)),
    ...(next === '' ? {} : { next }),
    ...(/^https?:\/\//.test(resume) ? { resume } : {}),
    outputs,
  };
}

function explanationIn(directory: string, exitCode: number): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(readReport(directory, 'result.json', MOST)?.text ?? '');
    const object = typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
    return object['version'] === 1 && object['exitCode'] === exitCode ? object : undefined;
  } catch {
    return undefined;
  }
}

function textIn(said: Record<string, unknown> | undefined, key: string): string {
  const value = said?.[key];
  return typeof value === 'string' ? value : '';
}

function lineIn(said: Record<string, unknown> | undefined, key: string): string {
  return disarmedLine(textIn(said, key));
}

/** What the launcher, or the command, said before it gave up. */
function errorIn(lastWords: string, exitCode: number): string {
  const said = lastWords.slice(Math.max(0, lastWords.lastIndexOf('error: ')));
  return (
    disarmedLine(said.replace(/\s*→\s*/g, ': ').replace(/^error: /, '')) || `it ended with exit code ${exitCode} and said nothing`
  );
}
