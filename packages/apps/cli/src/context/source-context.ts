import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { type CiJob, repositoryAddress, withoutEmail } from '@signwright/signing-core';

const run = promisify(execFile);

/**
 * What this run says of itself, for the statement: repository, commit, ref, requester; as its CI says it, else git. Nobody vouches for
 * it, so nothing is decided by it. What neither knows is left out.
 */
export async function sourceContext(job: CiJob | undefined): Promise<{ readonly [name: string]: string }> {
  const [commit, ref, repository] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'),
    git('symbolic-ref', '--quiet', 'HEAD'),
    originOfCheckout(),
  ]);
  const said = {
    commit: job?.commit ?? commit,
    ref: job?.ref ?? ref,
    repository: job?.repository ?? repository,
    build: job?.url,
    requester: job?.requester ?? userName(),
  };
  const known = Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, withoutEmail(value)]));
}

/** Where this checkout comes from, as `https://host/path`; nothing where git knows none, or it has no such form. */
export async function originOfCheckout(): Promise<string | undefined> {
  return repositoryAddress(await git('config', '--get', 'remote.origin.url'));
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
