import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArchivedArtifact, OpenArchive } from '@signwright/evidence';
import { type EvidenceStore, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../../context/artifacts-in-hand.ts';
import { openExistingEvidence } from '../../context/open-evidence.ts';
import type { Run } from '../../context/run.ts';
import { placeWithoutPolicy } from './check.ts';

/** Evidence, and the artifacts that are to be judged by it. */
export type EvidenceToJudge = {
  readonly store: EvidenceStore;
  readonly artifacts: readonly ArchivedArtifact[];
  /** Digests of all the evidence is known to be about, whichever of them are judged. */
  readonly about: readonly Sha256[];
  /** Where the evidence is, for people. */
  readonly place: string;
};

type Options = { readonly policy?: string; readonly evidence?: string; readonly quiet?: true };

/**
 * All artifacts of an archive, by the names it was made with; or the files given, by their digests. What the archive calls a file
 * gains it nothing: the signed part's name is held against the policy too.
 */
export async function inArchive(path: string, files: readonly string[], options: Options, run: Run): Promise<EvidenceToJudge> {
  const archive = await openWhole(path);
  if (archive.artifacts.length === 0) {
    throw new SignwrightError('verification', `the archive ${path} is about no artifact`, { where: path });
  }
  const artifacts =
    files.length === 0 ? archive.artifacts : (await hashed(files, [path], options, run)).flatMap((file) => called(file, archive));
  const about = [...archive.artifacts, ...artifacts].map(({ digest }) => digest);
  return { store: archive.store, artifacts, about: [...new Set(about)], place: path };
}

/** The files given, with what a store has about them. */
export async function inStore(files: readonly string[], options: Options, run: Run): Promise<EvidenceToJudge> {
  const place = await placeWithoutPolicy(options);
  const stores = place.kind === 'directory' ? [place.reference] : [];
  const artifacts = await hashed(files, stores, options, run);
  const about = [...new Set(artifacts.map(({ digest }) => digest))];
  return { store: await openExistingEvidence(place), artifacts, about, place: place.reference };
}

/** Opens an archive; a manifest that is not one is a change like any other. */
async function openWhole(path: string): Promise<OpenArchive> {
  const { openArchive } = await import('@signwright/evidence');
  try {
    return await openArchive(path);
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'invalid-input') throw error;
    throw new SignwrightError('verification', `the archive ${path} is not as it was made: ${error.message}`, {
      where: path,
      next: 'get it again from where it was made; nothing in it can be relied on',
      cause: error,
    });
  }
}

/** The files by their bytes; what is evidence itself is none of them. */
async function hashed(
  files: readonly string[],
  without: readonly string[],
  options: Options,
  run: Run,
): Promise<readonly ArtifactInHand[]> {
  const found = await nameArtifacts({ patterns: [] }, files, options.quiet ? { quiet: true } : {}, without, run);
  const evidence = new Set(without.map(real));
  const wanted = found.filter(({ file }) => file === undefined || !evidence.has(real(file.path)));
  return hashArtifacts(wanted, options.quiet ? { quiet: true } : {}, run);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function called(file: ArtifactInHand, { artifacts }: OpenArchive): readonly ArchivedArtifact[] {
  const same = artifacts.filter(({ digest }) => digest === file.digest);
  return same.length === 0 || same.some(({ name }) => name === file.name) ? [{ name: file.name, digest: file.digest }] : same;
}
