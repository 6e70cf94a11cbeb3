import {
  type Dependency,
  hexOf,
  isSha256,
  type Json,
  type JsonObject,
  parseStrictJson,
  SignwrightError,
  sha256,
} from '@signwright/signing-core';

/** What a lockfile lists, as provenance names it. */
export type Lockfile = {
  /** The lockfile itself first, by its digest. */
  readonly dependencies: readonly Dependency[];
  /** How many of its entries have no digest, and are covered by that of the lockfile alone. */
  readonly without: number;
};

/** Bytes of a lockfile, at the most. */
export const MAX_LOCKFILE: number = 32 * 1024 * 1024;
const MAX_ENTRIES = 100_000;
const HASHES = { sha512: 64, sha384: 48, sha256: 32, sha1: 20 } as const;

/**
 * Reads which packages a lockfile pins. Of npm's (`package-lock.json`, `npm-shrinkwrap.json`, lockfileVersion 2 and 3) each package is
 * listed by its package URL and digest; any other is listed by its own digest.
 *
 * @param file what it is called.
 * @throws SignwrightError `invalid-input` where npm's is malformed, too large, or of a version without a flat list.
 */
export function readLockfile(bytes: Uint8Array, file: string): Lockfile {
  const itself: Dependency = { uri: file, digest: { sha256: hexOf(sha256(bytes)) } };
  if (!/(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(file)) return { dependencies: [itself], without: 0 };
  const lock = asObject(parseStrictJson(bytes, { what: 'the lockfile', maxBytes: MAX_LOCKFILE, maxParts: 20 * MAX_ENTRIES }));
  const packages = asObject(lock?.['packages']);
  if (packages === undefined) {
    throw new SignwrightError('invalid-input', 'the lockfile lists no packages in one flat list', {
      where: file,
      next: 'write it with npm 7 or newer: npm install --package-lock-only',
    });
  }
  const entries = Object.entries(packages).filter(
    ([path, entry]) => path.includes('node_modules/') && asObject(entry)?.['link'] !== true,
  );
  if (entries.length > MAX_ENTRIES)
    throw new SignwrightError('invalid-input', `the lockfile lists more than ${MAX_ENTRIES} packages`, { where: file });
  const found = new Map<string, Dependency>();
  let without = 0;
  for (const [path, entry] of entries) {
    const dependency = readEntry(path, asObject(entry) ?? {});
    if (dependency === undefined) without++;
    else found.set(JSON.stringify(dependency), dependency);
  }
  return { dependencies: [itself, ...found.values()], without };
}

function readEntry(path: string, entry: JsonObject): Dependency | undefined {
  const { version, integrity, resolved, name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length) } = entry;
  const commit = typeof resolved === 'string' ? /^(git\+[^#]+)#([0-9a-f]{40}|[0-9a-f]{64})$/.exec(resolved) : null;
  if (commit) return { uri: withoutUser(commit[1] as string), digest: { gitCommit: commit[2] as string } };
  if (typeof version !== 'string' || typeof integrity !== 'string' || typeof name !== 'string') return undefined;
  const digest = strongestOf(integrity);
  return digest && { uri: `pkg:npm/${purlName(name)}@${encodeURIComponent(version)}`, digest };
}

/** Users and passwords of addresses end up nowhere. */
function withoutUser(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/]*@/, '$1').replace(/\?.*$/, '');
}

/** A scope's @ is written as %40 (package-url, type npm). */
function purlName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/** The strongest hash of a Subresource Integrity text. */
function strongestOf(integrity: string): { readonly [algorithm: string]: string } | undefined {
  const parts = integrity.trim().split(/\s+/);
  for (const [algorithm, size] of Object.entries(HASHES)) {
    const part = parts.find((one) => one.startsWith(`${algorithm}-`));
    if (part === undefined) continue;
    const bytes = Buffer.from(part.slice(algorithm.length + 1), 'base64');
    if (bytes.length === size) return { [algorithm]: bytes.toString('hex') };
  }
  return undefined;
}

/** Reads `NAME@sha256:HEX`, as users name something the build took in. @throws SignwrightError `usage`. */
export function readDependency(text: string): Dependency {
  const at = text.lastIndexOf('@sha256:');
  const digest = text.slice(at + 1);
  if (at > 0 && isSha256(digest)) return { uri: text.slice(0, at), digest: { sha256: hexOf(digest) } };
  throw new SignwrightError('usage', `${JSON.stringify(text.slice(0, 200))} is no dependency`, {
    next: 'write it as NAME@sha256: and 64 hex digits, as in node:24@sha256:9f86…',
  });
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
