import { dirname, join } from 'node:path';
import { readBounded } from '@signwright/files';
import { checkAnchor, loadPolicy, type Policy, parseAnchor } from '@signwright/policy';
import { parseTrustRoot, SignwrightError, type TrustRoot } from '@signwright/signing-core';

/** A policy that is ready to judge by. */
export type OpenPolicy = {
  readonly policy: Policy;
  readonly file: string;
  /** Where paths in the policy start. */
  readonly directory: string;
  readonly trustRoot: TrustRoot | undefined;
  /** Whether it was held against an anchor from outside. */
  readonly anchored: boolean;
};

export type PolicyOptions = { readonly policy: string; readonly anchor?: string };

const MAX_REFERRED = 4 * 1024 * 1024;

/** Reads the policy, what it refers to, and holds it against the anchor. */
export async function openPolicy(options: PolicyOptions, now: Date): Promise<OpenPolicy> {
  const directory = dirname(options.policy);
  const policy = await loadPolicy(options.policy, (path) => readReferred(join(directory, path)), { now }).catch(
    (error: unknown) => {
      throw missingPolicy(options.policy, error);
    },
  );
  const file = policy.trust?.root;
  const trustRoot = file ? parseTrustRoot(file.root, file.issuers, join(directory, file.path)) : undefined;
  if (options.anchor !== undefined) {
    const anchor = parseAnchor(await readBounded(options.anchor, MAX_REFERRED, 'the anchor'), options.anchor);
    checkAnchor(policy, trustRoot?.digest, anchor);
  }
  return { policy, file: options.policy, directory, trustRoot, anchored: options.anchor !== undefined };
}

async function readReferred(path: string): Promise<Buffer> {
  try {
    return await readBounded(path, MAX_REFERRED, 'the file');
  } catch (error) {
    if (!isMissing(error) || !path.split(/[\\/]/).includes('.signwright')) throw error;
    throw new SignwrightError('configuration', `the file ${path} does not exist`, {
      where: path,
      next: 'make a trial trust domain with "signwright trust init --trial", or name a trust root of your own',
      cause: (error as SignwrightError).cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof SignwrightError && (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT';
}

function missingPolicy(file: string, error: unknown): unknown {
  if (!isMissing(error)) return error;
  const { where } = error as SignwrightError;
  if (where !== undefined && where !== file) return error;
  return new SignwrightError('configuration', `there is no policy at ${file}`, {
    next: 'write one with "signwright init", or name yours with --policy FILE',
    cause: error,
  });
}
