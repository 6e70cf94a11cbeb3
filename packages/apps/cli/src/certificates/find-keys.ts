import { createPublicKey } from 'node:crypto';
import type { FoundCertificate, Inventory } from '@signwright/certificates';
import type { SignerDefinition } from '@signwright/policy';
import { keyIdOf, messageOf, parseKeyReference, type RemoteKeyOptions, SignwrightError } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { jobIdentity } from '../context/signers/job-identity.ts';
import { openReference } from '../context/signers/open-key.ts';

/** A key that the policy names, and where it stays. */
type NamedKey = {
  readonly whose: string;
  readonly ref: string;
  readonly pinned: Pick<RemoteKeyOptions, 'publicKey'>;
  /** Of a signer; no job is one for a CA. */
  readonly rule?: SignerDefinition['rule'];
};

/** A key that was asked for: its id, as certificates have it, or why it could not be. */
export type AskedKey = { readonly whose: string; readonly reference: string } & (
  | { readonly key: string }
  | { readonly why: string }
);

/**
 * Asks every KMS and token that the policy names keys of, for signers and for CAs, which key is there. Those keep keys and no
 * certificates, so certificates are known by their keys. Key files are left alone.
 */
export async function askKeys(open: OpenPolicy, signal: AbortSignal): Promise<AskedKey[]> {
  const asked: AskedKey[] = [];
  const job = await ciJob();
  for (const { whose, ref, pinned, rule } of namedKeys(open)) {
    const identity = rule === undefined ? { idToken: noToken } : jobIdentity(job, { rule }, signal);
    try {
      const opening = { directory: open.directory, signal, idToken: (audience: string) => identity.idToken(audience) };
      const signer = await openReference(ref, whose, opening, pinned);
      asked.push({ whose, reference: ref, key: keyIdOf(await signer.publicKey()) });
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
      asked.push({ whose, reference: ref, why: messageOf(error) });
    }
  }
  return asked;
}

async function noToken(): Promise<never> {
  throw new SignwrightError('denied', 'no ID token of a job opens the key of a CA', {
    next: 'log in by what the reference names besides',
  });
}

function namedKeys({ policy }: OpenPolicy): NamedKey[] {
  const signers = [...policy.signers.values()].flatMap(({ id, keys, rule }) =>
    keys.map((key): NamedKey => {
      const pinned = { publicKey: createPublicKey(key.rule.publicKey) };
      return { whose: `signer ${id}`, ref: key.ref, pinned, rule };
    }),
  );
  const authorities = [...(policy.certificates?.authorities.values() ?? [])].flatMap((authority): NamedKey[] =>
    authority.type === 'own' ? [{ whose: `authority ${authority.id}`, ref: authority.key, pinned: {} }] : [],
  );
  return [...signers, ...authorities].filter(({ ref }) => parseKeyReference(ref).scheme !== 'file');
}

/** The certificates of an inventory whose keys were found, as found there. */
export function certificatesOfKeys({ entries }: Inventory, keys: readonly AskedKey[]): FoundCertificate[] {
  const byKey = new Map(keys.flatMap((one) => ('key' in one ? [[one.key, one.reference] as const] : [])));
  return entries.flatMap(({ digest, serial, issuer, subject = '', san, notBefore, notAfter, key }) => {
    const reference = byKey.get(key);
    if (digest === undefined || reference === undefined) return [];
    const facts = { digest, serial, issuer, subject, ...(san === undefined ? {} : { san }), notBefore, notAfter, key };
    return [{ facts, found: 'kms' as const, place: reference, keyReference: reference }];
  });
}
