import { openCheckpoint, SignwrightError, spkiOf, type VerifierKey, verifyCosignatures } from '@signwright/signing-core';
import type { OpenLogReader } from '../open-log-reader.ts';
import type { Demand } from '../prove/prove.ts';
import type { Witnessed } from '../prove/witnessed.ts';
import { contradiction, contradicts } from '../witness/contradicts.ts';

/**
 * Refuses a log that does not begin with what its witnesses saw of it.
 *
 * @param cosigned what they cosigned, read before the log was opened.
 * @throws SignwrightError `verification`.
 */
export async function checkSeen(
  cosigned: readonly Witnessed[],
  reader: OpenLogReader,
  keys: readonly VerifierKey[],
): Promise<void> {
  const newest = reader.note && openCheckpoint(reader.note, keys, 'head');
  for (const seen of cosigned) {
    const found = newest ? await contradicts(seen, newest, reader) : contradiction(seen, undefined, reader);
    if (found === undefined) continue;
    throw new SignwrightError('verification', `what witnesses cosigned contradicts the log: ${found.message}`, {
      next: 'find out who changed the store, and bring back what was there: a copy, an earlier version',
    });
  }
}

/**
 * The newest instant at which enough witnesses attest that the log had nothing that is not in it now. Each of them may have seen it
 * at another size.
 *
 * @returns `undefined` where too few attest any, or none need to.
 */
export function attestedAt(
  cosigned: readonly Witnessed[],
  keys: readonly VerifierKey[],
  { witnesses, count }: Demand,
): Date | undefined {
  const own = new Set(keys.map(spki));
  const newest = new Map<string, number>();
  for (const { note } of cosigned) {
    for (const { witness, at } of verifyCosignatures(note, witnesses)) {
      // One key under two names attests once, and the log's own nothing.
      if (!own.has(spki(witness))) newest.set(spki(witness), Math.max(newest.get(spki(witness)) ?? 0, at.getTime()));
    }
  }
  const time = count === 0 ? undefined : [...newest.values()].sort((a, b) => b - a)[count - 1];
  return time === undefined ? undefined : new Date(time);
}

function spki({ publicKey }: VerifierKey): string {
  return spkiOf(publicKey).toString('hex');
}
