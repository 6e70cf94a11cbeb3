import { SignwrightError } from '@signwright/signing-core';

/** A branch of a repository that serves as a store: an address git understands, and the branch's name alone. */
export type GitReference = { readonly url: string; readonly branch: string };

const FORM = /^git\+((https?|ssh|file):\/\/[^#]*)#(.*)$/;
const BRANCH = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const MAX_BRANCH = 200;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const SSH_USER = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const PATH = /^(\/[A-Za-z0-9._~%+@,=:-]+)+$/;

/**
 * Reads `git+https://host/path.git#branch`, `git+ssh://git@host/path.git#branch` or `git+file:///path.git#branch`.
 *
 * Strict: no credentials, query or fragment but the branch; `http:` for loopback alone; one written form of each address.
 *
 * @throws SignwrightError `configuration`, never with the credentials that were found.
 */
export function parseGitReference(reference: string): GitReference {
  const [, url, , branch] = FORM.exec(reference) ?? [];
  if (url === undefined || branch === undefined) {
    throw refused(
      'it is not git+https://HOST/PATH.git#BRANCH, git+ssh://git@HOST/PATH.git#BRANCH or git+file:///PATH.git#BRANCH',
    );
  }
  checkGitReference({ url, branch });
  return { url, branch };
}

/** Throws SignwrightError `configuration` unless the address and the branch are of the form that `parseGitReference` reads. */
export function checkGitReference({ url, branch }: GitReference): void {
  checkUrl(url);
  if (branch.length <= MAX_BRANCH && BRANCH.test(branch) && !/\.\.|\.(lock)?(\/|$)|^refs\/|^HEAD$/.test(branch)) return;
  throw refused(`${JSON.stringify(branch.slice(0, MAX_BRANCH))} is not the name of a branch (as in "signwright-log")`);
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw refused('its address is not a URL');
  const { protocol, hostname, username, password, search, hash, pathname } = parsed;
  if (password !== '' || (username !== '' && protocol !== 'ssh:')) {
    throw refused('its address contains credentials', 'remove them, and name the environment variable that holds the token');
  }
  if (search !== '' || hash !== '') throw refused('its address has a query or a fragment');
  if (protocol === 'file:' ? hostname !== '' : !HOST.test(hostname)) throw refused('its address names no host that can be used');
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) throw refused('http is for loopback alone', 'use git+https');
  if (username !== '' && !SSH_USER.test(username)) throw refused('its address names no user that can be used');
  if (!['https:', 'http:', 'ssh:', 'file:'].includes(protocol)) throw refused(`${protocol} is not one of https, ssh and file`);
  if (!PATH.test(pathname)) throw refused('its path is empty or has characters that are not taken');
  if (parsed.href !== url) throw refused(`its address is not in its plain form, ${parsed.href}`);
}

function refused(problem: string, next = 'write it as git+https://HOST/PATH.git#BRANCH'): SignwrightError {
  return new SignwrightError('configuration', `the reference to a git branch cannot be used: ${problem}`, { next });
}
