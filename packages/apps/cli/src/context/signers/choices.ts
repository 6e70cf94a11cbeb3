import { resolve } from 'node:path';
import type { CertificateAuthority, SignerDefinition } from '@signwright/policy';
import { type CiJob, parseKeyReference, type Signer } from '@signwright/signing-core';
import type { OpenPolicy } from '../open-policy.ts';
import { jobIdentity } from './job-identity.ts';
import { openCertificate } from './open-certificate.ts';
import { type OpeningKeys, openKey } from './open-key.ts';
import { type PassphraseOptions, passphraseOf } from './passphrase.ts';

export type SignersOptions = PassphraseOptions & {
  readonly job: CiJob | undefined;
  readonly signal?: AbortSignal;
};

/** One thing a signer can sign with. */
export type Choice = {
  /** The CA's address, or the key's reference. */
  readonly reference: string;
  readonly kind: 'certificate' | 'key';
  /** Whether it is for pipelines: anything but a key file or a trial. */
  readonly remote: boolean;
  /** Whether it was written by its documentation alone, and never tried on the real service. */
  readonly experimental: boolean;
  /** Until when its signatures count, where that is known before. */
  readonly until?: Date;
  open(): Promise<Signer>;
};

/**
 * What the signers of a policy can sign with now, in the order to try them: the CA first, then the keys that count. A passphrase is
 * read once, whatever it is for.
 */
export function choicesOf(open: OpenPolicy, options: SignersOptions): (definition: SignerDefinition) => Choice[] {
  const passphrase = passphraseOf(options);
  const { job } = options;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  return (definition) => {
    const { certificate, keys, rule } = definition;
    const identity = jobIdentity(job, { rule, ...(certificate === undefined ? {} : { certificate }) }, options.signal);
    const opening = {
      directory: open.directory,
      passphrase,
      idToken: (audience: string) => identity.idToken(audience),
      ...signal,
    };
    const byCertificate: Choice[] =
      certificate === undefined
        ? []
        : [
            {
              reference: certificate.url,
              kind: 'certificate',
              remote: certificate.type !== 'trial',
              experimental: certificate.type === 'vault',
              open: () =>
                certificate.type === 'held'
                  ? openHeldOf(definition, certificate, opening)
                  : openCertificate(open, certificate, identity, options.signal),
            },
          ];
    const byKey = keysThatCount(keys, Date.now()).map(
      (key): Choice => ({
        reference: key.ref,
        kind: 'key',
        remote: parseKeyReference(key.ref).scheme !== 'file',
        experimental: ['azurekms', 'hashivault'].includes(parseKeyReference(key.ref).scheme),
        ...(key.rule.until === undefined ? {} : { until: new Date(key.rule.until) }),
        open: () => openKey(key, definition, opening),
      }),
    );
    return [...byCertificate, ...byKey];
  };
}

/** The certificate that was issued to a signer before. */
async function openHeldOf(
  { id }: SignerDefinition,
  { url, profile }: CertificateAuthority,
  opening: OpeningKeys,
): Promise<Signer> {
  const { openHeld } = await import('../../certificates/open-held.ts');
  const issue = `signwright cert issue --profile ${profile}`;
  const use = { whose: `signer ${id}`, issue, renew: `signwright cert renew --profile ${profile}` };
  return openHeld(resolve(opening.directory, url), use, opening);
}

/** A signer's keys that count at a time, milliseconds since 1970 UTC, in the order to try them. */
export function keysThatCount(keys: SignerDefinition['keys'], at: number): SignerDefinition['keys'] {
  return keys.filter(
    ({ rule }) => (rule.from ?? 0) <= at && at < Math.min(rule.until ?? Infinity, rule.compromisedSince ?? Infinity),
  );
}
