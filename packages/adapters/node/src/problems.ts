import { disarmedLine } from './disarm.ts';
import { readReport } from './reports.ts';

/** One requirement that an artifact does not meet. */
export type Problem = {
  readonly level: 'error' | 'warning' | 'notice';
  /** The reason's code. */
  readonly code: string;
  /** The artifact's path, where it is one. */
  readonly path?: string;
  readonly message: string;
};

const MOST_BYTES = 16 * 1024 * 1024;
const LEVELS: Readonly<Record<string, Problem['level']>> = { error: 'error', warning: 'warning', note: 'notice' };

/**
 * Reads the first problems of results.sarif (SARIF 2.1.0).
 *
 * @param most how many; platforms show few.
 * @returns them, and how many there are.
 */
export function problemsIn(directory: string, most: number): { readonly problems: readonly Problem[]; readonly count: number } {
  try {
    const log = JSON.parse(readReport(directory, 'results.sarif', MOST_BYTES)?.text ?? '') as Sarif;
    const results = log.runs?.flatMap((run) => run.results ?? []) ?? [];
    return { problems: results.slice(0, most).map(problemOf), count: results.length };
  } catch {
    return { problems: [], count: 0 };
  }
}

type SarifResult = {
  readonly ruleId?: unknown;
  readonly level?: unknown;
  readonly message?: { readonly text?: unknown };
  readonly locations?: readonly { readonly physicalLocation?: { readonly artifactLocation?: { readonly uri?: unknown } } }[];
};
type Sarif = { readonly runs?: readonly { readonly results?: readonly SarifResult[] }[] };

function problemOf({ ruleId, level, message, locations }: SarifResult): Problem {
  const uri = locations?.[0]?.physicalLocation?.artifactLocation?.uri;
  const path = typeof uri === 'string' ? disarmedLine(decodeURIComponent(uri), 500) : '';
  return {
    level: LEVELS[textOf(level)] ?? 'error',
    code: disarmedLine(textOf(ruleId), 100),
    message: disarmedLine(textOf(message?.text)),
    ...(path === '' ? {} : { path }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
