import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SshSigner } from '@signwright/signer-ssh';
import { type EnvelopeSigner, type PersonRule, SignwrightError, type SshPublicKey } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { printNote } from '../print-lines.ts';
import { openHeldPerson } from './held-person.ts';
import { openPersonCertificate } from './person-certificate.ts';

export type PersonOptions = PassphraseOptions & {
  /** The file of an SSH key, private or public. */
  readonly key?: string;
  /** The file with the person's ID token, for a short-lived certificate. */
  readonly idTokenFile?: string;
  /** The signer whose CA is to certify the person. */
  readonly authority?: string;
  /** The directory with a certificate that was issued to the person before. */
  readonly held?: string;
};

/** A person of the policy, and what they sign with here. */
export type PersonKey = { readonly person: PersonRule; readonly by: EnvelopeSigner; readonly where: string };

/** The names ssh itself looks for in `~/.ssh`, those on security keys first. */
const DEFAULT_KEYS = ['id_ed25519_sk', 'id_ecdsa_sk', 'id_ed25519', 'id_ecdsa', 'id_rsa'];

/**
 * Finds out who is at the keyboard, and with what they sign: the held certificate, ID token or key that is named, else the first key of the SSH agent,
 * else of `~/.ssh`, that is a person's of the policy.
 *
 * @throws SignwrightError `configuration` where there is none, `denied` where it is nobody's.
 */
export async function openPerson(open: OpenPolicy, options: PersonOptions, signal: AbortSignal): Promise<PersonKey> {
  if (options.held !== undefined) return openHeldPerson(open, options.held, options, signal);
  if (options.idTokenFile !== undefined) return openPersonCertificate(open, options.idTokenFile, options.authority, signal);
  const { createSshSigner } = await import('@signwright/signer-ssh');
  const openKey = (key: string | SshPublicKey): Promise<SshSigner> =>
    createSshSigner({ key, signal, environment: process.env, tell: printNote });
  const signer = options.key === undefined ? await findKey(open, openKey, signal) : await openKey(options.key);
  const { publicKey } = signer;
  const person = personWith(open, publicKey);
  if (person === undefined) {
    throw new SignwrightError('denied', `the SSH key ${publicKey.fingerprint} is nobody's that the policy names`, {
      where: options.key ?? open.file,
      next: 'name yours with --key, or have its line put under "people" in the policy',
    });
  }
  return { person, by: { person: { publicKey: () => publicKey.line, sign: signer.sign } }, where: publicKey.fingerprint };
}

function personWith({ policy }: OpenPolicy, { fingerprint }: SshPublicKey): PersonRule | undefined {
  return [...policy.people.values()].find(({ keys }) => keys.some((key) => key.fingerprint === fingerprint));
}

/** The first key of the agent, else of `~/.ssh`, that is a person's. */
async function findKey(
  open: OpenPolicy,
  openKey: (key: string | SshPublicKey) => Promise<SshSigner>,
  signal: AbortSignal,
): Promise<SshSigner> {
  const { listAgentKeys } = await import('@signwright/signer-ssh');
  const held = process.env['SSH_AUTH_SOCK'] ? await listAgentKeys(process.env, signal).catch(() => []) : [];
  const files = DEFAULT_KEYS.map((name) => join(homedir(), '.ssh', name)).filter((path) => existsSync(`${path}.pub`));
  for (const key of [...held, ...files]) {
    const signer = await openKey(key).catch(() => undefined);
    if (signer && personWith(open, signer.publicKey)) return signer;
  }
  const people = [...open.policy.people.values()].filter(({ keys }) => keys.length > 0);
  throw new SignwrightError('configuration', 'no SSH key here is one of the people the policy names', {
    where: open.file,
    next:
      people.length === 0
        ? 'have your public key put under "people" in the policy'
        : 'name yours with --key FILE (or --id-token-file), start your SSH agent, or have your public key put under "people"',
  });
}
