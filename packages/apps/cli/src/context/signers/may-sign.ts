import type { SignerDefinition } from '@signwright/policy';
import { type CiJob, compileGlob, parseKeyReference, SignwrightError, type WorkloadRule } from '@signwright/signing-core';

/** Whether a signer is a pipeline's: its certificates are for jobs, its key is in a KMS or an HSM, or the policy says whose it is. */
function isForPipelines({ certificate, keys, rule }: SignerDefinition): boolean {
  if (certificate === undefined && rule.workloads.length > 0) return true;
  return (
    (certificate !== undefined && certificate.type !== 'trial') ||
    keys.some(({ ref }) => parseKeyReference(ref).scheme !== 'file')
  );
}

/**
 * Refuses to sign in a merge request's pipeline, and with a pipeline's signer outside of any or in one that is plainly none of its
 * workloads. This guides honest runs; what counts is decided by the CA, the KMS and the verifier.
 *
 * @throws SignwrightError `denied` that names the pipelines to use.
 */
export function checkMaySign(definition: SignerDefinition, job: CiJob | undefined): void {
  const { id, where, rule } = definition;
  const refuse = (why: string): SignwrightError =>
    new SignwrightError('denied', `signer ${id} is not for ${why}`, { where, next: `sign in ${pipelinesOf(rule.workloads)}` });
  if (job?.planOnly !== undefined) throw refuse(`${job.planOnly}, which may plan and never sign`);
  if (!isForPipelines(definition)) return;
  if (job === undefined) throw refuse('runs outside a CI');
  const reasons = rule.workloads.map((workload) => whyNot(job, workload));
  if (reasons.length > 0 && !reasons.includes(undefined)) throw refuse(`this job of ${job.title}: ${reasons.join('; ')}`);
}

/** What the job says of itself against a workload, as far as it says it. */
function whyNot(job: CiJob, workload: WorkloadRule): string | undefined {
  for (const claim of ['repository', 'ref'] as const) {
    const [wanted, said] = [workload[claim], job[claim]];
    if (wanted !== undefined && job.unfit?.includes(claim)) return `its ${claim} is none, and ${workload.id} wants ${wanted}`;
    if (wanted !== undefined && said !== undefined && !compileGlob(wanted)(said))
      return `${claim} is ${said}, and ${workload.id} wants ${wanted}`;
  }
  return undefined;
}

function pipelinesOf(workloads: readonly WorkloadRule[]): string {
  const described = workloads.map(({ id, issuer, compromised: _, ...claims }) => {
    const said = Object.entries(claims).map(([name, value]) => `${name} ${value}`);
    return `a pipeline of ${issuer} (${id}: ${said.join(', ')})`;
  });
  return described.join(', or ') || 'a pipeline that the policy names for it';
}
