import { SignwrightError } from '@signwright/signing-core';

/** A project on a GitLab. */
export type GitlabProject = {
  /** `gitlab.acme.example`, with its port where it is another than 443. */
  readonly host: string;
  /** `group/subgroup/project`. */
  readonly path: string;
};

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\[::1\])(?::[1-9]\d{0,4})?$/;
/** As GitLab names groups and projects, as far as they can be told by their form. */
const PART = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_-])?$/;
const MAX_PARTS = 21;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * Reads `gitlab://HOST/GROUP/PROJECT`, with subgroups between and a port after the host where it has another than 443.
 *
 * @throws SignwrightError `configuration` for anything else: a user or password, a query, a project's number.
 */
export function parseGitlabReference(text: string): GitlabProject {
  const [, host, path] = /^gitlab:\/\/([^/]*)\/(.*)$/.exec(text) ?? [];
  const parts = path?.split('/') ?? [];
  const fits = host !== undefined && host.length <= 253 && HOST.test(host) && parts.length >= 2 && parts.length <= MAX_PARTS;
  if (fits && parts.every((part) => PART.test(part) && !/\.(git|atom)$/.test(part))) return { host, path: parts.join('/') };
  throw new SignwrightError('configuration', 'not a project on a GitLab', {
    where: shown(text),
    next: 'write it as gitlab://gitlab.acme.example/group/project; the token comes from the environment',
  });
}

/** The reference of a project, for messages. */
export function referenceOf({ host, path }: GitlabProject): string {
  return `gitlab://${host}/${path}`;
}

/** Where the API is: by https, but on this machine. */
export function originOf({ host }: GitlabProject): string {
  return `${LOOPBACK.test(host) ? 'http' : 'https'}://${host}`;
}

/** Without what may be a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^/]*@/, '//').slice(0, 200));
}
