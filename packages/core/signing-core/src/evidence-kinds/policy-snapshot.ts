import { checkName } from '../artifact.ts';
import { SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { isSha256, type Sha256 } from '../formats/digest.ts';
import { quoted } from '../formats/quoted.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';

/** The type of a policy snapshot. */
const SNAPSHOT = 'https://signwright.dev/policy-snapshot/v1';

/**
 * Every file a policy was loaded from, so that years later the same policy can be loaded again. The same files make the same bytes:
 * there is no time in it. It vouches for nothing: the anchor does, or the digest a signed part names.
 */
export type PolicySnapshot = {
  /** The digest of the policy these files make. */
  readonly digest: Sha256;
  /** Which of the files is the policy itself. */
  readonly file: string;
  /** By their paths relative to the policy's directory, with `/`; `..` only at the front, where it builds on a file above. */
  readonly files: ReadonlyMap<string, Uint8Array>;
};

/** Reads a file of a policy by its relative path, as `loadPolicy` asks for them. */
type ReadFile = (path: string) => Promise<Uint8Array>;

/** How the one encoding begins and ends: RFC 8785 sorts the keys. */
export const SNAPSHOT_START = '{"digest":"sha256:';
export const SNAPSHOT_END: string = `,"type":"${SNAPSHOT}"}`;

const MAX_SNAPSHOT = 64 * 1024 * 1024;
const MAX_FILES = 20_000;
const MAX_ABOVE = 8;

/**
 * Passes reads on and keeps what they gave, so that what a policy was loaded from becomes its snapshot:
 *
 * ```ts
 * const { read, files } = recordReads(readReferred);
 * const policy = await loadPolicy(file, read, { now });
 * const snapshot = writeSnapshot({ digest: policy.digest, file: basename(file), files });
 * ```
 */
export function recordReads(read: ReadFile): { readonly read: ReadFile; readonly files: ReadonlyMap<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (path) => {
      const bytes = await read(path);
      files.set(path, bytes);
      return bytes;
    },
  };
}

/** The bytes of a snapshot, RFC 8785. @throws SignwrightError `invalid-input` where they are too many or a path is no path. */
export function writeSnapshot(snapshot: PolicySnapshot): Buffer {
  const files = Object.fromEntries(
    Array.from(snapshot.files, ([path, bytes]) => [
      path,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
    ]),
  );
  const json = { type: SNAPSHOT, digest: snapshot.digest, file: snapshot.file, files };
  checkSnapshot(json);
  const written = Buffer.from(canonicalJson(json));
  if (written.length <= MAX_SNAPSHOT) return written;
  throw new SignwrightError('invalid-input', `the policy snapshot has ${written.length} bytes, more than ${MAX_SNAPSHOT}`, {
    next: 'shorten the files the policy names',
  });
}

/** @throws SignwrightError `invalid-input` for anything but the bytes {@link writeSnapshot} makes. */
export function readSnapshot(bytes: Uint8Array): PolicySnapshot {
  const json = parseStrictJson(bytes, { what: 'the policy snapshot', maxBytes: MAX_SNAPSHOT, maxDepth: 2 });
  const snapshot = checkSnapshot(json);
  if (!Buffer.from(canonicalJson(json)).equals(bytes)) {
    throw new SignwrightError('invalid-input', 'the policy snapshot: it is not in its canonical form (RFC 8785)');
  }
  return snapshot;
}

/**
 * Reads files out of a snapshot, for `loadPolicy(snapshot.file, snapshotReader(snapshot), …)`. What it has not is missing, as it was
 * when the policy was loaded: SignwrightError `configuration`, whose cause has the code `ENOENT`.
 */
export function snapshotReader(snapshot: PolicySnapshot): ReadFile {
  return async (path) => {
    const bytes = snapshot.files.get(path);
    if (bytes !== undefined) return bytes;
    const cause = Object.assign(new Error('not in the snapshot'), { code: 'ENOENT' });
    throw new SignwrightError('configuration', `the policy snapshot has no file ${quoted(path)}`, {
      next: 'load the policy the snapshot was made of',
      cause,
    });
  };
}

function checkSnapshot(json: Json): PolicySnapshot {
  const read = fieldReader('the policy snapshot');
  const fields = read.object(json, '', ['type', 'digest', 'file', 'files']);
  if (read.text(fields['type'], 'type') !== SNAPSHOT) read.fail('type', `is not ${SNAPSHOT}`);
  const digest = read.text(fields['digest'], 'digest');
  const entries = Object.entries(read.record(fields['files'], 'files'));
  if (entries.length > MAX_FILES) read.fail('files', `are ${entries.length}, more than ${MAX_FILES}`);
  const files = new Map(
    entries.map(([path, content]) => [checkPath(path), read.bytes(content, `files[${quoted(path)}]`)] as const),
  );
  const file = read.text(fields['file'], 'file');
  if (!files.has(file)) read.fail('file', 'is none of the files');
  return { digest: isSha256(digest) ? digest : read.fail('digest', 'is not a SHA-256 digest'), file, files };
}

/** A relative path in its one form; as an artifact's name, but that it may begin with `../`. */
function checkPath(path: string): string {
  checkName(path.replace(new RegExp(`^(?:\\.\\./){1,${MAX_ABOVE}}`), ''));
  return path;
}
