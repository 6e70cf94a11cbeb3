import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type BlobStore,
  hexOf,
  messageOf,
  type Retaining,
  SignwrightError,
  sha256,
  type Transactions,
} from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';
import { checkTokenHost } from './token-host.ts';

/** Where a store lies: a directory, or one of the others by URL. */
export type StorePlace = { readonly kind: 'directory' | 's3' | 'git'; readonly reference: string };

/** An object lock that what is written must stand under; for so many seconds at least, or for as long as each write says. */
export type Lock = { readonly mode: 'compliance' | 'governance'; readonly seconds?: number };

/** A store that is open, with what it can do beside keeping blobs. */
export type OpenStore = {
  readonly place: StorePlace;
  readonly blobs: BlobStore;
  readonly transactions?: Transactions;
  readonly retaining?: Retaining;
};

/** The environment variable with the token for branches, where the CI's own job token will not do. */
const GIT_TOKEN = 'SIGNWRIGHT_GIT_TOKEN';

/** Says where a reference leads; `what` it is of, for messages. A directory is relative to where the policy is. */
export function storePlace(reference: string, open: Pick<OpenPolicy, 'directory'>, what: string): StorePlace {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(reference)?.[1];
  if (scheme === undefined) return { kind: 'directory', reference: resolve(open.directory, reference) };
  if (scheme === 's3') return { kind: 's3', reference };
  if (scheme.startsWith('git+')) return { kind: 'git', reference };
  throw new SignwrightError('configuration', `${what}: there is no store of the kind ${scheme}:`, {
    next: 'name a directory, s3://bucket/prefix, or git+https://host/repository.git#branch',
  });
}

/**
 * Opens a store. The libraries of what lies elsewhere are loaded here, when they are needed.
 *
 * @param lock the object lock that it must have.
 * @throws SignwrightError `configuration` where it cannot lock what it must, and as the store does.
 */
export async function openStore(place: StorePlace, lock?: Lock): Promise<OpenStore> {
  const storage = await import('@signwright/storage');
  switch (place.kind) {
    case 'directory': {
      const blobs = storage.createDirectoryStore(place.reference);
      if (lock) await blobs.checkLock(lock.mode);
      return { place, blobs, retaining: blobs };
    }
    case 's3': {
      const blobs = storage.createS3Store({ ...storage.parseS3Reference(place.reference), ...(lock ? { retain: lock } : {}) });
      if (lock) await blobs.checkLock(lock.mode);
      return { place, blobs, retaining: blobs };
    }
    case 'git': {
      const repository = storage.parseGitReference(place.reference);
      const tokened = Boolean(process.env[GIT_TOKEN]) && /^https?:/.test(repository.url);
      if (tokened) checkTokenHost(GIT_TOKEN, new URL(repository.url).host);
      const blobs = storage.createGitStore({
        ...repository,
        cache: join(cacheDirectory(), 'branches', hexOf(sha256(place.reference))),
        ...(tokened ? { tokenEnv: GIT_TOKEN } : {}),
      });
      if (lock) throw cannotLock(place, 'a branch can be rewritten by whoever may push to it');
      return { place, blobs, transactions: blobs };
    }
  }
}

/** The error for a store that cannot lock what the policy wants locked. */
export function cannotLock({ reference }: { readonly reference: string }, why: string): SignwrightError {
  return new SignwrightError('configuration', `the policy wants an object lock, and ${reference} has none: ${why}`, {
    next: 'use a bucket with Object Lock (s3://…), or take "lock" out of the policy',
  });
}

/** Where this user's programs keep what they can make anew. */
export function cacheDirectory(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'signwright');
}

/** The directories among the stores of a policy: their files are no artifacts. */
export function storeDirectories(open: OpenPolicy, evidence: { readonly kind: string; readonly reference: string }): string[] {
  const { audit } = open.policy;
  const places = [evidence, ...(audit === undefined ? [] : [storePlace(audit.log, open, 'audit.log')])];
  return places.flatMap(({ kind, reference }) => (kind === 'directory' ? [reference] : []));
}

/** Why a directory cannot be looked into; nothing where it can. */
export function whyNoDirectory(directory: string): string | undefined {
  try {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    return `there is no evidence directory ${directory}`;
  } catch (error) {
    return `the evidence directory ${directory} cannot be looked at: ${messageOf(error)}`;
  }
}
