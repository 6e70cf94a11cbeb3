import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CertificateProfile, IssuingAuthority } from '@signwright/policy';
import {
  parseKeyReference,
  requestCertificate,
  type Sha256,
  type Signer,
  SignwrightError,
  sha256,
  type WorkloadRule,
} from '@signwright/signing-core';
import type { CheckedToken, TokenPlatform } from '@signwright/workload-identity';
import { systemClock } from '../context/clock.ts';
import { clusterAuthority, jobIdentity } from '../context/signers/job-identity.ts';
import { openReference } from '../context/signers/open-key.ts';
import { passphraseOf } from '../context/signers/passphrase.ts';
import type { Expected } from './check-issued.ts';
import { keepNextKey, writeHeld } from './held.ts';
import { type Issued, issueCertificate } from './issue-certificate.ts';
import { makeKey } from './new-key.ts';
import type { OpenDesk } from './open-desk.ts';

/** An ID token that was checked, and the workload of the profile it is of. */
export type JobProof = { readonly token: string; readonly checked: CheckedToken; readonly workload: WorkloadRule };

/**
 * The ID token of a job, checked: by its issuer's own keys, for the authority's audience, and of one of the profile's workloads.
 *
 * @param given the token of another job, and its platform; this job's own where there is none.
 * @throws SignwrightError `denied` where it is of no workload of the profile, and as `checkIdToken` does.
 */
export async function proveJob(profile: CertificateProfile, given: GivenToken | undefined, desk: OpenDesk): Promise<JobProof> {
  try {
    return await checkJob(profile, given, desk);
  } catch (error) {
    await recordRefusal(profile, error, desk);
    throw error;
  }
}

/** The ID token of another job, and whose it is. */
export type GivenToken = { readonly token: string; readonly platform: TokenPlatform };

/** Who is refused is recorded, where that can be. */
async function recordRefusal(
  { id, authority }: CertificateProfile,
  error: unknown,
  { records, job, note }: OpenDesk,
): Promise<void> {
  if (!(error instanceof SignwrightError) || !['denied', 'verification'].includes(error.code)) return;
  const where = job?.url === undefined ? {} : { job: job.url };
  const record = { said: 'refused', authority: authority.id, profile: id, reason: error.message, ...where } as const;
  await records.write(sha256(`${id} ${job?.url ?? ''}`), [record]).catch((failure: unknown) => {
    if (!(failure instanceof SignwrightError)) throw failure;
    note(`what follows could not be recorded: ${failure.message}`);
  });
}

async function checkJob(
  profile: CertificateProfile,
  given: GivenToken | undefined,
  { job, signal }: OpenDesk,
): Promise<JobProof> {
  const { workloads, authority, id, where } = profile;
  if (workloads.length === 0) {
    throw new SignwrightError('denied', `the profile ${id} is for people, who show a proof each time`, {
      where,
      next: `signwright cert request --profile ${id}, and then cert issue --request FILE`,
    });
  }
  if (given === undefined && job === undefined) {
    throw new SignwrightError('denied', `the profile ${id} is for jobs, and there is no ID token outside a CI`, {
      where,
      next: 'run it in a pipeline of its workloads, or give the token of one: --id-token-file',
    });
  }
  const platform = given?.platform ?? job?.platform ?? 'generic';
  const token = given?.token ?? (await (job as NonNullable<typeof job>).identity.idToken(authority.audience));
  const { checkIdToken } = await import('@signwright/workload-identity');
  const checked = await checkIdToken(token, {
    workloads,
    platform,
    clock: systemClock,
    audience: authority.audience,
    signal,
    ...(platform === 'kubernetes' ? { trustedCa: await clusterAuthority() } : {}),
    ...(await subjectOf(authority)),
  });
  const workload = workloads.find((one) => one.id === checked.workload);
  if (workload === undefined) throw new TypeError('a workload that is none of the profile');
  return { token, checked, workload };
}

/** A Vault certifies a name alone, which is not always the token's subject. */
async function subjectOf(authority: IssuingAuthority): Promise<{ subject?: (token: string) => string }> {
  if (authority.type !== 'vault') return {};
  const { vaultNameOf } = await import('@signwright/certificates');
  return { subject: (token) => vaultNameOf(token, new URL(authority.url).host) };
}

/** What is issued to a job, and where it goes. */
export type JobWish = {
  readonly profile: CertificateProfile;
  readonly proof: JobProof;
  /** The directory it is held in. */
  readonly directory: string;
  /** The reference of a key there is; a new one is made in a file otherwise. */
  readonly key?: string;
  readonly renews?: Sha256;
};

/** Issues a certificate to this job, with a new key or one there is, and holds it in a directory. */
export async function issueAndHold(wish: JobWish, desk: OpenDesk): Promise<Issued> {
  const { profile, directory, key, renews } = wish;
  const more = renews === undefined ? {} : { renews };
  if (key !== undefined) {
    const reference = parseKeyReference(key).scheme === 'file' ? resolve(key) : key;
    const csr = await requestCertificate(await openCertifiedKey(reference, profile, desk));
    const issued = await issueToJob({ ...wish, csr, keyReference: reference, ...more }, desk);
    await writeHeld(directory, issued.chain, reference);
    return issued;
  }
  const made = await makeKey(profile.keys[0] ?? 'ecdsa-p256', passphraseOf(desk));
  const path = await keepNextKey(directory, made.publicKey, made.pem);
  made.pem.fill(0);
  try {
    const issued = await issueToJob({ ...wish, csr: made.csr, ...more }, desk);
    await writeHeld(directory, issued.chain);
    return issued;
  } catch (error) {
    // Whether it was issued is not known where somebody was not reached: then the key is kept for it.
    if (!(error instanceof SignwrightError && error.code === 'unreachable')) await rm(path, { force: true });
    throw error;
  }
}

/** Issues a certificate for a key to a job. */
export function issueToJob(
  wish: Pick<JobWish, 'profile' | 'proof' | 'renews'> & { readonly csr: Uint8Array; readonly keyReference?: string },
  desk: OpenDesk,
): Promise<Issued> {
  const { profile, proof, csr, renews, keyReference } = wish;
  return issueCertificate(
    {
      profile,
      csr,
      expected: expectedOf(profile, proof),
      requester: proof.workload.id,
      idToken: proof.token,
      ...(desk.job?.url === undefined ? {} : { job: desk.job.url }),
      ...(renews === undefined ? {} : { renews }),
      ...(keyReference === undefined ? {} : { keyReference }),
    },
    desk,
  );
}

function expectedOf(profile: CertificateProfile, { checked: { issuer, claims }, workload }: JobProof): Expected {
  const expected = { issuer, claims, of: { workload } };
  if (profile.authority.type !== 'own') return expected;
  return { ...expected, san: { type: 'uri', value: nameOf(profile, issuer, claims) } };
}

/** What our own CA calls a job: its repository, the profile and its ref, as Fulcio has it for workflows; else its subject. */
function nameOf({ id }: CertificateProfile, issuer: string, { repository, ref, subject = '' }: CheckedToken['claims']): string {
  if (repository !== undefined) return encodeURI(`${repository}//${id}${ref === undefined ? '' : `@${ref}`}`);
  return /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/.test(subject) ? subject : `${issuer}#${encodeURIComponent(subject)}`;
}

function openCertifiedKey(reference: string, { id, workloads }: CertificateProfile, desk: OpenDesk): Promise<Signer> {
  const identity = jobIdentity(desk.job, { rule: { id, certificate: true, workloads, keys: [] } }, desk.signal);
  const passphrase = passphraseOf(desk);
  return openReference(
    reference,
    `the profile ${id}`,
    {
      directory: '.',
      signal: desk.signal,
      idToken: (audience) => identity.idToken(audience),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
    {},
  );
}
