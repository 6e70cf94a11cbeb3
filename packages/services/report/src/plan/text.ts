import { grouped } from '../escape/grouped.ts';
import { oneLine } from '../escape/one-line.ts';
import { type Colour, type Paint, painter } from '../escape/paint.ts';
import type { PlanRow, PlanStatus } from './render-plan.ts';

const STATUS: Readonly<Record<PlanStatus, { colour: Colour; words: string; next?: string }>> = {
  required: { colour: 'green', words: 'to sign' },
  never: { colour: 'dim', words: 'never signed' },
  unlisted: { colour: 'red', words: 'unlisted', next: 'add a rule for each, or "sign: never": what no rule names is denied' },
  'environment-needed': { colour: 'yellow', words: 'depending on the environment', next: 'name one with --environment' },
  'environment-not-listed': {
    colour: 'red',
    words: 'without a tier for this environment',
    next: 'denied there: name another, or extend the rule',
  },
};

const HEADER = ['file', 'kind', 'status', 'tier', 'requires', 'owner', 'rule', 'reason'];

/** A table for people, columns nobody fills left out, then what each status counts and what to do about it. */
export function renderPlanText(rows: readonly PlanRow[], color: boolean): string {
  const paint = painter(color);
  const filled = rows.map(cells);
  const columns = HEADER.map((title, at) => ({
    title,
    at,
    width: widthOf([title, ...filled.map((row) => row[at] ?? '')]),
  })).filter(({ at }) => filled.some((row) => row[at] !== ''));
  const line = (row: readonly string[]): string =>
    columns
      .map(({ at, width }) => (row[at] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  const table =
    rows.length === 0 ? [] : [paint('dim', line(HEADER)), ...filled.map((row, at) => paint(colourOf(rows[at]), line(row)))];
  return [...table, ...totals(rows, paint)].map((each) => `${each}\n`).join('');
}

function cells({ name, kind, status, tiers, rule, owner, reason, requirements }: PlanRow): string[] {
  const ruleCell = rule === undefined ? '' : [rule.name, rule.where].filter((text) => text !== undefined).join(' @ ');
  return [name, kind, status, tiers.join(' + '), requirements.join(', '), owner ?? '', ruleCell, reason ?? ''].map(oneLine);
}

function totals(rows: readonly PlanRow[], paint: Paint): string[] {
  const counts = (Object.keys(STATUS) as PlanStatus[])
    .map((status) => ({ ...STATUS[status], count: rows.filter((row) => row.status === status).length }))
    .filter(({ count }) => count > 0);
  const next = counts.flatMap(({ words, next, colour }) => (next === undefined ? [] : [paint(colour, `${words}: ${next}`)]));
  const summary = counts.map(({ count, words }) => `${grouped(count)} ${words}`).join(', ');
  const files = `${grouped(rows.length)} ${rows.length === 1 ? 'file' : 'files'}`;
  return [...next, paint('bold', summary === '' ? files : `${files}: ${summary}`)];
}

function colourOf(row: PlanRow | undefined): Colour {
  return row === undefined ? 'dim' : STATUS[row.status].colour;
}

function widthOf(texts: readonly string[]): number {
  return texts.reduce((widest, text) => Math.max(widest, text.length), 0);
}
