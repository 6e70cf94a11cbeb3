/** `https://host/path` of a server's address and a path in it. */
export function joined(server: string | undefined, path: string | undefined): string | undefined {
  return server === undefined || path === undefined ? undefined : `${server.replace(/\/$/, '')}/${path}`;
}

/** GitLab's bare name with its type beside it, as a whole ref: a branch and a tag may have one name. */
export function gitRef(type: string | undefined, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (type === 'branch') return `refs/heads/${name}`;
  return type === 'tag' ? `refs/tags/${name}` : undefined;
}

const GITHUB = 'https://token.actions.githubusercontent.com';

/**
 * The server whose repositories a GitHub issuer speaks of: github.com for its own, with an enterprise's name after it or not,
 * `https://NAME.ghe.com` for `https://token.actions.NAME.ghe.com`, `https://HOST` for Enterprise Server's `https://HOST/_services/token`.
 */
export function githubServer(issuer: string): string | undefined {
  if (issuer === GITHUB || issuer.startsWith(`${GITHUB}/`)) return 'https://github.com';
  const resident = /^https:\/\/token\.actions\.([a-z0-9-]+\.ghe\.com)$/.exec(issuer)?.[1];
  if (resident !== undefined) return `https://${resident}`;
  return issuer.endsWith('/_services/token') ? issuer.slice(0, -'/_services/token'.length) : undefined;
}
