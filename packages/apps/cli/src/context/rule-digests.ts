import { type Policy, resolveArtifact } from '@signwright/policy';
import { type Sha256, SignwrightError } from '@signwright/signing-core';

/** The digests of the rules that match these names, as waivers of a rule name them; none where the policy lets nobody waive. */
export function ruleDigests(
  policy: Policy,
  artifacts: readonly { readonly name: string }[],
  environment: string | undefined,
): Sha256[] {
  const found = artifacts.flatMap(({ name }) => rulesOf(policy, name, environment));
  return [...new Set(found)];
}

/** The same in any environment there is, for what is copied and kept. */
export function ruleDigestsAnywhere(policy: Policy, artifacts: readonly { readonly name: string }[]): Sha256[] {
  const found = [undefined, ...policy.environments].flatMap((id) => ruleDigests(policy, artifacts, id));
  return [...new Set(found)];
}

function rulesOf(policy: Policy, name: string, environment: string | undefined): Sha256[] {
  try {
    const resolution = resolveArtifact(policy, { name, ...(environment === undefined ? {} : { environment }) });
    if (resolution.status !== 'required') return [];
    const { demands, rules } = resolution;
    const may = policy.waivers !== undefined || demands.breakGlass.some(({ all }) => all !== null);
    return may ? rules.map(({ digest }) => digest) : [];
  } catch (error) {
    // Whoever judges the artifact is told.
    if (error instanceof SignwrightError) return [];
    throw error;
  }
}
