import { type ErrorCode, type PlatformAccount, SignwrightError } from '@signwright/signing-core';
import type { Commit, CommitSignature } from './parse-commit.ts';

/** Who wrote a commit, and how that is known. */
export type Author =
  | { readonly by: 'platform'; readonly account: PlatformAccount }
  | { readonly by: 'signature'; readonly person: string };

/** A person of the policy with the keys that sign commits. Times are in milliseconds. */
export type Person = { readonly id: string; readonly ssh: readonly PersonKey[] };
export type PersonKey = {
  /** As OpenSSH writes it: type, base64, and perhaps a comment. */
  readonly publicKey: string;
  readonly from?: number;
  readonly until?: number;
  readonly compromisedSince?: number;
};

/**
 * Verifies an armored SSH signature (PROTOCOL.sshsig) in the namespace `git` over a payload.
 *
 * @returns the public key that made it, as OpenSSH writes it; nothing where it does not hold. It may also throw what
 * `verifySshSignature` throws.
 */
export type VerifySignature = (armored: string, payload: Uint8Array) => string | undefined | Promise<string | undefined>;

/** What makes an author known. */
export type Witnesses = {
  /** By commit: who pushed it, or authored the merge request it came with. The platform says so. */
  readonly verified: ReadonlyMap<string, readonly PlatformAccount[]>;
  readonly people: readonly Person[];
  readonly verifySignature: VerifySignature;
};

/** The authors of a commit as far as they are known; else why they are not. */
export type KnownAuthors = { readonly authors: readonly Author[] } | { readonly why: string };

type Owned = { readonly person: string; readonly key: PersonKey };

/**
 * Makes the question who wrote a commit. The platform's word and the signature both count; names and addresses in the commit do not.
 *
 * A key that counts as compromised makes no commit known, whatever date the commit bears: whoever stole it dates commits as they like.
 * For the same reason `from` and `until` only narrow: a commit dated outside them is not known, one dated inside may have been dated so.
 *
 * @throws SignwrightError `policy` where a key is not written as OpenSSH writes it.
 */
export function authorFinder({ verified, people, verifySignature }: Witnesses): (commit: Commit) => Promise<KnownAuthors> {
  const owners = ownersOf(people);
  return async (commit) => {
    const accounts = verified.get(commit.id) ?? [];
    const signed = await bySignature(commit);
    const signers = 'why' in signed ? [] : signed.authors;
    if (accounts.length + signers.length === 0) return signed;
    return { authors: [...accounts.map((account): Author => ({ by: 'platform', account })), ...signers] };
  };

  async function bySignature({ signature, committedAt }: Commit): Promise<KnownAuthors> {
    if (signature === 'none') return { why: `it is not signed, ${NOR_PLATFORM}` };
    if (signature === 'several') return { why: `it has several signatures, of which none is taken, ${NOR_PLATFORM}` };
    const kind = kindOf(signature);
    if (kind !== 'SSH') return { why: `its signature is ${kind}, which is not verified here, ${NOR_PLATFORM}` };
    const verified = await verify(signature);
    if (typeof verified !== 'string') return { why: `its SSH signature does not hold${verified.why}, ${NOR_PLATFORM}` };
    const owned = owners.get(bytesOf(verified)) ?? [];
    if (owned.length === 0) return { why: `the SSH key that signed it is nobody's in the policy, ${NOR_PLATFORM}` };
    const problem = owned.map((one) => whyNotKey(one, committedAt)).find((why) => why !== undefined);
    if (problem !== undefined) return { why: `${problem}, ${NOR_PLATFORM}` };
    return { authors: owned.map(({ person }) => ({ by: 'signature', person })) };
  }

  /** The key that made it. A signature anybody may have put there spoils its own commit only. */
  async function verify({ armored, payload }: CommitSignature): Promise<string | { readonly why: string }> {
    try {
      return (await verifySignature(armored, payload)) ?? { why: '' };
    } catch (error) {
      if (error instanceof SignwrightError && NOT_HELD.includes(error.code)) return { why: ` (${error.message})` };
      throw error;
    }
  }
}

/** What reading and verifying signatures throw where one is no good. */
const NOT_HELD: readonly ErrorCode[] = ['verification', 'invalid-input', 'configuration'];
const NOR_PLATFORM = 'and the platform does not say who brought it';

function kindOf({ armored }: CommitSignature): 'SSH' | 'OpenPGP' | 'X.509' | 'of a kind that is not known' {
  if (armored.startsWith('-----BEGIN SSH SIGNATURE-----\n')) return 'SSH';
  if (/^-----BEGIN PGP (?:SIGNATURE|MESSAGE)-----/.test(armored)) return 'OpenPGP';
  return armored.startsWith('-----BEGIN SIGNED MESSAGE-----') ? 'X.509' : 'of a kind that is not known';
}

function whyNotKey({ person, key }: Owned, committedAt: number | undefined): string | undefined {
  const { from, until, compromisedSince } = key;
  if (compromisedSince !== undefined) return `the key of ${person} that signed it counts as compromised`;
  if (from === undefined && until === undefined) return undefined;
  const within = committedAt !== undefined && committedAt >= (from ?? -Infinity) && committedAt < (until ?? Infinity);
  return within ? undefined : `the key of ${person} that signed it did not count at the time the commit bears`;
}

/** Two people may list one key: then it makes both of them authors. */
function ownersOf(people: readonly Person[]): ReadonlyMap<string, readonly Owned[]> {
  const owners = new Map<string, Owned[]>();
  for (const { id, ssh } of people) {
    for (const key of ssh) {
      const bytes = bytesOf(key.publicKey);
      owners.set(bytes, [...(owners.get(bytes) ?? []), { person: id, key }]);
    }
  }
  return owners;
}

/** The key's bytes in base64, which name it; type and comment are left out. */
function bytesOf(publicKey: string): string {
  const [, encoded = ''] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== encoded) {
    throw new SignwrightError('policy', 'a key of a person is not written as OpenSSH writes public keys', {
      next: 'write it as in the .pub file: its type, a blank, its base64',
    });
  }
  return bytes.toString('base64');
}
