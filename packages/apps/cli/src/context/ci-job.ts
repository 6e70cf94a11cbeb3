import type { CiJob, Environment } from '@signwright/signing-core';

type Detect = (environment: Environment) => CiJob | undefined;

/** What tells each CI, and what reads its jobs; a pod of Kubernetes last, for many CIs run theirs in pods. */
const PLATFORMS: readonly { readonly sign: string; readonly detect: () => Promise<Detect> }[] = [
  { sign: 'GITLAB_CI', detect: async () => (await import('@signwright/gitlab')).detectGitlab },
  { sign: 'GITHUB_ACTIONS', detect: async () => (await import('@signwright/github')).detectGithub },
  { sign: 'TF_BUILD', detect: async () => (await import('@signwright/azure-devops')).detectAzureDevops },
  { sign: 'JENKINS_URL', detect: async () => (await import('@signwright/jenkins')).detectJenkins },
  { sign: 'KUBERNETES_SERVICE_HOST', detect: async () => (await import('@signwright/kubernetes')).detectKubernetes },
];

/** The CI job this run is part of; nothing where it is none, as on a laptop. */
export async function ciJob(environment: Environment = process.env): Promise<CiJob | undefined> {
  for (const { sign, detect } of PLATFORMS) {
    if (!environment[sign]) continue;
    const job = (await detect())(environment);
    if (job) return job;
  }
  return undefined;
}

/** Whether this is a job of a CI, whose machine may be thrown away after it. */
export function isCi(environment: Environment = process.env): boolean {
  const { CI } = environment;
  return CI !== undefined && CI !== '' && CI !== 'false' ? true : PLATFORMS.some(({ sign }) => Boolean(environment[sign]));
}
