import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What this run says of itself, for the statement: repository, commit, ref, requester. Nobody vouches for it, so nothing is decided
 * by it. Where git knows nothing it is left out; credentials in a remote's URL are never kept.
 */
export async function sourceContext(): Promise<{ readonly [name: string]: string }> {
  const [commit, ref, remote] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'),
    git('symbolic-ref', '--quiet', 'HEAD'),
    git('config', '--get', 'remote.origin.url'),
  ]);
  const said = { commit, ref, repository: withoutCredentials(remote), requester: userName() };
  return Object.fromEntries(Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', args, { timeout: 5000, maxBuffer: 65_536 });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function withoutCredentials(remote: string | undefined): string | undefined {
  if (remote === undefined) return undefined;
  try {
    const url = new URL(remote);
    url.username = '';
    url.password = '';
    url.search = '';
    return url.protocol === 'file:' ? undefined : url.href;
  } catch {
    return /^[\w.-]+@[\w.-]+:[\w./~-]+$/.test(remote) ? remote : undefined;
  }
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
