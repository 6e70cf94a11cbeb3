import type { EvidenceBatches, EvidenceStore, RetentionEnforcement } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import { checkTokenHost } from './token-host.ts';

/** The environment variable with the token for GitLab, where the CI's own job token will not do. */
const GITLAB_TOKEN = 'SIGNWRIGHT_GITLAB_TOKEN';
const JOB_TOKEN = 'CI_JOB_TOKEN';

/** Opens the generic packages of a project as an evidence store: `gitlab://host/group/project`. */
export async function openGitlab(
  reference: string,
): Promise<EvidenceStore & EvidenceBatches & { enforcement(): Promise<RetentionEnforcement> }> {
  const { createGitlabEvidenceStore, parseGitlabReference, readToken } = await import('@signwright/gitlab');
  const project = parseGitlabReference(reference);
  return createGitlabEvidenceStore({ project, token: readToken(process.env, tokenVariable(project.host, reference)) });
}

/** A job's token goes to the GitLab that runs the job, and nowhere else: a policy names the host. */
function tokenVariable(host: string, reference: string): string {
  if (process.env[GITLAB_TOKEN]) {
    checkTokenHost(GITLAB_TOKEN, host);
    return GITLAB_TOKEN;
  }
  if (process.env[JOB_TOKEN] && host === hostOfJob()) return JOB_TOKEN;
  const foreign = process.env[JOB_TOKEN] ? `; ${JOB_TOKEN} is for the GitLab that runs this job alone` : '';
  throw new SignwrightError('configuration', `${reference} cannot be asked without a token${foreign}`, {
    where: reference,
    next: `run in a job of that GitLab, which has ${JOB_TOKEN}, or set ${GITLAB_TOKEN} to an access token with the scope api`,
  });
}

function hostOfJob(): string | undefined {
  const server = process.env['CI_SERVER_URL'] ?? '';
  return URL.canParse(server) ? new URL(server).host : undefined;
}
