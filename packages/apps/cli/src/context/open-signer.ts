import { resolve } from 'node:path';
import type { CertificateAuthority, SignerDefinition } from '@signwright/policy';
import type { Passphrase } from '@signwright/signer-file';
import { keyIdOf, type Signer, SignwrightError } from '@signwright/signing-core';
import { systemClock } from './clock.ts';
import type { OpenPolicy } from './open-policy.ts';

/** Where a passphrase comes from, by name. */
export type PassphraseOptions = { readonly passphraseEnv?: string; readonly passphraseFd?: number };

/** The signers of one run: a short-lived certificate, or the first of a signer's keys that counts now. */
export type Signers = {
  /** Opens the signer the policy defines, or gives the one that is open, as long as its certificate is young. */
  of(definition: SignerDefinition): Promise<Signer>;
};

/** Short-lived certificates last ten minutes at the least; what is signed in the next ones must be timestamped within. */
const YOUNG_MS = 4 * 60 * 1000;

/** Why this version cannot sign as a signer, though it verifies what was signed so; nothing where it can. */
export function whyNoSigning({ certificate, keys }: SignerDefinition, at: number): string | undefined {
  if (certificate)
    return certificate.type === 'trial'
      ? undefined
      : `wants a certificate from ${certificate.type}, which this version cannot ask`;
  const scheme = /^[a-z0-9+.-]+:/i.exec(keyThatCounts(keys, at)?.ref ?? '')?.[0];
  return scheme === undefined ? undefined : `has its key at ${scheme}, which this version cannot sign with`;
}

/** Each key is opened once a run, and the passphrase read once, whatever it is for: a descriptor gives it but once. */
export function createSigners(open: OpenPolicy, options: PassphraseOptions): Signers {
  const passphrase = passphraseOf(options);
  const opened = new Map<string, { readonly signer: Promise<Signer>; readonly until: number }>();
  return {
    of(definition) {
      const known = opened.get(definition.id);
      if (known && performance.now() < known.until) return known.signer;
      refuseWithoutSigning(definition);
      const { certificate } = definition;
      const signer = certificate ? openCertificate(open, certificate) : openKey(open, definition, passphrase);
      const until = certificate ? performance.now() + YOUNG_MS : Number.POSITIVE_INFINITY;
      opened.set(definition.id, { signer, until });
      return signer;
    },
  };
}

function refuseWithoutSigning(definition: SignerDefinition): void {
  const why = whyNoSigning(definition, Date.now());
  if (why === undefined) return;
  throw new SignwrightError('not-enforced-yet', `signer ${definition.id} ${why}`, {
    where: definition.where,
    next: 'sign with a trial certificate or a key file; what others signed so verifies all the same',
  });
}

/** Reads a passphrase once, whatever it is for. */
export function passphraseOf({ passphraseEnv, passphraseFd }: PassphraseOptions): Passphrase | undefined {
  if (passphraseEnv === undefined && passphraseFd === undefined) return undefined;
  const source = {
    ...(passphraseEnv === undefined ? {} : { environmentVariable: passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { descriptor: passphraseFd }),
  };
  let read: Promise<Buffer> | undefined;
  return async () => {
    read ??= import('@signwright/signer-file').then(({ passphraseFrom }) => passphraseFrom(source, process.env)());
    // Whoever gets it wipes it.
    return Buffer.from(await read);
  };
}

async function openCertificate(open: OpenPolicy, certificate: CertificateAuthority): Promise<Signer> {
  const [{ createTrialIdentityProvider, createTrialIssuer, openTrialDomain, TRIAL_AUDIENCE }, { createCertificateSigner }] =
    await Promise.all([import('@signwright/certificates'), import('@signwright/signer-certificate')]);
  const domain = await openTrialDomain(resolve(open.directory, certificate.url));
  return createCertificateSigner({
    issuer: createTrialIssuer(domain, systemClock),
    identity: createTrialIdentityProvider(domain, systemClock),
    audience: TRIAL_AUDIENCE,
  });
}

/** The first of a signer's keys that counts at a time, milliseconds since 1970 UTC. */
export function keyThatCounts(keys: SignerDefinition['keys'], at: number): SignerDefinition['keys'][number] | undefined {
  return keys.find(
    ({ rule }) => (rule.from ?? 0) <= at && at < Math.min(rule.until ?? Infinity, rule.compromisedSince ?? Infinity),
  );
}

async function openKey(
  open: OpenPolicy,
  { id, where, keys }: SignerDefinition,
  passphrase: Passphrase | undefined,
): Promise<Signer> {
  const key = keyThatCounts(keys, Date.now());
  if (!key)
    throw new SignwrightError('configuration', `signer ${id} has no key that counts now`, {
      where,
      next: 'look at from, until and compromised-since of its keys',
    });
  const { createFileSigner } = await import('@signwright/signer-file');
  const path = resolve(open.directory, key.ref);
  const signer = await createFileSigner({ path, passphrase: passphrase ?? noPassphrase(id, path) });
  if (keyIdOf(await signer.publicKey()) !== key.rule.keyId) {
    throw new SignwrightError(
      'configuration',
      `the private key ${path} does not belong to the public key the policy pins for signer ${id}`,
      {
        where,
        next: 'put the right key there, or pin its public key (openssl pkey -in KEY -pubout)',
      },
    );
  }
  return signer;
}

function noPassphrase(id: string, path: string): Passphrase {
  return async () => {
    throw new SignwrightError('usage', `the private key of signer ${id} is encrypted, and nothing says where its passphrase is`, {
      where: path,
      next: 'name the environment variable (--passphrase-env NAME) or the descriptor (--passphrase-fd 3) that holds it',
    });
  };
}
