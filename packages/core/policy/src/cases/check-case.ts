import { requirementsOf, SignwrightError, type Verdict } from '@signwright/signing-core';
import type { Policy } from '../policy.ts';
import type { Resolution } from '../resolve/resolution.ts';
import { resolveArtifact } from '../resolve/resolve-artifact.ts';
import type { PolicyCase } from './parse-cases.ts';

/**
 * Holds what a policy says of a name against what a case expects.
 *
 * @returns what differs, a line each; none where the case holds.
 */
export function checkResolution(policy: Policy, { artifact, file, kind, environment, expect }: PolicyCase): string[] {
  const { denied, tiers, signers, requirements } = expect;
  if (denied === undefined && tiers === undefined && signers === undefined && requirements === undefined) return [];
  const resolution = resolve(policy, {
    name: artifact ?? file ?? '',
    ...(kind === undefined ? {} : { kind }),
    ...(environment === undefined ? {} : { environment }),
  });
  if (typeof resolution === 'string') return [resolution];
  const found = deniedOf(resolution);
  if (denied !== undefined)
    return found === denied ? [] : [`it is ${found ?? `asked for ${askedText(resolution)}`}, not ${denied}`];
  if (resolution.status !== 'required') return [`it is denied: ${found}`];
  return [
    ...differs('tiers', resolution.tiers, tiers),
    ...differs(
      'signers',
      requirementsOf(resolution.requirements, 'signature').map(({ signer }) => signer.id),
      signers,
    ),
    ...differs(
      'requirements',
      resolution.requirements.map(({ id }) => id),
      requirements,
    ),
  ];
}

/** Holds a verdict against what a case expects. @returns what differs, a line each. */
export function checkVerdict(verdict: Verdict, { expect }: PolicyCase): string[] {
  const result = verdict.result === expect.result ? [] : [`the verdict is ${verdict.result}, not ${expect.result}`];
  const outcomes = Object.entries(expect.outcomes ?? {}).flatMap(([id, code]) => {
    const found = verdict.outcomes.filter(({ requirement }) => requirement === id).map((outcome) => outcome.code);
    if (found.length === 1 && found[0] === code) return [];
    const all = verdict.outcomes.map(({ requirement }) => requirement).join(', ');
    return [`${id} is ${found.length === 0 ? `not among the outcomes (${all})` : found.join(', ')}, not ${code}`];
  });
  const why = verdict.outcomes
    .filter(({ status }) => status !== 'met')
    .map((outcome) => `${outcome.requirement}: ${outcome.message}`);
  return [...result, ...outcomes, ...(result.length === 0 ? [] : why)];
}

function resolve(policy: Policy, query: Parameters<typeof resolveArtifact>[1]): Resolution | string {
  try {
    return resolveArtifact(policy, query);
  } catch (error) {
    if (error instanceof SignwrightError) return error.message;
    throw error;
  }
}

function deniedOf({ status }: Resolution): string | undefined {
  return status === 'required' ? undefined : status === 'never' ? 'never-sign' : status;
}

function askedText(resolution: Resolution): string {
  return resolution.status === 'required' ? resolution.requirements.map(({ id }) => id).join(', ') : '';
}

function differs(what: string, found: readonly string[], wanted: readonly string[] | undefined): string[] {
  if (wanted === undefined) return [];
  const more = found.filter((one) => !wanted.includes(one));
  const missing = wanted.filter((one) => !found.includes(one));
  return [
    ...(missing.length === 0
      ? []
      : [
          `${what}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not among ${found.join(', ') || 'them: there are none'}`,
        ]),
    ...(more.length === 0 ? [] : [`${what}: ${more.join(', ')} ${more.length === 1 ? 'is' : 'are'} not expected`]),
  ];
}
