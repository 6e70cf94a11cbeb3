import { hasControlCharacter, SignwrightError } from '@signwright/signing-core';

/** Steps from the top of a policy file to a value in it: keys, and indexes of lists. */
export type Path = readonly (string | number)[];

/** A place in a file; lines and columns start at 1. */
export type Position = { readonly line: number; readonly column: number };

/** One thing that is wrong with a policy, or looks wrong. */
export type Problem = {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `file:line:column`. */
  readonly where: string;
  /** `tiers.production.audit`; empty where it is the whole file. */
  readonly path: string;
  /** What was found, and what is allowed. */
  readonly message: string;
  /** The nearest valid word, where one is near. */
  readonly suggestion?: string;
};

/** Problems a report names, at the most. */
export const MAX_PROBLEMS = 50;

/** A policy that cannot be used: everything that is wrong with it, in the order it stands there. */
export class PolicyError extends SignwrightError {
  readonly problems: readonly Problem[];

  /** @param what has them. */
  constructor(problems: readonly Problem[], what = 'the policy') {
    const shown = distinct(problems);
    const first = shown[0];
    super('policy', messageOf(shown, what), first === undefined ? {} : { where: first.where });
    this.problems = shown.slice(0, MAX_PROBLEMS);
  }
}

/** A problem as one line: `file:line:column: path: message`. */
export function problemLine(problem: Problem): string {
  const word = problem.suggestion === undefined ? '' : `; did you mean "${problem.suggestion}"?`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${problem.where}: ${path}${problem.message}${word}`;
}

/** A path as people write it: `artifacts[0].match`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${/^[\w-]+$/.test(step) ? step : JSON.stringify(step)}`,
    )
    .join('');
}

/** A value found in a policy, short enough for a message and with nothing in it that a terminal would act on. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return Array.from(short, visible).join('');
}

function visible(char: string): string {
  const hidden = hasControlCharacter(char) || /[\u202a-\u202e\u2066-\u2069]/.test(char);
  return hidden ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char;
}

function messageOf(problems: readonly Problem[], what: string): string {
  const lines = problems.slice(0, MAX_PROBLEMS).map(problemLine);
  const more = problems.length - lines.length;
  const head = problems.length === 1 ? `${what} has a problem` : `${what} has ${problems.length} problems`;
  return [`${head}:`, ...lines.map((line) => `  ${line}`), ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const key = `${problem.where} ${problem.path} ${problem.message}`;
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].sort((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
