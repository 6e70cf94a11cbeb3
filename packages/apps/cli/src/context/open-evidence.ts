import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createEvidenceStore } from '@signwright/evidence';
import {
  type EvidenceStore,
  type EvidenceTrust,
  messageOf,
  type Refusal,
  type Sha256,
  SignwrightError,
  type Verified,
  verifyEvidence,
} from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import type { OpenPolicy } from './open-policy.ts';

/** Where evidence is: what the user names, else the policy's store, else beside the work. */
export function evidenceDirectory(open: OpenPolicy, named: string | undefined): string {
  if (named !== undefined) {
    if (/^[a-z0-9+.-]+:\/\//i.test(named)) {
      throw new SignwrightError(
        'not-enforced-yet',
        `--evidence ${named.split('//')[0]}//… names a store this version does not have`,
        { next: 'name a directory' },
      );
    }
    return named;
  }
  return open.policy.evidence ? resolve(open.directory, open.policy.evidence.store) : resolve('.signwright', 'evidence');
}

export function openEvidence(directory: string): EvidenceStore {
  return createEvidenceStore(createDirectoryStore(directory));
}

/** A store to verify from: where there is none, nothing is known, which is not the same as unsigned. */
export function openExistingEvidence(directory: string): EvidenceStore {
  const store = openEvidence(directory);
  const why = whyNoDirectory(directory);
  if (why === undefined) return store;
  return {
    ...store,
    list: async () => {
      throw new SignwrightError('unreachable', why);
    },
  };
}

function whyNoDirectory(directory: string): string | undefined {
  try {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    return `there is no evidence directory ${directory}`;
  } catch (error) {
    return `the evidence directory ${directory} cannot be looked at: ${messageOf(error)}`;
  }
}

/** The evidence about some artifacts, verified; by artifact. */
export type CollectedEvidence = {
  verified(digest: Sha256): readonly Verified[];
  refused(digest: Sha256): readonly Refusal[];
  /** Whether the store could tell what it holds. */
  readonly listed: boolean;
  /** Why some of it could not be read, where it could not: what it would prove is not known. */
  readonly unreachable?: string;
};

/**
 * Reads and verifies what the store lists for these digests; each piece once, however many artifacts it is about. One that cannot
 * be read hides none of the others.
 */
export async function collectEvidence(
  store: EvidenceStore,
  digests: readonly Sha256[],
  trust: EvidenceTrust,
): Promise<CollectedEvidence> {
  const results = new Map<Sha256, Verified | Refusal>();
  const failures: string[] = [];
  const readable = async <T>(read: Promise<T>): Promise<T | undefined> =>
    read.catch((error: unknown) => {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
      failures.push(`the evidence cannot be read: ${messageOf(error)}`);
      return undefined;
    });
  const listed = await readable(store.list(digests));
  for (const id of new Set([...(listed?.values() ?? [])].flat())) {
    const bytes = await readable(store.get(id));
    if (bytes) results.set(id, await verifyEvidence(id, bytes, trust));
  }
  const about = (digest: Sha256): (Verified | Refusal)[] => (listed?.get(digest) ?? []).flatMap((id) => results.get(id) ?? []);
  return {
    verified: (digest) => about(digest).filter((one): one is Verified => !('code' in one)),
    refused: (digest) => about(digest).filter((one): one is Refusal => 'code' in one),
    listed: listed !== undefined,
    ...(failures[0] === undefined ? {} : { unreachable: failures[0] }),
  };
}
