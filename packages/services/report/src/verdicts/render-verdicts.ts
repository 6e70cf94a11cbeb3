import type { Verdict } from '@signwright/signing-core';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

export type ReportFormat = 'text' | 'json' | 'junit' | 'markdown' | 'sarif';

/** How a report looks; `color`, `width` and `explain` shape `text` alone. */
export type ReportOptions = {
  /** Whether it goes to a terminal that shows colours. */
  readonly color: boolean;
  /** Columns to break long sentences at; without it each stays one line, as logs like it. */
  readonly width?: number;
  /** Show each of many allowed artifacts on its own, with its requirements. */
  readonly explain?: boolean;
  /** The anchor the policy was held against, as the user named it; shown in `text` and `markdown`. */
  readonly anchor?: string;
};

const RENDERERS: Readonly<Record<ReportFormat, (verdicts: readonly Verdict[], options: ReportOptions) => string>> = {
  text: renderText,
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  sarif: renderSarif,
};

/**
 * Renders verdicts for people or programs. Names and messages in them come from outside and can forge no line, markup, link or CI
 * command in any format.
 *
 * @param verdicts in the order to show them; usually of one run under one policy.
 * @returns the whole report, ended by a line break.
 */
export function renderVerdicts(verdicts: readonly Verdict[], format: ReportFormat, options: ReportOptions): string {
  return RENDERERS[format](verdicts, options);
}
