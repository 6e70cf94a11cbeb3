import { CLAIM_NAMES, type ClaimName, SignwrightError, type WorkloadRule, whyNotWorkload } from '@signwright/signing-core';

/** What a verified token says, in the policy's words. */
export type TokenIdentity = { readonly issuer: string; readonly claims: { readonly [word in ClaimName]?: string } };

/**
 * Finds the workload a token is of, by the rule the verifier uses for certificates.
 *
 * @throws SignwrightError `denied`, with the workload that came nearest and what differs.
 */
export function matchWorkloads(found: TokenIdentity, workloads: readonly WorkloadRule[]): WorkloadRule {
  const tried = workloads.map((workload) => ({ workload, reasons: whyNot(found, workload) }));
  const [nearest] = tried.toSorted((a, b) => a.reasons.length - b.reasons.length);
  if (nearest === undefined) throw new TypeError('a token is held against no workload');
  if (nearest.reasons.length === 0) return nearest.workload;
  throw new SignwrightError(
    'denied',
    `this job is none of the policy's workloads; the nearest is ${nearest.workload.id}: ${nearest.reasons.join('; ')}`,
    { where: found.issuer, next: 'sign in a pipeline the policy names, or add this one to workloads: in the policy' },
  );
}

/** All that differs: each claim is asked for alone. */
function whyNot(found: TokenIdentity, { id, issuer, ...wanted }: WorkloadRule): string[] {
  if (found.issuer !== issuer) return ['issuer', ...CLAIM_NAMES];
  return CLAIM_NAMES.flatMap((claim) => {
    const value = wanted[claim];
    const reason = value === undefined ? undefined : whyNotWorkload(found, { id, issuer, [claim]: value }, 'the ID token');
    return reason === undefined ? [] : [reason];
  });
}
