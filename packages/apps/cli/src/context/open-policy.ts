import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { readBounded } from '@signwright/files';
import { type Anchor, checkAnchor, loadPolicy, type Policy, parseAnchor, signatureOf } from '@signwright/policy';
import { messageOf, parseTrustRoot, recordReads, SignwrightError, type TrustRoot, writeSnapshot } from '@signwright/signing-core';
import { createBases } from './fetch-bases.ts';
import { checkRootInUse, type RootInUse, readRootInUse } from './root-in-use.ts';
import { rememberEditions } from './seen-editions.ts';

/** A policy that is ready to judge by. */
export type OpenPolicy = {
  readonly policy: Policy;
  readonly file: string;
  /** Where paths in the policy start. */
  readonly directory: string;
  readonly trustRoot: TrustRoot | undefined;
  /** The edition the trust root is, where one was ever signed; absent for a policy out of evidence, whose day is over. */
  readonly rootInUse?: RootInUse;
  /** Where evidence is kept if nobody names a store. */
  readonly evidenceElse?: string;
  /** Whether it was held against an anchor from outside. */
  readonly anchored: boolean;
  /** Every file it was loaded from, as evidence keeps them: whoever verifies years later loads the same policy. */
  readonly snapshot: () => Uint8Array;
};

export type PolicyOptions = {
  readonly policy: string;
  readonly anchor?: string;
  readonly anchorText?: string;
  readonly evidenceElse?: string;
};

const MAX_REFERRED = 4 * 1024 * 1024;

/** Reads the policy, what it refers to, and holds it against the anchor and against what this machine has seen. */
export async function openPolicy(options: PolicyOptions, now: Date): Promise<OpenPolicy> {
  const { policy, read, files, rootInUse } = await readPolicy(options.policy, now);
  const directory = dirname(options.policy);
  const file = policy.trust?.root;
  const trustRoot = file ? parseTrustRoot(file.root, file.issuers, join(directory, file.path)) : undefined;
  // Beside the policy, and so in its snapshot: an anchor may ask for it years later.
  const signature = await ifThere(read(signatureOf(basename(options.policy))));
  const anchor = options.anchor === undefined ? undefined : await readAnchor(options.anchor, options.anchorText);
  const edition = anchor === undefined ? undefined : await checkAnchor(policy, { trustRoot, signature }, anchor);
  await rememberEditions([...policy.signedBases, ...(edition === undefined ? [] : [edition])]);
  const snapshot = (): Uint8Array => writeSnapshot({ digest: policy.digest, file: basename(options.policy), files });
  const anchored = options.anchor !== undefined;
  const { evidenceElse } = options;
  const more = { ...(rootInUse && { rootInUse }), ...(evidenceElse === undefined ? {} : { evidenceElse }) };
  return { policy, file: options.policy, directory, trustRoot, ...more, anchored, snapshot };
}

type ReadPolicy = { policy: Policy; rootInUse: RootInUse | undefined } & ReturnType<typeof recordReads>;

/** Reads a policy with what it refers to and builds on, to look at: nothing says that it is the one to judge by. */
export async function readPolicy(file: string, now: Date): Promise<ReadPolicy> {
  const bases = createBases();
  const { read, files } = recordReads((path) => bases.read(path) ?? readReferred(dirname(file), path));
  const policy = await loadPolicy(file, read, { now, fetchBase: bases.fetchBase }).catch((error: unknown) => {
    throw missingPolicy(file, error);
  });
  const rootInUse = await readRootInUse(policy.trust?.root, (path) => ifThere(read(path)));
  await bases.keep(files);
  return { policy, read, files, rootInUse };
}

/** Reads the anchor a user names, or the text they give as one. */
export async function readAnchor(file: string, text?: string): Promise<Anchor> {
  return parseAnchor(text === undefined ? await readBounded(file, MAX_REFERRED, 'the anchor') : Buffer.from(text), file);
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
      : 'write one with "signwright init", or name yours with --policy FILE',
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
