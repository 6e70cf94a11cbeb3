import { hostname, networkInterfaces } from 'node:os';

/** Where this run takes place, for records: as far as it is known, and by stable ids alone. Nobody vouches for it. */
export type RunContext = {
  readonly host: string;
  readonly address?: string;
  /** The CI job's URL. */
  readonly job?: string;
  /** Who asked for the run, by the CI's own id for them: `gitlab:1017`. */
  readonly requester?: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** What each CI says of a job in its environment. */
const PLATFORMS: readonly {
  readonly name: string;
  readonly sign: string;
  readonly job: (env: Environment) => string | undefined;
  readonly requester: (env: Environment) => string | undefined;
}[] = [
  { name: 'gitlab', sign: 'GITLAB_CI', job: (env) => env['CI_JOB_URL'], requester: (env) => env['GITLAB_USER_ID'] },
  {
    name: 'github',
    sign: 'GITHUB_ACTIONS',
    job: (env) =>
      together`${env['GITHUB_SERVER_URL']}/${env['GITHUB_REPOSITORY']}/actions/runs/${env['GITHUB_RUN_ID']}/attempts/${env['GITHUB_RUN_ATTEMPT']}`,
    requester: (env) => env['GITHUB_ACTOR_ID'],
  },
  {
    name: 'azure-devops',
    sign: 'TF_BUILD',
    job: (env) =>
      together`${env['SYSTEM_COLLECTIONURI']}${env['SYSTEM_TEAMPROJECT']}/_build/results?buildId=${env['BUILD_BUILDID']}`,
    requester: (env) => env['BUILD_REQUESTEDFORID'],
  },
  { name: 'jenkins', sign: 'JENKINS_URL', job: (env) => env['BUILD_URL'], requester: (env) => env['BUILD_USER_ID'] },
];

/** Reads where this run takes place from the machine and the CI's environment. */
export function runContext(env: Environment = process.env): RunContext {
  const platform = PLATFORMS.find(({ sign }) => isSet(env[sign]));
  const job = platform?.job(env);
  const requester = platform?.requester(env);
  const address = ownAddress();
  return {
    host: hostname(),
    ...(address === undefined ? {} : { address }),
    ...(isSet(job) && URL.canParse(job) ? { job: withoutSecrets(new URL(job)) } : {}),
    ...(platform && isSet(requester) ? { requester: `${platform.name}:${withoutEmail(requester)}` } : {}),
  };
}

/** Whether this is a job of a CI, whose machine may be thrown away after it. */
export function isCi(env: Environment = process.env): boolean {
  return isSet(env['CI']) && env['CI'] !== 'false' ? true : PLATFORMS.some(({ sign }) => isSet(env[sign]));
}

/** Of a URL what says where it leads: users, passwords, queries and fragments may be secrets; the number of a build is none. */
function withoutSecrets({ origin, pathname, searchParams }: URL): string {
  const build = searchParams.get('buildId') ?? '';
  return withoutEmail(`${origin}${pathname}${/^\d+$/.test(build) ? `?buildId=${build}` : ''}`);
}

/** Takes e-mail addresses out of what can never be erased. */
export function withoutEmail(text: string): string {
  return text.replace(/[^\s/:@<>]+@[^\s/@<>]+\.[^\s/@<>]+/g, '(e-mail)');
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** A template whose parts must all be known. */
function together(literals: TemplateStringsArray, ...values: readonly (string | undefined)[]): string | undefined {
  if (!values.every(isSet)) return undefined;
  return String.raw({ raw: literals }, ...values);
}

function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return (
    addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ??
    addresses.find(({ internal }) => !internal)?.address
  );
}
