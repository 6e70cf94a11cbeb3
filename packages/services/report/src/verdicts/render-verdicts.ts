import type { Verdict } from '@signwright/signing-core';
import { HTML } from '../escape/html.ts';
import { MARKDOWN } from '../escape/markdown.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderSarif } from './sarif.ts';
import { renderTables } from './tables.ts';
import { renderText } from './text.ts';

export type ReportFormat = 'text' | 'json' | 'junit' | 'markdown' | 'html' | 'sarif';

/** How a report looks; `color`, `width` and `explain` shape `text` alone. */
export type ReportOptions = {
  /** Whether it goes to a terminal that shows colours. */
  readonly color: boolean;
  /** Columns to break long sentences at; without it each stays one line, as logs like it. */
  readonly width?: number;
  /** Show each of many allowed artifacts on its own, with its requirements. */
  readonly explain?: boolean;
  /** The anchor the policy was held against, as the user named it; shown in `text`, `markdown` and `html`. */
  readonly anchor?: string;
};

const RENDERERS: Readonly<Record<ReportFormat, (verdicts: readonly Verdict[], options: ReportOptions) => string>> = {
  text: renderText,
  json: renderJson,
  junit: renderJunit,
  markdown: (verdicts, options) => renderTables(verdicts, options, MARKDOWN),
  html: (verdicts, options) => renderTables(verdicts, options, HTML),
  sarif: renderSarif,
};

/**
 * Renders verdicts for people or programs. Names and messages in them come from outside and can forge no line, markup, link or CI
 * command in any format. `html` is what stands in the body of a page: no script, style, link or attribute.
 *
 * @param verdicts in the order to show them; usually of one run under one policy.
 * @returns the whole report, ended by a line break.
 */
export function renderVerdicts(verdicts: readonly Verdict[], format: ReportFormat, options: ReportOptions): string {
  return RENDERERS[format](verdicts, options);
}
