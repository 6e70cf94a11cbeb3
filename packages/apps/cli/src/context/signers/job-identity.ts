import type { CertificateAuthority, SignerDefinition } from '@signwright/policy';
import { type CiJob, type IdentityProvider, SignwrightError } from '@signwright/signing-core';
import { systemClock } from '../clock.ts';

/** A CI's token service is not waited for once the run is stopped. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new SignwrightError('cancelled', 'stopped while an ID token was asked for'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const CLUSTER_CA = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
const MAX_CA = 1024 * 1024;

/** A cluster's own issuer is reached by TLS of the cluster's own authority, which every pod is given. */
export async function clusterAuthority(): Promise<string[]> {
  const { readBounded } = await import('@signwright/files');
  return readBounded(CLUSTER_CA, MAX_CA, "the cluster's authority").then(
    (pem) => [pem.toString('utf8')],
    () => [],
  );
}

/** A Vault certifies a name alone, which is not always the token's subject. */
async function subjectOf(certificate: CertificateAuthority | undefined): Promise<{ subject?: (token: string) => string }> {
  if (certificate?.type !== 'vault') return {};
  const { vaultNameOf } = await import('@signwright/certificates');
  return { subject: (token) => vaultNameOf(token, new URL(certificate.url).host) };
}

/**
 * The ID token of this job, given on only where it is of one of the workloads: what it is sent to could use it in the job's name.
 */
export function jobIdentity(
  job: CiJob | undefined,
  { rule: { workloads }, certificate }: Pick<SignerDefinition, 'rule' | 'certificate'>,
  signal: AbortSignal | undefined,
): IdentityProvider {
  return {
    async idToken(audience) {
      if (job === undefined) {
        throw new SignwrightError('denied', 'there is no ID token outside a CI', { next: 'sign in a pipeline the policy names' });
      }
      const { checkedIdentity } = await import('@signwright/workload-identity');
      const trusted = job.platform === 'kubernetes' ? { trustedCa: await clusterAuthority() } : {};
      const stop = signal === undefined ? {} : { signal };
      const rules = {
        workloads,
        platform: job.platform,
        clock: systemClock,
        ...(await subjectOf(certificate)),
        ...trusted,
        ...stop,
      };
      const identity = { idToken: (wanted: string) => unlessStopped(job.identity.idToken(wanted), signal) };
      return checkedIdentity(identity, rules).idToken(audience);
    },
  };
}
