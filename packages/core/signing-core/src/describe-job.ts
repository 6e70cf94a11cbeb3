import type { CiJob, CiPlatform } from './ci-job.ts';
import { hasControlCharacter } from './formats/glob.ts';
import type { IdentityProvider } from './ports/identity-provider.ts';

/** What a platform's variables say of a job, as they stand. */
export type SaidOfJob = {
  readonly platform: CiPlatform;
  readonly title: string;
  readonly url?: string | undefined;
  /** The platform's own id of who asked for the run, without the platform's name. */
  readonly requester?: string | undefined;
  /** The repository's address in any form git takes. */
  readonly repository?: string | undefined;
  readonly ref?: string | undefined;
  readonly commit?: string | undefined;
  readonly planOnly?: string | undefined;
  readonly identity: IdentityProvider;
};

const LONGEST = 1024;

/**
 * The job, cleaned for records that can never be erased: no e-mail addresses, of URLs neither users, passwords, queries (but the
 * number of a build) nor fragments, nothing long, no control characters. What has another form than it should is left out.
 */
export function describeJob({ platform, title, planOnly, identity, ...said }: SaidOfJob): CiJob {
  const cleaned = {
    url: jobAddress(said.url),
    requester: requesterOf(platform, said.requester),
    repository: repositoryAddress(said.repository),
    ref: plain(said.ref)?.match(/^refs\/(?:heads|tags)\/./) ? withoutEmail(said.ref as string) : undefined,
    commit: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(said.commit ?? '') ? said.commit?.toLowerCase() : undefined,
    planOnly,
  };
  const known = Object.entries(cleaned).filter(([, value]) => value !== undefined);
  const unfit = (['repository', 'ref'] as const).filter((name) => Boolean(said[name]) && cleaned[name] === undefined);
  return { platform, title, ...Object.fromEntries(known), ...(unfit.length === 0 ? {} : { unfit }), identity };
}

/**
 * The `https://host/path` of a remote by http(s), ssh or `user@host:path`. Nothing else of it is kept, for users, passwords, queries
 * and fragments of remotes carry credentials, and what is kept ends up in published evidence; other forms are left out whole.
 */
export function repositoryAddress(remote: string | undefined): string | undefined {
  const text = plain(remote);
  if (text === undefined) return undefined;
  const short = /^(?:git@)?([\w-]+(?:\.[\w-]+)+):([\w./~-]+)$/.exec(text);
  const whole = short ? `https://${short[1]}/${short[2]?.replace(/^\//, '')}` : text;
  if (!/^(?:https?|ssh):\/\//.test(whole) || !URL.canParse(whole)) return undefined;
  const { hostname, port, protocol, pathname } = new URL(whole);
  const host = port === '' || protocol === 'ssh:' ? hostname : `${hostname}:${port}`;
  return hostname === '' ? undefined : withoutEmail(`https://${host}${pathname.replace(/\/$/, '').replace(/\.git$/, '')}`);
}

/** Takes e-mail addresses out of what can never be erased. */
export function withoutEmail(text: string): string {
  return text.replace(/[^\s/:@<>]{1,64}@[^\s/@<>]{1,255}\.[^\s/@<>]{1,64}/g, '(e-mail)');
}

/** Of a URL what says where it leads: users, passwords, queries and fragments may be secrets; the number of a build is none. */
function jobAddress(text: string | undefined): string | undefined {
  const said = plain(text);
  if (said === undefined || !URL.canParse(said)) return undefined;
  const { protocol, origin, pathname, searchParams } = new URL(said);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const build = searchParams.get('buildId') ?? '';
  return withoutEmail(`${origin}${pathname}${/^\d{1,20}$/.test(build) ? `?buildId=${build}` : ''}`);
}

function requesterOf(platform: CiPlatform, id: string | undefined): string | undefined {
  const said = plain(id);
  return said === undefined ? undefined : `${platform}:${withoutEmail(said)}`;
}

function plain(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text.length > LONGEST || hasControlCharacter(text) ? undefined : text;
}
