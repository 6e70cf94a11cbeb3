import { csv } from '../escape/csv.ts';
import { HTML } from '../escape/html.ts';
import { MARKDOWN } from '../escape/markdown.ts';
import type { Markup } from '../escape/markup.ts';
import { safeJson } from '../escape/safe-json.ts';
import { renderPlanText } from './text.ts';

/**
 * What the policy says of a file: signatures are required; no rule names it; it is never signed; its tier depends on an environment
 * that was not named; or its rule has no tier for the one that was.
 */
export type PlanStatus = 'required' | 'unlisted' | 'never' | 'environment-needed' | 'environment-not-listed';

/** What the policy says of one file. */
export type PlanRow = {
  readonly name: string;
  readonly kind: string;
  readonly status: PlanStatus;
  /** The tiers its rules resolve to, one a layer. */
  readonly tiers: readonly string[];
  /** The rule that matched: its name, where it has one, and where it stands (`file:line:column`). */
  readonly rule?: { readonly name?: string; readonly where: string };
  readonly owner?: string;
  readonly reason?: string;
  /** Ids of what is required: `signature:build`. */
  readonly requirements: readonly string[];
};

export type PlanFormat = 'text' | 'json' | 'markdown' | 'html' | 'csv';

const COLUMNS = ['name', 'kind', 'status', 'tiers', 'rule', 'where', 'owner', 'reason', 'requirements'] as const;

/**
 * Renders what a policy says of files, before anything is signed. `csv` is the inventory (RFC 4180, with a header line), `json` is
 * `{"version": 1, "artifacts": [PlanRow…]}`, `html` is what stands in the body of a page.
 *
 * @returns the whole report, ended by a line break.
 */
export function renderPlan(rows: readonly PlanRow[], format: PlanFormat, options: { readonly color: boolean }): string {
  switch (format) {
    case 'text':
      return renderPlanText(rows, options.color);
    case 'json':
      return safeJson({ version: 1, artifacts: rows });
    case 'markdown':
      return planTable(rows, MARKDOWN);
    case 'html':
      return planTable(rows, HTML);
    case 'csv':
      return csv([COLUMNS, ...rows.map(cells)]);
  }
}

function planTable(rows: readonly PlanRow[], { code, table }: Markup): string {
  return table(
    COLUMNS,
    rows.map((row) => cells(row).map((cell) => (cell === '' ? '' : code(cell)))),
  );
}

function cells({ name, kind, status, tiers, rule, owner, reason, requirements }: PlanRow): string[] {
  return [
    name,
    kind,
    status,
    tiers.join(' '),
    rule?.name ?? '',
    rule?.where ?? '',
    owner ?? '',
    reason ?? '',
    requirements.join(' '),
  ];
}
