import {
  type PersonRule,
  type PlatformAccount,
  readSshSignature,
  SignwrightError,
  type SshKeyRule,
  type SshPublicKey,
  unarmorSshSignature,
  verifySshSignature,
} from '@signwright/signing-core';
import type { Commit, CommitSignature } from './parse-commit.ts';

/** Who wrote a commit, and how that is known. */
export type Author =
  | { readonly by: 'platform'; readonly account: PlatformAccount }
  | { readonly by: 'signature'; readonly person: string };

/** What makes an author known. */
export type Witnesses = {
  /** By commit: who pushed it, or authored the merge request it came with. The platform says so. */
  readonly verified: ReadonlyMap<string, readonly PlatformAccount[]>;
  /** The people of the policy. */
  readonly people: readonly Pick<PersonRule, 'id' | 'keys'>[];
};

/** The authors of a commit as far as they are known; else why they are not. */
export type KnownAuthors = { readonly authors: readonly Author[] } | { readonly why: string };

type Owned = { readonly person: string; readonly key: SshKeyRule };

/** What git signs commits for (gpg.format `ssh`). */
const NAMESPACE = 'git';

/**
 * Makes the question who wrote a commit. The platform's word and the signature both count; names and addresses in the commit do not.
 *
 * A key that counts as compromised makes no commit known, whatever date the commit bears: whoever stole it dates commits as they like.
 * For the same reason `from` and `until` only narrow: a commit dated outside them is not known, one dated inside may have been dated so.
 */
export function authorFinder({ verified, people }: Witnesses): (commit: Commit) => KnownAuthors {
  const owners = ownersOf(people);
  return (commit) => {
    const accounts = verified.get(commit.id) ?? [];
    const signed = bySignature(commit);
    const signers = 'why' in signed ? [] : signed.authors;
    if (accounts.length + signers.length === 0) return signed;
    return { authors: [...accounts.map((account): Author => ({ by: 'platform', account })), ...signers] };
  };

  function bySignature({ signature, committedAt }: Commit): KnownAuthors {
    if (signature === 'none') return { why: `it is not signed, ${NOR_PLATFORM}` };
    if (signature === 'several') return { why: `it has several signatures, of which none is taken, ${NOR_PLATFORM}` };
    const kind = kindOf(signature);
    if (kind !== 'SSH') return { why: `its signature is ${kind}, which is not verified here, ${NOR_PLATFORM}` };
    const key = keyThatMade(signature);
    if ('why' in key) return { why: `its SSH signature does not hold (${key.why}), ${NOR_PLATFORM}` };
    const owned = owners.get(key.fingerprint) ?? [];
    if (owned.length === 0) return { why: `the SSH key that signed it is nobody's in the policy, ${NOR_PLATFORM}` };
    const problem = whyNotKey(owned, committedAt);
    if (problem !== undefined) return { why: `${problem}, ${NOR_PLATFORM}` };
    return { authors: owned.map(({ person }) => ({ by: 'signature', person })) };
  }
}

const NOR_PLATFORM = 'and the platform does not say who brought it';

function kindOf({ armored }: CommitSignature): 'SSH' | 'OpenPGP' | 'X.509' | 'of a kind that is not known' {
  if (armored.startsWith('-----BEGIN SSH SIGNATURE-----\n')) return 'SSH';
  if (/^-----BEGIN PGP (?:SIGNATURE|MESSAGE)-----/.test(armored)) return 'OpenPGP';
  return armored.startsWith('-----BEGIN SIGNED MESSAGE-----') ? 'X.509' : 'of a kind that is not known';
}

/** A signature that is no good spoils its own commit only: anybody may have put it there. */
function keyThatMade({ armored, payload }: CommitSignature): SshPublicKey | { readonly why: string } {
  try {
    const blob = unarmorSshSignature(armored);
    const { key } = readSshSignature(blob);
    verifySshSignature(blob, payload, { namespace: NAMESPACE, key });
    return key;
  } catch (error) {
    if (error instanceof SignwrightError) return { why: error.message };
    throw error;
  }
}

/** Of all who list the key, and as often as they do: one word of compromise is enough, and one time that holds. */
function whyNotKey(owned: readonly Owned[], committedAt: number | undefined): string | undefined {
  const compromised = owned.find(({ key }) => key.compromisedSince !== undefined);
  if (compromised !== undefined) return `the key of ${compromised.person} that signed it counts as compromised`;
  const counted = owned.some(({ key: { from, until } }) => {
    if (from === undefined && until === undefined) return true;
    return committedAt !== undefined && committedAt >= (from ?? -Infinity) && committedAt < (until ?? Infinity);
  });
  return counted ? undefined : `the key of ${owned[0]?.person} that signed it did not count at the time the commit bears`;
}

/** By fingerprints. Two people may list one key: then it makes both of them authors. */
function ownersOf(people: Witnesses['people']): ReadonlyMap<string, readonly Owned[]> {
  const owners = new Map<string, Owned[]>();
  for (const { id, keys } of people) {
    for (const key of keys) {
      owners.set(key.fingerprint, [...(owners.get(key.fingerprint) ?? []), { person: id, key }]);
    }
  }
  return owners;
}
