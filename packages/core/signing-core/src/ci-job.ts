import type { IdentityProvider } from './ports/identity-provider.ts';

/** A program's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type CiPlatform = 'gitlab' | 'github' | 'azure-devops' | 'jenkins' | 'kubernetes';

/** The job this run is part of, as its environment says it. Nobody vouches for any of it but for the ID token. */
export type CiJob = {
  readonly platform: CiPlatform;
  /** What people call the platform: `GitLab CI/CD`. */
  readonly title: string;
  /** The job's address, without users, queries and fragments that may be secrets. */
  readonly url?: string;
  /** Who asked for the run, by the platform's own stable id. */
  readonly requester?: string;
  /** `https://host/path` of the source repository. */
  readonly repository?: string;
  /** `refs/heads/…` or `refs/tags/…`. */
  readonly ref?: string;
  readonly commit?: string;
  /** Why it may plan and not sign: "a merge-request pipeline", "a pull request of a fork"; absent where it may. */
  readonly planOnly?: string;
  /** What it says in a form that cannot be believed, so that it is left out: control characters, no address, too long. */
  readonly unfit?: readonly ('repository' | 'ref')[];
  readonly identity: IdentityProvider;
};
