import { mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readBounded, writeAtomic } from '@signwright/files';
import type { BaseReference } from '@signwright/policy';
import { hexOf, readSnapshot, SignwrightError, sha256, writeSnapshot } from '@signwright/signing-core';
import { cacheDirectory } from './open-store.ts';

/** The files of a base, by their paths below it. */
type Files = ReadonlyMap<string, Uint8Array>;

const MAX_KEPT = 64 * 1024 * 1024;

/**
 * What was kept of a base that is pinned by its policy digest; nothing where there is none, or where it is not as it was written:
 * its own SHA-256 is part of its name.
 */
export async function readKept(reference: BaseReference): Promise<Files | undefined> {
  const directory = placeOf(reference);
  const pinned = reference.sha256;
  if (pinned === undefined) return undefined;
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(`${hexOf(pinned)}-`))) {
    const bytes = await readBounded(join(directory, name), MAX_KEPT, 'the policy that was kept').catch(() => undefined);
    if (bytes !== undefined && name === nameOf(reference, bytes)) return readSnapshot(bytes).files;
  }
  return undefined;
}

/** Keeps what a pinned base was loaded from. Nobody depends on it: where it cannot be kept, it is fetched again. */
export async function keepPolicy(reference: BaseReference, files: Files): Promise<void> {
  const directory = placeOf(reference);
  if (reference.sha256 === undefined) return;
  try {
    const bytes = writeSnapshot({ digest: reference.sha256, file: reference.file, files });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeAtomic(join(directory, nameOf(reference, bytes)), bytes, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof SignwrightError) && typeof (error as { code?: unknown }).code !== 'string') throw error;
  }
}

function nameOf({ sha256: pinned }: BaseReference, bytes: Uint8Array): string {
  return `${hexOf(pinned ?? sha256(bytes))}-${hexOf(sha256(bytes))}`;
}

function placeOf({ directory }: BaseReference): string {
  return join(cacheDirectory(), 'policies', basename(directory));
}
