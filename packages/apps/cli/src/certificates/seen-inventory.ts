import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '@signwright/certificates';
import { hexOf, messageOf, SignwrightError, sha256 } from '@signwright/signing-core';
import { stateDirectory } from '../context/seen-editions.ts';
import { printNote } from '../print-lines.ts';

/**
 * An inventory that is held against how much of it this machine has seen: a store that gives an earlier state of it, or none, would
 * bring revoked certificates back. A fresh machine has seen nothing.
 *
 * Each length is an empty file of its own, so that however many processes do this at once, what is remembered only rises.
 *
 * @param reference where it is kept.
 */
export function rememberInventory(journal: Journal, reference: string): Journal {
  const state = stateDirectory();
  if (state === undefined) return journal;
  const place = join(state, 'signwright', 'inventories', hexOf(sha256(reference)));
  return {
    async read() {
      const seen = await lengthsIn(place);
      const read = await journal.read();
      const longest = Math.max(0, ...seen);
      if (read.position < longest) throw shorter(reference, read.position, longest, place);
      if (read.position > longest) await remember(place, read.position, seen);
      return read;
    },
    append: (before, events) => journal.append(before, events),
  };
}

function shorter(reference: string, position: number, longest: number, place: string): SignwrightError {
  return new SignwrightError(
    'verification',
    `the inventory ${reference} has ${position} entries, and had ${longest} when this machine saw it before`,
    { where: reference, next: `restore it from a backup; if it was begun anew on purpose, remove ${place}` },
  );
}

async function lengthsIn(place: string): Promise<number[]> {
  try {
    return (await readdir(place)).flatMap((name) => (/^\d{1,12}$/.test(name) ? [Number(name)] : []));
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as { code?: string }).code ?? '')) return [];
    throw new SignwrightError('configuration', `how much of the inventory was seen before cannot be read: ${messageOf(cause)}`, {
      where: place,
      next: 'give this user the right to read it, or name another place in XDG_STATE_HOME',
      cause,
    });
  }
}

async function remember(place: string, position: number, older: readonly number[]): Promise<void> {
  try {
    await mkdir(place, { recursive: true });
    await writeFile(join(place, String(position)), '');
    for (const one of older) if (one < position) await rm(join(place, String(one)), { force: true });
  } catch (error) {
    printNote(`how much of the inventory was seen cannot be remembered in ${place}: ${messageOf(error)}`);
  }
}
