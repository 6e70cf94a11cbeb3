import {
  canonicalJson,
  checkName,
  hasControlCharacter,
  hexOf,
  isSha256,
  type Json,
  type JsonObject,
  parseStrictJson,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { MAX_PIECES } from '../gather-evidence.ts';
import { MAX_EVIDENCE } from '../get-evidence.ts';
import { evidenceKey } from '../layout.ts';

/** The type of an archive's manifest. */
const ARCHIVE = 'https://signwright.dev/archive/v1';

/** The member that lists which evidence is about what: lines `SUBJECT EVIDENCE`, in hex, sorted. */
export const INDEX = 'index';

/** An artifact an archive is about. The name is what whoever made the archive called it; what counts is what was signed. */
export type ArchivedArtifact = { readonly name: string; readonly digest: Sha256 };

/** A member of an archive, beside the manifest and its digest. */
export type Member = { readonly path: string; readonly size: number; readonly digest: Sha256 };

export type Manifest = {
  readonly artifacts: readonly ArchivedArtifact[];
  /** In their order in the archive: by path. */
  readonly members: readonly Member[];
  /** The program that made it, with its version. */
  readonly madeBy: string;
};

/** Bytes of a manifest at the most. */
export const MAX_MANIFEST: number = 64 * 1024 * 1024;
const MAX_ARTIFACTS = 100_000;
const MAX_MADE_BY = 200;

/** The bytes of a manifest, RFC 8785. @throws SignwrightError `invalid-input` where it is too large, or a field not what it must be. */
export function writeManifest({ artifacts, members, madeBy }: Manifest): Buffer {
  const json = {
    type: ARCHIVE,
    artifacts: artifacts.map(({ name, digest }) => ({ name, digest })),
    members: members.map(({ path, size, digest }) => ({ path, size, sha256: hexOf(digest) })),
    madeBy,
  };
  checkManifest(json);
  const bytes = Buffer.from(canonicalJson(json));
  return bytes.length <= MAX_MANIFEST ? bytes : refuse(`it has ${bytes.length} bytes, more than ${MAX_MANIFEST}`);
}

/** @throws SignwrightError `invalid-input` for anything but the bytes {@link writeManifest} makes. */
export function readManifest(bytes: Uint8Array): Manifest {
  const json = parseStrictJson(bytes, { what: 'the manifest of the archive', maxBytes: MAX_MANIFEST, maxDepth: 3 });
  const manifest = checkManifest(json);
  return Buffer.from(canonicalJson(json)).equals(bytes) ? manifest : refuse('it is not in its canonical form (RFC 8785)');
}

function checkManifest(json: Json): Manifest {
  const { type, madeBy, artifacts, members } = object(json, ['type', 'artifacts', 'members', 'madeBy']);
  if (type !== ARCHIVE) refuse(`its type is not ${ARCHIVE}`);
  return {
    madeBy: lineOf(madeBy),
    artifacts: sorted(list(artifacts, MAX_ARTIFACTS).map(artifactOf), ({ name, digest }) => `${name}\n${digest}`),
    members: sorted(list(members, MAX_PIECES + 1).map(memberOf), ({ path }) => path),
  };
}

function lineOf(json: Json | undefined): string {
  if (typeof json === 'string' && json.length <= MAX_MADE_BY && !hasControlCharacter(json)) return json;
  return refuse('madeBy is not a line of text');
}

function artifactOf(json: Json): ArchivedArtifact {
  const { name, digest } = object(json, ['name', 'digest']);
  if (typeof name !== 'string' || typeof digest !== 'string' || !isSha256(digest))
    return refuse('an artifact has no name or no digest');
  return { name: checkName(name), digest };
}

/** A member lies where its digest says, so that no path leads anywhere else. */
function memberOf(json: Json): Member {
  const { path, size, sha256 } = object(json, ['path', 'size', 'sha256']);
  const digest = `sha256:${typeof sha256 === 'string' ? sha256 : ''}`;
  if (!isSha256(digest)) return refuse('a member has no digest');
  if (path !== INDEX && path !== evidenceKey(digest))
    return refuse('a member is neither the index nor evidence under its digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > MAX_EVIDENCE)
    return refuse('a member has no size');
  return { path, size, digest };
}

function sorted<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  items.forEach((item, index) => {
    const before = items[index - 1];
    if (before !== undefined && keyOf(before) >= keyOf(item)) refuse('its artifacts or members are not sorted, each once');
  });
  return items;
}

function object(json: Json | undefined, keys: readonly string[]): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refuse('a list or a value is where an object must be');
  const found = Object.keys(json).sort().join();
  return found === [...keys].sort().join() ? (json as JsonObject) : refuse(`an object has not the fields ${keys.join(', ')}`);
}

function list(json: Json | undefined, most: number): readonly Json[] {
  if (!Array.isArray(json)) return refuse('a list is missing');
  return json.length <= most ? (json as readonly Json[]) : refuse(`a list of ${json.length}, more than ${most}`);
}

function refuse(why: string): never {
  throw new SignwrightError('invalid-input', `the manifest of the archive: ${why}`);
}
