import { code } from '../escape/markdown.ts';
import { xmlText } from '../escape/xml.ts';

/** What a run came to, as the page of its job shows it above its verdicts. */
export type Summary = {
  /** Our own words. */
  readonly title: string;
  readonly result: 'allow' | 'deny' | 'pending' | 'inconclusive' | 'error';
  readonly message: string;
  readonly next?: string;
  readonly policy?: { readonly source: string; readonly from: string; readonly name?: string; readonly serial?: number };
  readonly anchor?: { readonly from: string };
  readonly request?: string;
  readonly resume?: string;
};

const MARKS: Readonly<Record<Summary['result'], string>> = {
  allow: '✅ allow',
  deny: '❌ deny',
  pending: '⏳ pending',
  inconclusive: '❓ inconclusive',
  error: '⚠️ error',
};

/**
 * Renders what a run came to, for the page of a job, a merge request or a browser. Texts from outside are no markup in it, no link and no
 * command; the one link there is, to the job, is shown as text.
 *
 * @param body its verdicts or its plan, rendered in the same format.
 * @returns the whole text, ended by a line break.
 */
export function renderSummary(summary: Summary, format: 'markdown' | 'html', body?: string): string {
  return format === 'markdown' ? markdown(summary, body) : page(summary, body);
}

function markdown(summary: Summary, body: string | undefined): string {
  const facts = factsOf(summary).map(([name, value]) => `- ${name}: ${code(value)}\n`);
  return [`## ${summary.title}: ${MARKS[summary.result]}\n\n`, ...facts, ...(body === undefined ? [] : ['\n', body])].join('');
}

function page(summary: Summary, body: string | undefined): string {
  const facts = factsOf(summary).map(([name, value]) => `<dt>${name}</dt><dd><code>${xmlText(value)}</code></dd>\n`);
  const title = `${summary.title}: ${MARKS[summary.result]}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>
<dl>
${facts.join('')}</dl>
${body ?? ''}</body></html>
`;
}

const STYLE =
  'body{font:14px/1.5 sans-serif;margin:2em;max-width:80em}code{overflow-wrap:anywhere}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}dt{font-weight:bold}';

function factsOf({ message, next, policy, anchor, request, resume }: Summary): [string, string][] {
  const edition = policy && [policy.name, policy.serial].filter((one) => one !== undefined).join(' ');
  const facts = {
    what: message,
    next,
    policy: policy && `${policy.source} (${[edition, policy.from].filter(Boolean).join(', from ')})`,
    anchor: anchor?.from,
    request,
    'run this job again': resume,
  };
  return Object.entries(facts).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
}
