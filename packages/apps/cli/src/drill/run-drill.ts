import type { Policy } from '@signwright/policy';
import type { DrilledArtifact, DrilledScenario, DrillReport } from '@signwright/report';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { type Motion, motionIn } from './motion.ts';
import type { Rehearsal, Scenario } from './scenario.ts';
import { createShadow, type Shadow } from './shadow.ts';
import type { Subject } from './subjects.ts';

/** Rehearses one artifact: a good release first, then each scenario on a copy. */
export async function drillSubject(
  policy: Policy,
  subject: Subject,
  scenarios: readonly Scenario[],
  { signal, note }: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<DrilledArtifact> {
  const about = {
    artifact: subject.name,
    environment: subject.environment ?? 'default',
    tiers: subject.required.tiers,
  };
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  let shadow: Shadow;
  try {
    shadow = await createShadow(policy, subject, signal);
  } catch (error) {
    return {
      ...about,
      at: new Date().toISOString(),
      baseline: { allowed: false, ms: elapsed(), why: whyOf(error) },
      scenarios: [],
    };
  }
  try {
    const at = shadow.clock.now().toISOString();
    const before = await shadow.workspace.copy('before');
    const good = motionIn(shadow, shadow.workspace, subject, signal);
    const baseline = await tryRelease(good);
    note(
      `${subject.name} (${about.environment}, ${about.tiers.join(' + ')}): a good release ${baseline.allowed ? 'is allowed' : `is not allowed: ${baseline.why}`}`,
    );
    if (!baseline.allowed) return { ...about, at, baseline: { ...baseline, ms: elapsed() }, scenarios: [] };
    const rehearsal: Rehearsal = {
      policy,
      shadow,
      subject,
      fresh: async (name) => motionIn(shadow, await before.copy(name), subject, signal),
      released: async (name) => motionIn(shadow, await shadow.workspace.copy(name), subject, signal),
      signal,
    };
    const ms = elapsed();
    const results: DrilledScenario[] = [];
    for (const scenario of scenarios) {
      const result = await runScenario(scenario, rehearsal);
      note(`  ${scenario.id}: ${result.verdict}`);
      results.push(result);
    }
    return { ...about, at, baseline: { ...baseline, ms }, scenarios: results };
  } finally {
    await shadow.remove();
  }
}

async function runScenario(scenario: Scenario, rehearsal: Rehearsal): Promise<DrilledScenario> {
  try {
    return { scenario: scenario.id, ...(await scenario.run(rehearsal)) };
  } catch (error) {
    if (isStop(error)) throw error;
    return { scenario: scenario.id, verdict: 'error', checks: [], findings: [`it could not be rehearsed: ${whyOf(error)}`] };
  }
}

async function tryRelease(
  motion: Motion,
): Promise<{ readonly allowed: boolean; readonly why?: string; readonly codes?: readonly string[] }> {
  try {
    const { exit, result, codes, verdict } = await motion.release();
    if (exit === 0 && result === 'allow') return { allowed: true };
    const unmet = (verdict?.outcomes ?? []).filter(({ status }) => status !== 'met' && status !== 'waived');
    const why = unmet.map(({ requirement, code, message }) => `${requirement}: ${code}: ${message}`).join('; ');
    return { allowed: false, why: why === '' ? `verify ended with ${exit}: ${result} ${codes.join(', ')}` : why, codes };
  } catch (error) {
    if (isStop(error)) throw error;
    return { allowed: false, why: whyOf(error) };
  }
}

function isStop(error: unknown): boolean {
  return !(error instanceof SignwrightError) || error.code === 'cancelled';
}

function whyOf(error: unknown): string {
  if (!(error instanceof SignwrightError)) throw error;
  return error.next === undefined ? messageOf(error) : `${messageOf(error)} (${error.next})`;
}

/** The worst of all. */
export function drillResult(artifacts: readonly DrilledArtifact[]): DrillReport['result'] {
  const verdicts = artifacts.flatMap(({ scenarios }) => scenarios.map(({ verdict }) => verdict));
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('error') || artifacts.some(({ baseline }) => !baseline.allowed) ? 'incomplete' : 'passed';
}
