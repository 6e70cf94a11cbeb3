import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { runContext, withoutEmail } from './run-context.ts';

const run = promisify(execFile);

/**
 * What this run says of itself, for the statement: repository, commit, ref, requester. Nobody vouches for it, so nothing is decided
 * by it. Where git knows nothing it is left out.
 */
export async function sourceContext(): Promise<{ readonly [name: string]: string }> {
  const [commit, ref, repository] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'),
    git('symbolic-ref', '--quiet', 'HEAD'),
    originOfCheckout(),
  ]);
  const { job, requester } = runContext();
  const said = { commit, ref, repository, build: job, requester: requester ?? userName() };
  const known = Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, withoutEmail(value)]));
}

/** Where this checkout comes from, as `https://host/path`; nothing where git knows none, or it has no such form. */
export async function originOfCheckout(): Promise<string | undefined> {
  const remote = await git('config', '--get', 'remote.origin.url');
  return remote === undefined ? undefined : webAddressOf(remote);
}

/**
 * The `https://host/path` of a remote by http(s), ssh or `user@host:path`. Nothing else of it is kept, for users, passwords, queries
 * and fragments of remotes carry credentials, and what is kept ends up in published evidence; other forms are left out whole.
 */
export function webAddressOf(remote: string): string | undefined {
  const short = /^(?:git@)?([\w-]+(?:\.[\w-]+)+):([\w./~-]+)$/.exec(remote);
  const text = short ? `https://${short[1]}/${short[2]?.replace(/^\//, '')}` : remote;
  if (!/^(?:https?|ssh):\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, port, protocol, pathname } = new URL(text);
  const host = port === '' || protocol === 'ssh:' ? hostname : `${hostname}:${port}`;
  return hostname === '' ? undefined : `https://${host}${pathname.replace(/\/$/, '').replace(/\.git$/, '')}`;
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', args, { timeout: 5000, maxBuffer: 65_536 });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function userName(): string | undefined {
  try {
    return withoutEmail(userInfo().username);
  } catch {
    return undefined;
  }
}
