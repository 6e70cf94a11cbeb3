import {
  type BlobStore,
  type OpenedCheckpoint,
  openCheckpoint,
  SignwrightError,
  spkiOf,
  type VerifierKey,
  verifyCosignatures,
} from '@signwright/signing-core';
import { witnessKey } from '../layout.ts';

/** A checkpoint that witnesses cosigned, with all cosignatures on it that count. */
export type Witnessed = { readonly checkpoint: OpenedCheckpoint; readonly cosigned: number };

/**
 * The checkpoints that witnesses cosigned, newest first. Two witnesses rarely cosign at the same moment, so the cosignatures on one
 * checkpoint are gathered. What somebody else put in a witness's place counts for nothing.
 */
export async function witnessedCheckpoints(
  blobs: BlobStore,
  keys: readonly VerifierKey[],
  witnesses: readonly VerifierKey[],
): Promise<Witnessed[]> {
  const byText = new Map<string, OpenedCheckpoint>();
  for (const one of await Promise.all(witnesses.map((witness) => cosignedBy(blobs, keys, witness)))) {
    if (!one) continue;
    const same = byText.get(one.note.text);
    const signatures = [...(same?.note.signatures ?? []), ...one.note.signatures];
    byText.set(one.note.text, { ...one, note: { text: one.note.text, signatures: unique(signatures) } });
  }
  return [...byText.values()]
    .map((checkpoint) => ({ checkpoint, cosigned: countOf(checkpoint, keys, witnesses) }))
    .sort((a, b) => b.checkpoint.size - a.checkpoint.size);
}

/** The newest checkpoint that a witness cosigned, as the log keeps it; `undefined` where there is none that holds. */
export async function cosignedBy(
  blobs: BlobStore,
  keys: readonly VerifierKey[],
  witness: VerifierKey,
): Promise<OpenedCheckpoint | undefined> {
  const blob = await blobs.get(witnessKey(witness.name));
  return blob && cosignedIn(blob.bytes, keys, witness);
}

/** A checkpoint that the log signed and a witness cosigned, without what others signed; `undefined` where it is none. */
export function cosignedIn(bytes: Uint8Array, keys: readonly VerifierKey[], witness: VerifierKey): OpenedCheckpoint | undefined {
  try {
    const checkpoint = openCheckpoint(bytes, keys, witnessKey(witness.name));
    if (verifyCosignatures(checkpoint.note, [witness]).length === 0) return undefined;
    const signatures = checkpoint.note.signatures.filter((one) => [...keys, witness].some((by) => isBy(one, by)));
    return { ...checkpoint, note: { text: checkpoint.note.text, signatures } };
  } catch (error) {
    if (error instanceof SignwrightError && ['verification', 'invalid-input'].includes(error.code)) return undefined;
    throw error;
  }
}

/** Different keys that cosigned: one under two names counts once, and the log's own for none, as whoever verifies the proof has it. */
function countOf({ note }: OpenedCheckpoint, keys: readonly VerifierKey[], witnesses: readonly VerifierKey[]): number {
  const own = new Set(keys.map(spki));
  const cosigned = verifyCosignatures(note, witnesses).map(({ witness }) => spki(witness));
  return new Set(cosigned.filter((key) => !own.has(key))).size;
}

function spki({ publicKey }: VerifierKey): string {
  return spkiOf(publicKey).toString('hex');
}

function isBy(one: { name: string; hash: number }, key: VerifierKey): boolean {
  return one.name === key.name && one.hash === key.hash;
}

type Signatures = OpenedCheckpoint['note']['signatures'];

function unique(signatures: Signatures): Signatures {
  return [...new Map(signatures.map((one) => [`${one.name} ${one.hash} ${one.signature.toString('hex')}`, one])).values()];
}
