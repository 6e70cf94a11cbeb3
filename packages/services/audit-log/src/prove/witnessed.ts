import {
  type BlobStore,
  type Note,
  type OpenedCheckpoint,
  openCheckpoint,
  SignwrightError,
  spkiOf,
  type VerifierKey,
  verifyCosignatures,
} from '@signwright/signing-core';
import { witnessKey } from '../layout.ts';

/** A checkpoint that the log signed, with the cosignatures on it that hold, and how many witnesses made them. */
export type Witnessed = OpenedCheckpoint & { readonly cosigned: number };

/**
 * The checkpoints that witnesses cosigned, newest first. Two witnesses rarely cosign at the same moment, so the cosignatures on one
 * checkpoint are gathered. What somebody else put in a witness's place counts for nothing.
 */
export async function witnessedCheckpoints(
  blobs: BlobStore,
  keys: readonly VerifierKey[],
  witnesses: readonly VerifierKey[],
): Promise<Witnessed[]> {
  const found = await Promise.all(witnesses.map(({ name }) => blobs.get(witnessKey(name))));
  const byText = new Map<string, Witnessed>();
  for (const blob of found) {
    const one = blob && witnessedIn(blob.bytes, keys, witnesses);
    if (!one || one.cosigned === 0) continue;
    const same = byText.get(one.note.text);
    byText.set(one.note.text, same ? counted(same, [...same.note.signatures, ...one.note.signatures], keys, witnesses) : one);
  }
  return [...byText.values()].sort((a, b) => b.size - a.size);
}

/** A note's checkpoint with the cosignatures that hold; `undefined` where the log did not sign it. */
export function witnessedIn(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
  witnesses: readonly VerifierKey[],
): Witnessed | undefined {
  const checkpoint = unlessRefused(() => openCheckpoint(bytes, keys, 'the cosigned checkpoint'));
  return checkpoint && counted(checkpoint, checkpoint.note.signatures, keys, witnesses);
}

/** The checkpoint with those of the signatures that are the log's, or a witness's and hold. */
function counted(
  checkpoint: OpenedCheckpoint,
  from: Note['signatures'],
  keys: readonly VerifierKey[],
  witnesses: readonly VerifierKey[],
): Witnessed {
  const signatures = [...new Map(from.map((one) => [`${one.name} ${one.hash} ${one.signature.toString('hex')}`, one])).values()];
  const note = { text: checkpoint.note.text, signatures };
  const holding = witnesses.filter((witness) => unlessRefused(() => verifyCosignatures(note, [witness]))?.length === 1);
  // One key under two names counts once, and the log's own for none, as whoever verifies a proof has it.
  const own = new Set(keys.map(spki));
  const cosigned = new Set(holding.map(spki).filter((key) => !own.has(key))).size;
  return {
    ...checkpoint,
    note: { text: note.text, signatures: signatures.filter((one) => isBy(one, [...keys, ...holding])) },
    cosigned,
  };
}

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SignwrightError && ['verification', 'invalid-input'].includes(error.code)) return undefined;
    throw error;
  }
}

function spki({ publicKey }: VerifierKey): string {
  return spkiOf(publicKey).toString('hex');
}

function isBy(one: { name: string; hash: number }, keys: readonly VerifierKey[]): boolean {
  return keys.some(({ name, hash }) => one.name === name && one.hash === hash);
}
