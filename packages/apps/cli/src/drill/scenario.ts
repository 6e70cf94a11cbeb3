import type { Policy } from '@signwright/policy';
import type { DrillCheck, DrilledScenario } from '@signwright/report';
import type { Ran } from './child.ts';
import type { Judged, Motion } from './motion.ts';
import type { Shadow } from './shadow.ts';
import type { Subject } from './subjects.ts';

/** What a scenario came to, but for its name. */
type Came = Omit<DrilledScenario, 'scenario'>;

/** What a scenario rehearses on: a good release, made before. */
export type Rehearsal = {
  /** The user's own policy. */
  readonly policy: Policy;
  readonly shadow: Shadow;
  readonly subject: Subject;
  /** The workspace as it was before anything was signed, copied under a name. */
  fresh(name: string): Promise<Motion>;
  /** The workspace with the good release in it. */
  released(name: string): Promise<Motion>;
  readonly signal: AbortSignal;
};

export type Scenario = {
  readonly id: string;
  /** One line. */
  readonly title: string;
  run(rehearsal: Rehearsal): Promise<Came>;
};

/** Gathers what a scenario sees, in the order it happens. */
export class Observations {
  readonly checks: DrillCheck[] = [];
  readonly findings: string[] = [];
  private detection: number | undefined;
  private recovery: number | undefined;

  /**
   * A command that must be refused, and whose time is that of the detection.
   *
   * @param because one of these must be among the reasons of the verdict: another control must not hide that this one is missing.
   */
  refused(should: string, ran: Ran | Judged, exits: readonly number[], because: readonly string[] = []): boolean {
    this.detection = (this.detection ?? 0) + ran.ms;
    const codes = 'codes' in ran ? ran.codes : [];
    const seen = because.length === 0 || because.some((code) => codes.includes(code));
    return this.add(should, ran, exits.includes(ran.exit) && seen);
  }

  /** A command that must go well again. */
  allowed(should: string, ran: Ran | Judged, ms: number = ran.ms): boolean {
    this.recovery = (this.recovery ?? 0) + ms;
    return this.add(should, ran, ran.exit === 0);
  }

  /** Anything else that can be told. */
  holds(should: string, did: string, ok: boolean): boolean {
    this.checks.push({ should, did, ok });
    return ok;
  }

  /** What is wrong with the policy itself: it fails the scenario. */
  lacks(finding: string): void {
    this.findings.push(finding);
    this.checks.push({ should: 'the policy has a control for it', did: finding, ok: false });
  }

  /** What is worth knowing, and lets nothing through. */
  finds(finding: string): void {
    this.findings.push(finding);
  }

  result(): Came {
    const verdict = this.checks.length === 0 ? 'not-applicable' : this.checks.every(({ ok }) => ok) ? 'passed' : 'failed';
    return {
      verdict,
      checks: this.checks,
      findings: this.findings,
      ...(this.detection === undefined ? {} : { detectionMs: this.detection }),
      ...(this.recovery === undefined ? {} : { recoveryMs: this.recovery }),
    };
  }

  private add(should: string, ran: Ran | Judged, ok: boolean): boolean {
    const judged = 'result' in ran ? ran : undefined;
    const line = ran.stderr.split('\n').find((one) => one.startsWith('error:'));
    const said = judged === undefined ? (line ?? (ran.exit === 0 ? 'it was done' : 'it was refused')) : judged.result;
    const why = judged === undefined || judged.codes.length === 0 ? '' : ` (${judged.codes.join(', ')})`;
    const detail = ok ? '' : detailOf(judged);
    const did = `exit code ${ran.exit}: ${said}${why}${detail}`.slice(0, 1500);
    this.checks.push({ should, did, ok, exitCode: ran.exit, ...(judged ? { codes: judged.codes } : {}) });
    return ok;
  }
}

/** What a verdict that should have been another rests on. */
function detailOf(judged: Judged | undefined): string {
  const bad = (judged?.verdict?.outcomes ?? []).filter(({ status }) => status !== 'met');
  return bad
    .map(({ requirement, message, refused }) => `; ${[requirement, message, ...refused.map((one) => one.message)].join(': ')}`)
    .join('');
}

/** Does something, and tells how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const started = performance.now();
  const done = await work();
  return [done, Math.round(performance.now() - started)];
}

/** What a verdict says of a signature that was found and does not count. */
export const REFUSED_SIGNATURE: readonly string[] = ['signatures-refused'];
