import { isElsewhere, shownPolicy } from '@signwright/policy';
import type { DrillReport, PlanRow } from '@signwright/report';
import { type Outcome, type Sha256, SignwrightError, shellWord, type Verdict } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Watch } from '../context/run.ts';
import { EXIT, messageWithPlace } from '../exit.ts';
import type { JobCommand, Platform } from './inputs.ts';
import { type MissingApproval, missingApprovals } from './missing-approvals.ts';
import { OF_CHECKOUT, type Place } from './policy-place.ts';

/** What `result.json` says of a run: all an adapter needs to tell its platform. Within version 1 keys are only added. */
export type JobResult = {
  readonly version: 1;
  readonly command: JobCommand;
  readonly result: 'allow' | 'deny' | 'pending' | 'inconclusive' | 'error';
  readonly exitCode: number;
  /** One sentence; what is in it comes from outside too. */
  readonly message: string;
  /** What to do next. */
  readonly next?: string;
  readonly environment?: string;
  readonly policy?: {
    readonly source: string;
    readonly from: string;
    readonly name?: string;
    readonly serial?: number;
    readonly digest?: Sha256;
  };
  readonly anchor?: { readonly from: string };
  readonly request?: Sha256;
  readonly approvals: readonly MissingApproval[];
  /** What a person opens to have this job run again. */
  readonly resume?: string;
  /** What lies beside `result.json`. */
  readonly files: readonly string[];
};

/** What was seen of a run. */
export type Seen = {
  rows?: readonly PlanRow[];
  verdicts?: readonly Verdict[];
  drill?: DrillReport;
  open?: OpenPolicy;
  requests: Sha256[];
  error?: unknown;
};

/** Whoever watches a command, and what they saw. */
export function watching(): { readonly seen: Seen; readonly watch: Watch } {
  const seen: Seen = { requests: [] };
  const watch: Watch = {
    plan: (rows, open) => Object.assign(seen, { rows, open }),
    verdicts: (verdicts, open) => Object.assign(seen, { verdicts, open }),
    drill: (drill, open) => Object.assign(seen, { drill, open }),
    request: (id) => seen.requests.push(id),
  };
  return { seen, watch };
}

/** What is known of a run, beside what was seen. */
export type About = {
  readonly command: JobCommand;
  readonly exitCode: number;
  readonly platform?: Platform | undefined;
  readonly environment: string;
  readonly evidence: string;
  readonly place?: Place | undefined;
  readonly url?: string | undefined;
};

/** Sums up a run. */
export function resultOf(seen: Seen, about: About): Omit<JobResult, 'files'> {
  const { command, exitCode, platform, environment, place, url } = about;
  const [request] = seen.requests;
  const approvals = seen.open === undefined ? [] : missingApprovals(seen.verdicts ?? [], seen.open, platform);
  const next = nextOf(seen, about);
  return {
    version: 1,
    command,
    result: RESULTS[exitCode] ?? 'error',
    exitCode,
    message: messageOf(seen, exitCode),
    ...(next === undefined ? {} : { next }),
    ...(environment === '' ? {} : { environment }),
    ...(place === undefined ? {} : { policy: policyOf(place, seen.open) }),
    ...(place?.anchor === undefined ? {} : { anchor: { from: place.anchor.from } }),
    ...(request === undefined ? {} : { request }),
    approvals,
    ...(exitCode !== EXIT.allow && approvals.length > 0 && url !== undefined ? { resume: url } : {}),
  };
}

const RESULTS: Readonly<Record<number, JobResult['result']>> = {
  [EXIT.allow]: 'allow',
  [EXIT.deny]: 'deny',
  [EXIT.inconclusive]: 'inconclusive',
  [EXIT.pending]: 'pending',
};

function policyOf({ policy, from }: Place, open: OpenPolicy | undefined): NonNullable<JobResult['policy']> {
  const source = shownPolicy(policy);
  if (open === undefined) return { source, from };
  const { name, serial, digest } = open.policy;
  return { source, from, ...(name === undefined ? {} : { name }), ...(serial === undefined ? {} : { serial }), digest };
}

function messageOf({ error, rows, verdicts, drill }: Seen, exitCode: number): string {
  if (error instanceof SignwrightError) return messageWithPlace(error);
  if (error !== undefined) return 'a defect of signwright: the log has where';
  if (rows !== undefined) {
    const unlisted = rows.filter(({ status }) => status === 'unlisted' || status === 'environment-not-listed').length;
    return unlisted === 0
      ? `${count(rows.length)}, all of them listed`
      : `${unlisted} of ${count(rows.length)} not listed in the policy`;
  }
  if (drill !== undefined) return messageOfDrill(drill);
  if (verdicts === undefined) return exitCode === EXIT.allow ? 'done' : 'nothing was decided: the log has why';
  const [first] = stopping(verdicts);
  if (first === undefined)
    return verdicts.some(isSigning) ? `${count(verdicts.length)} signed` : `${count(verdicts.length)} allowed`;
  const kept = verdicts.filter(({ result, enforced }) => enforced && result !== 'allow').length;
  return `${kept} of ${count(verdicts.length)} not allowed: ${first.verdict.artifact.name}: ${first.outcome.requirement} ${first.outcome.status}: ${first.outcome.message}`;
}

/** What failed, or could not be rehearsed. */
function messageOfDrill({ artifacts }: DrillReport): string {
  const rehearsed = artifacts.flatMap(({ scenarios }) => scenarios);
  const bad = (wanted: string): string[] => [
    ...new Set(rehearsed.filter(({ verdict }) => verdict === wanted).map(({ scenario }) => scenario)),
  ];
  const stuck = artifacts.find(({ baseline }) => !baseline.allowed);
  const [failed, unrun] = [bad('failed'), bad('error')];
  if (failed.length > 0) return `the drill failed: ${failed.join(', ')}`;
  if (stuck !== undefined)
    return `a good release of ${stuck.artifact} to ${stuck.environment} is not allowed: ${stuck.baseline.why}`;
  return unrun.length > 0
    ? `could not be rehearsed: ${unrun.join(', ')}`
    : `${rehearsed.length} scenarios, and every control held`;
}

function isSigning({ moment }: Verdict): boolean {
  return moment === 'sign';
}

function count(artifacts: number): string {
  return artifacts === 1 ? '1 artifact' : `${artifacts} artifacts`;
}

function nextOf({ error, verdicts, open, requests: [request] }: Seen, about: About): string | undefined {
  if (error instanceof SignwrightError) return error.next;
  if (request !== undefined && verdicts?.some((verdict) => verdict.outcomes.some(asksPeople)))
    return approveCommand(request, about, open);
  const next = stopping(verdicts ?? [])[0]?.outcome.next;
  if (next === undefined) return request === undefined ? undefined : approveCommand(request, about, open);
  return next.command === undefined ? next.text : `${next.text}: ${next.command}`;
}

function asksPeople({ requirement, status }: Outcome): boolean {
  return requirement.startsWith('approval:') && status === 'pending';
}

/** What stands against the artifacts that may not go on, the worst first. */
function stopping(verdicts: readonly Verdict[]): { readonly verdict: Verdict; readonly outcome: Outcome }[] {
  const order = ['unmet', 'inconclusive', 'pending'];
  return verdicts
    .filter(({ result, enforced }) => enforced && result !== 'allow')
    .flatMap((verdict) => verdict.outcomes.map((outcome) => ({ verdict, outcome })))
    .filter(({ outcome: { status } }) => order.includes(status))
    .sort((a, b) => order.indexOf(a.outcome.status) - order.indexOf(b.outcome.status));
}

/** How a person approves from their own machine: by the same policy, where this job's evidence is. */
function approveCommand(request: Sha256, { place, evidence }: About, open: OpenPolicy | undefined): string {
  const elsewhere = place !== undefined && place.from !== OF_CHECKOUT && isElsewhere(place.policy);
  const policy = elsewhere ? ` --policy ${shellWord(shownPolicy(place.policy))} --anchor FILE` : '';
  const registry = open?.policy.evidence?.store === undefined ? (place?.evidenceElse ?? '') : '';
  const from = evidence === '' ? registry : evidence;
  const store = from === '' ? '' : ` --evidence ${shellWord(from)}`;
  return `signwright approve ${request}${policy}${store}`;
}
