import { type CiJob, describeJob, type Environment } from '@signwright/signing-core';
import { createKubernetesIdentity, TOKEN_FILE } from './identity.ts';

/**
 * The pod this run is part of, where a token is projected into it for this purpose: KUBERNETES_SERVICE_HOST alone is in every pod, those
 * of other platforms' runners too, so ask for those first. Its variables say nothing of a repository; the token names the service account.
 */
export function detectKubernetes(environment: Environment): CiJob | undefined {
  if (!environment['KUBERNETES_SERVICE_HOST'] || !environment[TOKEN_FILE]) return undefined;
  return describeJob({ platform: 'kubernetes', title: 'Kubernetes', identity: createKubernetesIdentity(environment) });
}
