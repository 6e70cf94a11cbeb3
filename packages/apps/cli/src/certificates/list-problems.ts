const MOST = 20;

/** Problems as one text, a line each; of many the first. */
export function listProblems(problems: readonly string[]): string {
  const [first = '', ...others] = problems.slice(0, MOST);
  const more = problems.length > MOST ? [`and ${problems.length - MOST} more`] : [];
  return [first, ...others, ...more].join('\n  ');
}
