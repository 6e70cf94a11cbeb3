import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { OpenPolicy } from '../context/open-policy.ts';
import { certificatesOf } from './definitions.ts';
import { isHeld } from './held.ts';

/** Where held certificates are unless a signer of the policy says otherwise. */
const HELD = join('.signwright', 'held');

/** A directory with a certificate of a profile. */
export type HeldDirectory = { readonly directory: string; readonly profile: string };

/** Where the certificate of a profile is held: where a signer with it says, else in its default place. */
export function heldDirectoryOf(open: OpenPolicy, profile: string): string {
  const [first] = ofSigners(open).filter((one) => one.profile === profile);
  return first?.directory ?? resolve(open.directory, HELD, profile);
}

/** All the directories here that hold a certificate of a profile of the policy. */
export async function heldDirectories(open: OpenPolicy): Promise<HeldDirectory[]> {
  const { profiles } = certificatesOf(open);
  const root = resolve(open.directory, HELD);
  const names = await readdir(root).catch(() => [] as string[]);
  const inPlace = names.map((profile) => ({ directory: join(root, profile), profile }));
  const all = new Map([...inPlace, ...ofSigners(open)].map((one) => [one.directory, one]));
  return [...all.values()].filter(({ directory, profile }) => profiles.has(profile) && isHeld(directory));
}

function ofSigners({ policy, directory }: OpenPolicy): HeldDirectory[] {
  return [...policy.signers.values()].flatMap(({ certificate }) =>
    certificate?.type === 'held' && certificate.profile !== undefined
      ? [{ directory: resolve(directory, certificate.url), profile: certificate.profile }]
      : [],
  );
}
