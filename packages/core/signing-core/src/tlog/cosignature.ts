import { SignwrightError } from '../error.ts';
import type { Signer } from '../ports/signer.ts';
import { signMessage } from '../sign.ts';
import { verifyMessage } from '../verify-signature.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { describe, isBy, type Note, signatureLine } from './signed-note.ts';
import { type VerifierKey, verifierKeyOf } from './verifier-key.ts';

/** A witness's word that, at this time (whole seconds), this was the newest checkpoint of the log it knew, and consistent. */
export type Cosignature = { readonly witness: VerifierKey; readonly at: Date };

const SIGNATURE_SIZE = 8 + 64;

/**
 * Cosigns a checkpoint as a witness does (C2SP tlog-cosignature, Ed25519). Whoever calls this has checked that the log signed it and
 * that it is consistent with all it cosigned before.
 *
 * @returns the signature line, for `addSignature`.
 * @throws SignwrightError `configuration` for a key that is not Ed25519; `invalid-input` where the note is no checkpoint.
 */
export async function cosign(note: Note, witnessName: string, signer: Signer, at: Date): Promise<string> {
  parseCheckpoint(note.text);
  const key = verifierKeyOf(witnessName, await signer.publicKey(), 'witness');
  const seconds = Math.floor(at.getTime() / 1000);
  const signature = await signMessage(signer, cosignedMessage(seconds, note.text));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  return signatureLine({ name: key.name, hash: key.hash, signature: Buffer.concat([time, signature]) });
}

/**
 * Which witnesses cosigned a checkpoint, each once, with the newest of its times. Cosignatures by others are ignored.
 *
 * @throws SignwrightError `verification` where a cosignature by one of `witnesses` does not hold.
 */
export function verifyCosignatures(note: Note, witnesses: readonly VerifierKey[]): Cosignature[] {
  return witnesses.flatMap((witness) => {
    const times = note.signatures.filter((one) => isBy(one, witness)).map((one) => timeOf(one.signature, note.text, witness));
    return times.length === 0 ? [] : [{ witness, at: new Date(Math.max(...times)) }];
  });
}

/** When it was made, in milliseconds; throws unless it holds. */
function timeOf(signature: Buffer, text: string, witness: VerifierKey): number {
  const seconds = signature.length === SIGNATURE_SIZE ? Number(signature.readBigUInt64BE(0)) : Number.NaN;
  const holds =
    witness.type === 'cosignature' &&
    seconds <= LAST_SECOND &&
    verifyMessage(witness.publicKey, signature.subarray(8), cosignedMessage(seconds, text));
  if (holds) return seconds * 1000;
  throw new SignwrightError('verification', `the cosignature by ${describe(witness)} does not hold`, {
    next: 'the checkpoint or the cosignature was changed',
  });
}

/** What a Date can hold: the year 275760. */
const LAST_SECOND = 8_640_000_000_000;

function cosignedMessage(seconds: number, text: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}
