import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { readBounded } from '@signwright/files';
import {
  type Anchor,
  addressOf,
  type BaseReference,
  checkAnchor,
  isElsewhere,
  loadPolicy,
  type Policy,
  PolicyError,
  parseAnchor,
  pathIn,
  policyReferenceOf,
  signatureOf,
} from '@signwright/policy';
import { messageOf, parseTrustRoot, recordReads, SignwrightError, type TrustRoot, writeSnapshot } from '@signwright/signing-core';
import { anchorName, isAnchorText } from './anchor-text.ts';
import { createBases } from './fetch-bases.ts';
import { checkRootInUse, type RootInUse, readRootInUse } from './root-in-use.ts';
import { rememberEditions } from './seen-editions.ts';

/** A policy that is ready to judge by. */
export type OpenPolicy = {
  readonly policy: Policy;
  readonly file: string;
  /** Where paths in the policy start; of one that was fetched there is none relative. */
  readonly directory: string;
  readonly trustRoot: TrustRoot | undefined;
  /** The edition the trust root is, where one was ever signed; absent for a policy out of evidence, whose day is over. */
  readonly rootInUse?: RootInUse;
  /** Where evidence is kept if nobody names a store. */
  readonly evidenceElse?: string;
  /** Whether it was held against an anchor from outside. */
  readonly anchored: boolean;
  /** Whether nobody is asked about revocation: evidence that lies in an archive stands for itself, with the CRLs in it. */
  readonly offline?: true;
  /** Every file it was loaded from, as evidence keeps them: whoever verifies years later loads the same policy. */
  readonly snapshot: () => Uint8Array;
};

/** Which policy is meant, and what it must be. */
export type PolicyOptions = {
  /** A file, or the address of one that is elsewhere. */
  readonly policy: string;
  /** The anchor: its file, or its text. */
  readonly anchor?: string;
  /** Where evidence is kept if neither the user nor the policy names a store. */
  readonly evidenceElse?: string;
};

const MAX_REFERRED = 4 * 1024 * 1024;

/** Reads the policy, what it refers to, and holds it against the anchor and against what this machine has seen. */
export async function openPolicy(options: PolicyOptions, now: Date): Promise<OpenPolicy> {
  const anchor = options.anchor === undefined ? undefined : await readAnchor(options.anchor);
  const { policy, from, rootInUse, signature, files, keep } = await load(options.policy, anchor, now);
  const directory = from === undefined ? dirname(options.policy) : '.';
  const file = policy.trust?.root;
  const rootPath = file && (from === undefined ? join(directory, file.path) : addressOf(from, pathIn(from, file.path)));
  const trustRoot = file && rootPath ? parseTrustRoot(file.root, file.issuers, rootPath) : undefined;
  const edition = anchor === undefined ? undefined : await checkAnchor(policy, { trustRoot, signature }, anchor);
  await rememberEditions([...policy.signedBases, ...(edition === undefined ? [] : [edition])]);
  await keep();
  const snapshot = (): Uint8Array =>
    writeSnapshot({ digest: policy.digest, file: basename(from?.file ?? options.policy), files });
  const anchored = anchor !== undefined;
  const { evidenceElse } = options;
  const more = { ...(rootInUse && { rootInUse }), ...(evidenceElse === undefined ? {} : { evidenceElse }) };
  return { policy, file: options.policy, directory, trustRoot, ...more, anchored, snapshot };
}

/** Reads a policy with what it refers to and builds on, to look at: nothing says that it is the one to judge by. */
export async function readPolicy(file: string, now: Date): Promise<Policy> {
  const { policy, keep } = await load(file, undefined, now);
  await keep();
  return policy;
}

type Loaded = {
  readonly policy: Policy;
  /** Where it was fetched from, if it was. */
  readonly from: BaseReference | undefined;
  readonly rootInUse: RootInUse | undefined;
  /** What is beside the policy as its signature, and so in its snapshot: an anchor may ask for it years later. */
  readonly signature: Uint8Array | undefined;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Keeps what was fetched and is pinned; to be called once the policy is known to be the one. */
  keep(): Promise<void>;
};

/** Loads the policy a user names. One that is elsewhere is not asked for unless an anchor says what it must be. */
async function load(named: string, anchor: Anchor | undefined, now: Date): Promise<Loaded> {
  const from = isElsewhere(named) ? policyReferenceOf(named, anchor?.policySha256) : undefined;
  if (from !== undefined && anchor === undefined) throw unpinned(named);
  const bases = createBases();
  if (from !== undefined) await bases.fetchBase(from);
  const own = (path: string): Promise<Uint8Array> =>
    from === undefined ? readReferred(dirname(named), path) : (bases.read(pathIn(from, path)) ?? outside(path, named));
  const { read, files } = recordReads((path) => bases.read(path) ?? own(path));
  const options = { now, fetchBase: bases.fetchBase, ...(from === undefined ? {} : { from }) };
  const policy = await loadPolicy(named, read, options).catch((error: unknown) => {
    throw from === undefined ? missingPolicy(named, error) : toldOf(from, error, files);
  });
  const rootInUse = await readRootInUse(policy.trust?.root, (path) => ifThere(read(path)));
  const signature = await ifThere(read(signatureOf(basename(from?.file ?? named))));
  return { policy, from, rootInUse, signature, files, keep: () => bases.keep() };
}

/** @throws SignwrightError `usage` where a policy is named that is elsewhere, and `because` it must be a file. */
export function checkIsFile(named: string, because: string): void {
  if (!isElsewhere(named)) return;
  throw new SignwrightError('usage', `the policy has to be a file here: ${because}`, {
    where: named,
    next: 'check it out, and name the file',
  });
}

function unpinned(named: string): SignwrightError {
  return new SignwrightError('policy', 'the policy is elsewhere, and nothing says what it must be', {
    where: named,
    next: 'pin it: --anchor FILE with policy-sha256, or with name, signed-by and min-serial; to look at it, check it out and name the file',
  });
}

function outside(path: string, named: string): never {
  throw new SignwrightError('configuration', `the policy names ${path}, which lies outside of where it is fetched from`, {
    where: named,
  });
}

/**
 * What is said of a policy that was fetched and is none. Whoever may choose the address need not be one who may read what is there, so
 * of what is no policy at all nothing is told.
 */
function toldOf(from: BaseReference, error: unknown, files: ReadonlyMap<string, Uint8Array>): unknown {
  if (!(error instanceof PolicyError)) return error;
  const text = Buffer.from(files.get(basename(from.file)) ?? []).toString('latin1');
  if (/^version: *1 *$/m.test(text) && /^(artifacts|tiers|extends):/m.test(text)) return error;
  const where = addressOf(from, `${from.directory}/${from.file}`);
  return new SignwrightError('policy', `what is at ${where} is no policy`, {
    where,
    next: 'check the address; where it is right, look at the file where it is kept: signwright policy check FILE',
  });
}

/** Reads the anchor a user names, or gives as text. */
export async function readAnchor(given: string): Promise<Anchor> {
  const bytes = isAnchorText(given) ? Buffer.from(given) : await readBounded(given, MAX_REFERRED, 'the anchor');
  return parseAnchor(bytes, anchorName(given));
}

async function ifThere(reading: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Reads a file of the policy. A symbolic link must not lead out: what is wrong with a file is told, and so some of what is in it. */
async function readReferred(directory: string, path: string): Promise<Buffer> {
  const file = join(directory, path);
  try {
    const above = /^(?:\.\.\/)*/.exec(path)?.[0] ?? '';
    const [root, real] = await Promise.all([realpath(join(directory, above)), realpath(file)]);
    if (!real.startsWith(root === sep ? root : `${root}${sep}`)) throw leadsOut(file, root);
    return await readBounded(real, MAX_REFERRED, 'the file');
  } catch (error) {
    if (error instanceof SignwrightError && !isMissing(error)) throw error;
    throw unreadable(file, error);
  }
}

function leadsOut(file: string, root: string): SignwrightError {
  return new SignwrightError('configuration', `${file} is a symbolic link that leads out of ${root}`, {
    where: file,
    next: 'put the file itself there, or name the policy where it really is',
  });
}

function unreadable(file: string, error: unknown): SignwrightError {
  const cause = error instanceof SignwrightError ? error.cause : error;
  const missing = ['ENOENT', 'ENOTDIR'].includes((cause as { code?: string }).code ?? '');
  const trial = missing && file.split(/[\\/]/).includes('.signwright');
  return new SignwrightError(
    'configuration',
    missing ? `the file ${file} does not exist` : `the file ${file} cannot be read: ${messageOf(cause)}`,
    {
      where: file,
      ...(trial
        ? {
            next: `make a trial trust domain with "signwright trust init --trial --directory ${dirname(file)}", or name a trust root of your own`,
          }
        : missing && file.endsWith('.pub')
          ? { next: `write the public key there: signwright signer public-key REFERENCE --out ${file}` }
          : {}),
      cause,
    },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof SignwrightError && (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT';
}

function missingPolicy(file: string, error: unknown): unknown {
  if (!isMissing(error)) return error;
  const { where } = error as SignwrightError;
  if (where !== undefined && where !== file && where !== join(file)) return error;
  const above = ['..', '../..', '../../..']
    .map((up) => join(up, file))
    .find((candidate) => !isAbsolute(file) && existsSync(candidate));
  return new SignwrightError('configuration', `there is no policy at ${file}`, {
    next: above
      ? `there is one at ${above}: run from its directory, where the names in it start`
      : 'write one with "signwright init", or name yours with --policy or SIGNWRIGHT_POLICY, which in CI belongs where its configuration is protected',
    cause: error,
  });
}

/** The trust root of a policy to sign by: one that has not expired, where it says when it does. */
export function trustRootOf(open: OpenPolicy, note: (line: string) => void): TrustRoot {
  const { trustRoot, file } = open;
  checkRootInUse(open.rootInUse, { at: Date.now(), note, signing: true });
  if (trustRoot) return trustRoot;
  throw new SignwrightError('policy', 'trust.root is missing: nothing says which timestamps count', {
    where: file,
    next: 'add trust: { root: trust/trusted-root.json }',
  });
}
