import { type Policy, resolveArtifact } from '@signwright/policy';
import { requirementsOf, SignwrightError, type VendorRule } from '@signwright/signing-core';

/** The vendors whose signatures the policy wants on what has this name. */
export function vendorsOf(policy: Policy, name: string, environment: string | undefined): readonly VendorRule[] {
  try {
    const resolution = resolveArtifact(policy, { name, ...(environment === undefined ? {} : { environment }) });
    if (resolution.status !== 'required') return [];
    return requirementsOf(resolution.requirements, 'vendor').map(({ identity }) => identity);
  } catch (error) {
    // Whoever judges the artifact is told.
    if (error instanceof SignwrightError) return [];
    throw error;
  }
}
