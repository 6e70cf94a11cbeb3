import {
  algorithmsOf,
  canonicalDigest,
  issuersPathOf,
  type Json,
  type JsonObject,
  keyIdOf,
  messageOf,
  parseStrictJson,
  parseTrustRoot,
  readPublicKey,
  type Sha256,
  SignwrightError,
  sha256,
  spkiOf,
  type TrustRoot,
} from '@signwright/signing-core';
import type { PolicyFile } from '../generated/policy-file.ts';
import { problemAt, type Source, whereOf } from '../parse/source.ts';
import type { FileReader, TrustRootFile } from '../policy.ts';
import type { Path, Problem } from '../problem.ts';

/** A pinned public key, as a policy's file has it. */
export type PinnedKey = { readonly keyId: string; readonly publicKey: string; readonly digest: Sha256 };

/** What the files a policy names hold, by the path it names them by. */
export type ReferredFiles = {
  readonly keys: ReadonlyMap<string, PinnedKey>;
  readonly roots: ReadonlyMap<string, TrustRootFile>;
  /** The trust roots of identities, judged. */
  readonly vendorRoots: ReadonlyMap<string, TrustRoot>;
  readonly problems: readonly Problem[];
};

const MAX_ROOT = 8 * 1024 * 1024;
const MAX_KEY = 16 * 1024;

/** Reads every file a policy names. What cannot be used is in `problems`; what cannot be reached is thrown. */
export async function readReferredFiles(
  content: PolicyFile,
  source: Source,
  directory: string,
  read: FileReader,
): Promise<ReferredFiles> {
  const keys = new Map<string, PinnedKey>();
  const roots = new Map<string, TrustRootFile>();
  const vendorRoots = new Map<string, TrustRoot>();
  const problems: Problem[] = [];
  const attempt = async (path: Path, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'unreachable' || error.code === 'cancelled') throw error;
      const next = error.next === undefined ? '' : ` (${error.next})`;
      problems.push(problemAt(source, path, `${messageOf(error)}${next}`));
    }
  };
  for (const { path, file } of publicKeysOf(content)) {
    await attempt(path, async () => {
      if (!keys.has(file)) keys.set(file, pinnedKey(await read(join(directory, file)), whereOf(source, path)));
    });
  }
  for (const { path, file, vendor } of trustRootsOf(content)) {
    await attempt(path, async () => {
      const known = roots.get(file) ?? (await readTrustRoot(join(directory, file), read));
      roots.set(file, known);
      if (vendor && !vendorRoots.has(file)) vendorRoots.set(file, parseTrustRoot(known.root, known.issuers, known.path));
    });
  }
  return { keys, roots, vendorRoots, problems };
}

function publicKeysOf(content: PolicyFile): { path: Path; file: string }[] {
  return Object.entries(content.signers ?? {}).flatMap(([id, signer]) =>
    (signer.keys ?? []).map((key, index) => ({ path: ['signers', id, 'keys', index, 'public-key'], file: key['public-key'] })),
  );
}

function trustRootsOf(content: PolicyFile): { path: Path; file: string; vendor: boolean }[] {
  const own = content.trust?.root;
  return [
    ...(own === undefined ? [] : [{ path: ['trust', 'root'], file: own, vendor: false }]),
    ...Object.entries(content.identities ?? {}).map(([id, { root }]) => ({
      path: ['identities', id, 'root'],
      file: root,
      vendor: true,
    })),
  ];
}

function pinnedKey(bytes: Uint8Array, where: string): PinnedKey {
  if (bytes.length > MAX_KEY)
    throw new SignwrightError('configuration', `the file has more than ${MAX_KEY} bytes: not a public key`);
  const key = readPublicKey(new TextDecoder().decode(bytes), where);
  algorithmsOf(key);
  return { keyId: keyIdOf(key), publicKey: key.export({ type: 'spki', format: 'pem' }) as string, digest: sha256(spkiOf(key)) };
}

async function readTrustRoot(path: string, read: FileReader): Promise<TrustRootFile> {
  const root = await read(path);
  const json = parseStrictJson(root, { what: `the trust root ${path}`, maxBytes: MAX_ROOT });
  const [digest, endless] = [canonicalDigest(json), canonicalDigest(withoutEnds(json))];
  const issuersPath = issuersPathOf(path);
  const issuers = await readOptional(issuersPath, read);
  if (issuers === undefined) {
    const boundDigest = canonicalDigest({ root: endless });
    return { path, root, digest, wholeDigest: canonicalDigest({ root: digest }), boundDigest };
  }
  const issuersDigest = canonicalDigest(parseStrictJson(issuers, { what: `the issuers ${issuersPath}`, maxBytes: MAX_ROOT }));
  const wholeDigest = canonicalDigest({ root: digest, issuers: issuersDigest });
  const boundDigest = canonicalDigest({ root: endless, issuers: issuersDigest });
  return { path, root, issuers, digest, issuersDigest, wholeDigest, boundDigest };
}

/** A trust root as if none of its authorities had an end yet. */
function withoutEnds(root: Json): Json {
  if (!isObject(root)) return root;
  const lists = ['certificateAuthorities', 'timestampAuthorities'].flatMap((key) => {
    const list = root[key];
    return Array.isArray(list) ? [[key, list.map(withoutEnd)] as const] : [];
  });
  return { ...root, ...Object.fromEntries(lists) };
}

function withoutEnd(authority: Json): Json {
  if (!isObject(authority) || !isObject(authority['validFor'])) return authority;
  const { end: _, ...validFor } = authority['validFor'];
  return { ...authority, validFor };
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

async function readOptional(path: string, read: FileReader): Promise<Uint8Array | undefined> {
  try {
    return await read(path);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as { code?: unknown } | null | undefined) : undefined;
    if (cause?.code === 'ENOENT' || (error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A path written in a policy, joined to that policy's directory; both relative, with `/`. `..` at the front stays. */
export function join(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${directory}/${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
