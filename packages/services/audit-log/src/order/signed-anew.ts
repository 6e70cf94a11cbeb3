import { type LogKey, openCheckpoint, type Signer, signNote, verifierKeyOf, writeNote } from '@signwright/signing-core';
import { originOf } from '../context.ts';
import { HEAD } from '../layout.ts';
import type { Head } from './head.ts';

/**
 * The checkpoint of a head by the key that takes over, so that the old one may end where nothing new is written, too.
 *
 * @returns nothing where it is the key's own, or that of one which the log lists before it.
 */
export async function signedAnew({ checkpoint }: Head, keys: readonly LogKey[], signer: Signer): Promise<Buffer | undefined> {
  if (checkpoint === undefined) return undefined;
  const origin = originOf(keys);
  const { note, signedBy } = openCheckpoint(checkpoint, keys, HEAD);
  const own = verifierKeyOf(origin, await signer.publicKey(), 'log').text;
  const places = signedBy.map(({ text }) => keys.findIndex((key) => key.text === text));
  if (Math.min(...places) <= keys.findIndex(({ text }) => text === own)) return undefined;
  return writeNote(await signNote(note.text, origin, signer));
}
