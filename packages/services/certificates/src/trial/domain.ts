import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { issuersPathOf, messageOf, SignwrightError } from '@signwright/signing-core';
import { authorityEntry, emptyIssuers, emptyTrustRoot, issuersEntry, written } from '../trust-root-file.ts';
import { syncDirectory, writeNew } from '../write-durably.ts';
import { makeAuthorities, newKey, type TrialAuthorities } from './authorities.ts';
import { checkClaims, DEFAULT_CLAIMS, parseClaims, type TrialClaims } from './claims.ts';
import { TRIAL_ISSUER, TRIAL_LIFE } from './names.ts';
import { readPrivate } from './read-private.ts';

/** A trial trust domain on disk: its own root, CA, timestamp authority and ID-token issuer. Never for production. */
export type TrialDomain = {
  /** Absolute. */
  readonly directory: string;
  /** `trusted-root.json`, a Sigstore TrustedRoot. */
  readonly trustRootPath: string;
  /** `trusted-root.issuers.json`: which OIDC issuers its CA may assert. */
  readonly issuersPath: string;
  /** `identity.json`, for the user to edit: who the ID tokens say is running. */
  readonly identityPath: string;
  claims(): Promise<TrialClaims>;
  certificateAuthority(): Promise<{ certificate: X509Certificate; privateKey: KeyObject }>;
  /** PEM, as the timestamp service takes it: PKCS#8, and the chain with the authority's own certificate first. */
  timestampAuthority(): Promise<{ privateKey: string; certificateChain: string }>;
  /** Signs ID tokens. */
  tokenKey(): Promise<KeyObject>;
};

const FILES = {
  ignore: '.gitignore',
  readme: 'README',
  identity: 'identity.json',
  trustRoot: 'trusted-root.json',
  root: 'trial-root.pem',
  ca: 'trial-ca.pem',
  caKey: 'trial-ca.key',
  tsa: 'trial-tsa.pem',
  tsaKey: 'trial-tsa.key',
  tokenKey: 'trial-token.key',
} as const;
const README = `A trial trust domain of Signwright. Every verdict that rests on it says "development".
Whoever can read the .key files can sign as anybody in this trial: keep the directory to yourself and out of version control,
and delete it when the trial is over.
`;

/**
 * Makes a trial trust domain that lasts a year: all of it, or nothing. The root's private key is not kept.
 *
 * @param directory must not exist; the ones above it are made.
 * @throws SignwrightError `configuration` where it exists or for unusable claims, `unreachable` where it cannot be written.
 */
export async function createTrialDomain(
  directory: string,
  options: { identity?: Partial<TrialClaims>; now: Date },
): Promise<TrialDomain> {
  const target = resolve(directory);
  const claims = checkClaims({ ...DEFAULT_CLAIMS, ...options.identity }, target);
  await refuseExisting(target);
  const files = contents(await makeAuthorities(options.now), claims);
  await writeWhole(target, files);
  return domainAt(target);
}

/** @throws SignwrightError `configuration` where there is no trial domain. */
export async function openTrialDomain(directory: string): Promise<TrialDomain> {
  const target = resolve(directory);
  if (await exists(join(target, FILES.trustRoot))) return domainAt(target);
  throw new SignwrightError('configuration', 'there is no trial trust domain here', {
    where: target,
    next: 'make one with: signwright trust init --trial',
  });
}

function domainAt(directory: string): TrialDomain {
  const path = (name: keyof typeof FILES): string => join(directory, FILES[name]);
  const text = async (name: keyof typeof FILES): Promise<string> => (await readPrivate(path(name))).toString('utf8');
  return {
    directory,
    trustRootPath: path('trustRoot'),
    issuersPath: issuersPathOf(path('trustRoot')),
    identityPath: path('identity'),
    claims: async () => parseClaims(await readPrivate(path('identity')), path('identity')),
    certificateAuthority: async () => ({
      certificate: new X509Certificate(await text('ca')),
      privateKey: createPrivateKey(await text('caKey')),
    }),
    timestampAuthority: async () => ({
      privateKey: await text('tsaKey'),
      certificateChain: `${await text('tsa')}${await text('root')}`,
    }),
    tokenKey: async () => createPrivateKey(await text('tokenKey')),
  };
}

function contents(authorities: TrialAuthorities, claims: TrialClaims): ReadonlyMap<string, string> {
  const { root, intermediate, timestamp, notBefore } = authorities;
  const [rootCertificate, ca, tsa] = [root, intermediate, timestamp].map((one) => new X509Certificate(one.certificate)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ];
  const trustRoot = {
    ...emptyTrustRoot(),
    certificateAuthorities: [authorityEntry([ca, rootCertificate], TRIAL_ISSUER, notBefore)],
    timestampAuthorities: [authorityEntry([tsa, rootCertificate], TRIAL_ISSUER, notBefore)],
  };
  const issuers = { ...emptyIssuers(), certificateAuthorities: [issuersEntry(ca, [TRIAL_ISSUER], TRIAL_LIFE)] };
  return new Map([
    [FILES.ignore, '*\n'],
    [FILES.readme, README],
    [FILES.root, `${root.certificate.trim()}\n`],
    [FILES.ca, `${intermediate.certificate.trim()}\n`],
    [FILES.caKey, pem(intermediate.key)],
    [FILES.tsa, `${timestamp.certificate.trim()}\n`],
    [FILES.tsaKey, pem(timestamp.key)],
    [FILES.tokenKey, pem(newKey().privateKey)],
    [FILES.identity, written(claims)],
    [issuersPathOf(FILES.trustRoot), written(issuers)],
    [FILES.trustRoot, written(trustRoot)],
  ]);
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Written aside, then renamed in one step: nobody finds half a domain, and of two makers one wins. */
async function writeWhole(target: string, files: ReadonlyMap<string, string>): Promise<void> {
  const parent = dirname(target);
  const aside = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(parent, { recursive: true });
    await mkdir(aside, { mode: 0o700 });
    for (const [name, text] of files) await writeNew(join(aside, name), text, 0o600);
    await syncDirectory(aside);
    await refuseExisting(target);
    await rename(aside, target);
    await syncDirectory(parent);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
    // Two makers at once: the later one's rename fails, for the directory it finds is not empty.
    if (await exists(target)) throw existing(target);
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('unreachable', `the trial trust domain cannot be written: ${messageOf(cause)}`, {
      where: target,
      cause,
    });
  }
}

async function refuseExisting(target: string): Promise<void> {
  if (await exists(target)) throw existing(target);
}

function existing(target: string): SignwrightError {
  return new SignwrightError('configuration', 'there is something here already, and a trust domain is never overwritten', {
    where: target,
    next: 'use it as it is, or delete it first: what was signed under it will no longer verify',
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
      throw new SignwrightError('configuration', `cannot be read: ${error.message}`, { where: path, cause: error });
    },
  );
}
