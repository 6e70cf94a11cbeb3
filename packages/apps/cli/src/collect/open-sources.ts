import {
  type ApprovalSource,
  type CiJob,
  type CiPlatform,
  type Environment,
  type PeopleSource,
  repositoryAddress,
  SignwrightError,
} from '@signwright/signing-core';
import { checkTokenHost } from '../context/token-host.ts';

/** A platform that is asked about one project. */
export type Sources = {
  readonly platform: CiPlatform;
  /** The project, as people name it there. */
  readonly project: string;
  /** The platform's id of the run that is asked about, where one is known. */
  readonly run?: string;
  readonly approvals: ApprovalSource;
  readonly people: PeopleSource;
};

export type SourceOptions = {
  readonly platform?: string;
  readonly project?: string;
  readonly run?: string;
};

/** What is asked about: the repository the certificates name, and where its artifacts are to go. */
export type AskedAbout = { readonly repository: string | undefined; readonly environment: string };

type Opening = AskedAbout & {
  readonly environmentVariables: Environment;
  readonly project: string | undefined;
  readonly signal: AbortSignal;
};
type Opened = Pick<Sources, 'project' | 'approvals' | 'people'>;

/** Of each platform: where its jobs say which run they are, and how it is opened. */
const PLATFORMS: { readonly [platform in CiPlatform]?: { readonly run: string; open(opening: Opening): Promise<Opened> } } = {
  gitlab: { run: 'CI_PIPELINE_ID', open: openGitlab },
  github: { run: 'GITHUB_RUN_ID', open: openGithub },
  'azure-devops': { run: 'BUILD_BUILDID', open: openAzure },
  jenkins: { run: 'BUILD_NUMBER', open: openJenkins },
};

/**
 * Opens the platform that is named, else the one this job runs on. GitLab and GitHub are asked about the very repository that the
 * certificates of the signatures name.
 *
 * @param environment the variables of this process.
 * @returns nothing where no platform is named and this is no job of one that knows people.
 * @throws SignwrightError `usage`, or `configuration` that names the variable that is missing.
 */
export async function openSources(
  { platform, project, run }: SourceOptions,
  job: CiJob | undefined,
  about: AskedAbout,
  signal: AbortSignal,
  environment: Environment = process.env,
): Promise<Sources | undefined> {
  const name = (platform ?? job?.platform) as CiPlatform | undefined;
  const known = name === undefined ? undefined : PLATFORMS[name];
  if (name === undefined || known === undefined) {
    if (platform === undefined && project === undefined && run === undefined) return undefined;
    throw new SignwrightError(
      'usage',
      platform === undefined ? 'nothing says which platform is meant' : `no platform ${platform} is known`,
      {
        next: `name one: --platform ${Object.keys(PLATFORMS).join(', --platform ')}`,
      },
    );
  }
  const which = run ?? (job?.platform === name ? environment[known.run] : undefined);
  const opened = await known.open({ ...about, project, signal, environmentVariables: environment });
  return { platform: name, ...opened, ...(which === undefined ? {} : { run: which }) };
}

const GITLAB_TOKEN = 'SIGNWRIGHT_GITLAB_TOKEN';

async function openGitlab({ repository, project, environmentVariables }: Opening): Promise<Opened> {
  const { createGitlabApprovals, createGitlabPeople, parseGitlabReference, readToken } = await import('@signwright/gitlab');
  const certified = certifiedProject(repository);
  const reference = `gitlab://${certified.host}${certified.pathname}`;
  const parsed = parseGitlabReference(reference);
  refuseOther(project, reference);
  const token = readToken(environmentVariables, GITLAB_TOKEN);
  checkTokenHost(GITLAB_TOKEN, parsed.host);
  const options = { project: parsed, token };
  return { project: reference, approvals: createGitlabApprovals(options), people: createGitlabPeople(options) };
}

async function openGithub({ repository, project, environmentVariables: env, signal }: Opening): Promise<Opened> {
  const { createGithubApprovals, createGithubPeople } = await import('@signwright/github');
  const certified = certifiedProject(repository);
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  if (certified.origin !== server) {
    throw new SignwrightError('configuration', `the repository is on ${certified.origin}, and the token is for ${server}`, {
      next: 'collect in a job of the platform that has the repository',
    });
  }
  const name = certified.pathname.slice(1);
  refuseOther(project, name);
  const api = env['GITHUB_API_URL'];
  const options = { repository: name, token: wanted(env, 'GITHUB_TOKEN'), signal, ...(api === undefined ? {} : { api }) };
  return { project: name, approvals: createGithubApprovals(options), people: createGithubPeople(options) };
}

async function openAzure({ project, environmentVariables: env, signal }: Opening): Promise<Opened> {
  const { createAzureDevopsApprovals, createAzureDevopsPeople } = await import('@signwright/azure-devops');
  const repository = env['BUILD_REPOSITORY_ID'];
  const name = project ?? wanted(env, 'SYSTEM_TEAMPROJECT');
  const options = {
    organization: wanted(env, 'SYSTEM_COLLECTIONURI').replace(/\/$/, ''),
    project: name,
    token: wanted(env, 'SYSTEM_ACCESSTOKEN'),
    signal,
    ...(repository === undefined ? {} : { repository }),
  };
  return { project: name, approvals: createAzureDevopsApprovals(options), people: createAzureDevopsPeople(options) };
}

async function openJenkins({ project, environment, environmentVariables: env, signal }: Opening): Promise<Opened> {
  const { createJenkinsApprovals, createJenkinsPeople } = await import('@signwright/jenkins');
  const job = project ?? wanted(env, 'JOB_NAME');
  const options = {
    url: wanted(env, 'JENKINS_URL'),
    job,
    user: wanted(env, 'SIGNWRIGHT_JENKINS_USER'),
    token: wanted(env, 'SIGNWRIGHT_JENKINS_TOKEN'),
    signal,
  };
  return {
    project: job,
    approvals: createJenkinsApprovals({ ...options, environment }),
    people: createJenkinsPeople(options),
  };
}

/** The project to ask about is the one that was certified, so that nobody answers for another. */
function certifiedProject(repository: string | undefined): URL {
  const address = repositoryAddress(repository);
  if (address !== undefined) return new URL(address);
  throw new SignwrightError(
    'configuration',
    'the certificates of the signatures name no repository, so nobody can be asked about it',
  );
}

function refuseOther(named: string | undefined, certified: string): void {
  if (named === undefined || named === certified) return;
  throw new SignwrightError('usage', `--project is ${named}, and the certificates of the signatures name ${certified}`, {
    next: 'leave --project out',
  });
}

function wanted(environment: Environment, variable: string): string {
  const value = environment[variable];
  if (value !== undefined && value !== '') return value;
  throw new SignwrightError('configuration', `the variable ${variable} is not set, and the platform cannot be asked without it`, {
    next: 'set it where the job’s secrets and variables are set, or name another platform with --platform',
  });
}
