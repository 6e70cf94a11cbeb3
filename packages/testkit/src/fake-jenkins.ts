import { type FakePlatform, type PlatformReply, type PlatformRequest, startFakePlatform } from './fake-platform.ts';

/**
 * A fake of Jenkins' remote API (…/api/json), on this machine alone, for builds of one multibranch job, by what Jenkins 2 and its
 * plugins export: core (`CauseAction`, `InterruptedBuildAction`), git (`BuildData`), pipeline-input-step (`ApproverAction`, `Rejection`),
 * workflow-cps, rebuild. It answers with more than `tree` asks for: who asks must not rely on what is left out.
 */
export type FakeJenkins = FakePlatform & { readonly builds: Map<string, object> };

/** The job it has, and the user and token it takes. */
export const JENKINS_JOB = 'acme tools/app/feature%2Fx';
export const JENKINS_USER = 'collector';
export const JENKINS_TOKEN = '11aa-the-api-token-of-the-collector';

const INPUT = 'org.jenkinsci.plugins.workflow.support.steps.input';

/** Starts it with nothing in it. */
export async function startFakeJenkins(): Promise<FakeJenkins> {
  const platform = await startFakePlatform((request) => answer(fake, request));
  const fake: FakeJenkins = Object.assign(platform, { builds: new Map() });
  return fake;
}

/** A build that began on 2026-11-20 at 10:00 UTC. @param commits what its checkouts checked out. */
export function jenkinsBuild(
  number: number,
  commits: readonly string[],
  causes: readonly object[],
  actions: readonly object[] = [],
): object {
  const checkouts = commits.map((SHA1) => ({
    _class: 'hudson.plugins.git.util.BuildData',
    lastBuiltRevision: { SHA1, branch: [{ SHA1, name: 'main' }] },
    remoteUrls: ['https://git.acme.example/app.git'],
  }));
  return {
    _class: 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
    number,
    timestamp: Date.parse('2026-11-20T10:00:00Z'),
    actions: [{ _class: 'hudson.model.CauseAction', causes }, {}, ...checkouts, ...actions],
    culprits: [{ fullName: 'ann of acme', id: 'ann' }],
  };
}

export function jenkinsUserCause(id: string | null): object {
  const userName = id === null ? 'anonymous' : `${id} of acme`;
  return { _class: 'hudson.model.Cause$UserIdCause', shortDescription: `Started by user ${userName}`, userId: id, userName };
}

/** Causes that tell how a build came to be run again, by the class of each. */
export function jenkinsCause(_class: string): object {
  return { _class, shortDescription: 'Replayed #41' };
}

/** Somebody proceeded at an `input`. */
export function jenkinsApprover(userId: string): object {
  return { _class: `${INPUT}.ApproverAction`, userId };
}

/** Somebody, or nobody Jenkins knows, aborted at an `input`, and the build ended. */
export function jenkinsRejection(id: string | null): object {
  const user = id === null ? null : { id, fullName: `${id} of acme`, absoluteUrl: `https://jenkins.acme.example/user/${id}` };
  const shortDescription = `Rejected by ${id ?? 'nobody'} of acme`;
  const causes = [{ _class: `${INPUT}.Rejection`, shortDescription, timestamp: Date.parse('2026-11-20T11:00:00Z'), user }];
  return { _class: 'jenkins.model.InterruptedBuildAction', causes };
}

function answer(fake: FakeJenkins, { headers, path, query }: PlatformRequest): PlatformReply | undefined {
  const authorization = `Basic ${Buffer.from(`${JENKINS_USER}:${JENKINS_TOKEN}`).toString('base64')}`;
  if (headers.authorization !== authorization) return { status: 401, body: {} };
  const prefix = JENKINS_JOB.split('/')
    .map((part) => `/job/${part}`)
    .join('');
  const number = /^\/(\d+)\/api\/json$/.exec(path.startsWith(prefix) ? path.slice(prefix.length) : '')?.[1];
  const build = number === undefined || !query.has('tree') ? undefined : fake.builds.get(number);
  return build === undefined ? undefined : { body: build };
}
