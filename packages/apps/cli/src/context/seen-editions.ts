import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { checkNotOlder, type SeenEdition, type SignedEdition } from '@signwright/policy';
import { hexOf, messageOf, type Sha256, SignwrightError, sha256, type Who, whoText } from '@signwright/signing-core';
import { printNote } from '../print-lines.ts';

/**
 * Holds signed editions against the newest of each that this machine has seen, then remembers them. A fresh machine has seen none:
 * there `min-serial` is what keeps an old edition out.
 *
 * Each edition is an empty file of its own, so that however many processes do this at once, what is remembered only rises.
 *
 * @throws SignwrightError `policy` for an older edition, `configuration` where what was remembered cannot be read.
 */
export async function rememberEditions(editions: readonly SignedEdition[]): Promise<void> {
  const state = stateDirectory();
  if (state === undefined) return;
  for (const edition of editions) {
    const placeOf = (one: Pick<SignedEdition, 'who' | 'root'>): string =>
      join(state, 'signwright', 'editions', keyOf({ ...edition, root: undefined, ...one }));
    const place = placeOf(edition);
    const seen = await editionsIn(place);
    // Of the others it is only read: who lists somebody beside themselves must not spoil what is remembered of them.
    const others = (await Promise.all((edition.others ?? []).map((one) => editionsIn(placeOf(one))))).flat();
    const newest = [...seen, ...others].reduce<SeenEdition | undefined>(
      (a, b) => (a === undefined || b.serial > a.serial ? b : a),
      undefined,
    );
    checkNotOlder(edition, newest);
    if (!seen.some(({ serial }) => serial === edition.serial)) await remember(place, edition, seen);
  }
}

/** By its trust root too: whoever brings one of their own signs in anybody's name, and must not spoil what is remembered of others. */
function keyOf({ name, who, root }: { name: string; who: Who; root?: Sha256 | undefined }): string {
  return hexOf(sha256(JSON.stringify([name, whoText(who), root ?? ''])));
}

/** Where this user's programs keep what they saw: XDG Base Directory Specification; nothing where there is no home. */
export function stateDirectory(): string | undefined {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local, HOME: home } = process.env;
  if (state !== undefined && isAbsolute(state)) return state;
  if (process.platform === 'win32') return local;
  return home === undefined || !isAbsolute(home) ? undefined : join(home, '.local', 'state');
}

function nameOf({ serial, digest }: SeenEdition): string {
  return `${serial}-${hexOf(digest)}`;
}

async function editionsIn(place: string): Promise<SeenEdition[]> {
  try {
    return (await readdir(place)).flatMap((name) => {
      const [, serial, digest] = /^(\d{1,16})-([0-9a-f]{64})$/.exec(name) ?? [];
      return serial === undefined ? [] : [{ serial: Number(serial), digest: `sha256:${digest}` as const }];
    });
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as { code?: string }).code ?? '')) return [];
    throw new SignwrightError('configuration', `the policies seen before cannot be read: ${messageOf(cause)}`, {
      where: place,
      next: 'give this user the right to read it, or name another place in XDG_STATE_HOME',
      cause,
    });
  }
}

async function remember(place: string, edition: SignedEdition, older: readonly SeenEdition[]): Promise<void> {
  try {
    await mkdir(place, { recursive: true, mode: 0o700 });
    await writeFile(join(place, nameOf(edition)), '', { mode: 0o600 });
    for (const one of older) await rm(join(place, nameOf(one)), { force: true });
  } catch (error) {
    printNote(`the serial ${edition.serial} of the policy ${edition.name} cannot be remembered here: ${messageOf(error)}`);
  }
}
