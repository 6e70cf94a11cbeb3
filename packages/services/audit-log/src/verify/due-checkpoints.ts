import {
  type BlobStore,
  type OpenedCheckpoint,
  openCheckpoint,
  SignwrightError,
  type VerifierKey,
  verifyCosignatures,
} from '@signwright/signing-core';
import { CHECKPOINT, witnessKey } from '../layout.ts';
import type { Findings } from './finding.ts';

/** A checkpoint that somebody saw of the log, and where it was read. */
export type DueCheckpoint = { readonly place: string; readonly size: number; readonly root: Buffer };

/** Checkpoints that were kept elsewhere, as whoever brings them names them. */
export type EarlierCheckpoint = { readonly place: string; readonly bytes: Uint8Array };

type Sources = {
  readonly blobs: BlobStore;
  readonly keys: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly earlier: readonly EarlierCheckpoint[];
};

/** Every checkpoint that the log must agree with: the published one, those that witnesses cosigned, and those that were brought. */
export async function dueCheckpoints({ blobs, keys, witnesses, earlier }: Sources, findings: Findings): Promise<DueCheckpoint[]> {
  const due: DueCheckpoint[] = [];
  const add = (place: string, bytes: Uint8Array | undefined, check: (opened: OpenedCheckpoint) => string | undefined): void => {
    if (!bytes) return;
    try {
      const opened = openCheckpoint(bytes, keys, place);
      const why = check(opened);
      if (why === undefined) due.push({ place, size: opened.size, root: opened.root });
      else findings.damage('checkpoint', place, why);
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      findings.damage('checkpoint', place, error.message);
    }
  };
  add(CHECKPOINT, (await blobs.get(CHECKPOINT))?.bytes, () => undefined);
  for (const witness of witnesses) {
    const key = witnessKey(witness.name);
    add(key, (await blobs.get(key))?.bytes, ({ note }) =>
      verifyCosignatures(note, witnesses).some((one) => one.witness === witness)
        ? undefined
        : `it has no cosignature by ${witness.name}`,
    );
  }
  for (const { place, bytes } of earlier) add(place, bytes, () => undefined);
  return due;
}
