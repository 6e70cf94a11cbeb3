/** How many owners may sign an edition, and so how many signatures are looked for. */
export const MAX_SIGNATURES = 16;

/** The file beside a trust root that says which OIDC issuers each of its CAs may assert. */
export function issuersPathOf(rootPath: string): string {
  return companion(rootPath, 'issuers');
}

/** The file beside a trust root that says who must sign its editions. */
export function ownersPathOf(rootPath: string): string {
  return companion(rootPath, 'owners');
}

/** The files of the signatures of a trust root's edition, in the order they are looked for: the first that is missing ends them. */
export function signaturePathsOf(rootPath: string): readonly string[] {
  return Array.from({ length: MAX_SIGNATURES }, (_, at) => companion(rootPath, at === 0 ? 'sigstore' : `${at + 1}.sigstore`));
}

function companion(rootPath: string, what: string): string {
  return `${rootPath.replace(/\.json$/, '')}.${what}.json`;
}

/** Every file a trust root may consist of, itself first; always as many and in the same order. */
export function trustRootPathsOf(rootPath: string): readonly string[] {
  return [rootPath, issuersPathOf(rootPath), ownersPathOf(rootPath), ...signaturePathsOf(rootPath)];
}
