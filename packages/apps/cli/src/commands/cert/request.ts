import { existsSync } from 'node:fs';
import { mkdir, open as openFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomic } from '@signwright/files';
import type { CertificateProfile } from '@signwright/policy';
import {
  CERTIFICATE_REQUEST,
  isMember,
  messageOf,
  requestCertificate,
  SignwrightError,
  writeAskedCertificate,
} from '@signwright/signing-core';
import { isUserVerified } from '../../certificates/check-proof.ts';
import { profileNamed } from '../../certificates/definitions.ts';
import { makeKey } from '../../certificates/new-key.ts';
import { openPolicy, trustRootOf } from '../../context/open-policy.ts';
import { openTimestamps } from '../../context/open-timestamps.ts';
import type { Run } from '../../context/run.ts';
import { openReference } from '../../context/signers/open-key.ts';
import { passphraseOf } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { checkReason } from '../../people/check-reason.ts';
import { openPerson, type PersonKey, type PersonOptions } from '../../people/person-key.ts';
import { signAsPerson } from '../../people/sign-as-person.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertRequestOptions = PersonOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly profile: string;
  readonly newKey?: string;
  readonly certificateKey?: string;
  readonly reason?: string;
  readonly out: string;
  readonly quiet?: true;
};

/** `signwright cert request`: as a person, asks for a certificate of a profile: a key, and the request for it, signed. */
export async function certRequest(options: CertRequestOptions, run: Run): Promise<number> {
  checkReason(options.reason);
  const open = await openPolicy(options, new Date());
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const profile = profileNamed(open, options.profile);
  const person = await openPerson(open, options, run.signal);
  refuseStranger(profile, person);
  if (existsSync(options.out))
    throw new SignwrightError('usage', 'there is a file here already', { where: options.out, next: 'name another with --out' });
  const timestamps = await openTimestamps(open, trustRootOf(open, note), note);
  const csr = await requestFor(profile, options, run);
  const { policy } = open;
  const payload = writeAskedCertificate({
    person: person.person.id,
    profile: profile.id,
    given: new Date().toISOString(),
    csr,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  });
  const signed = await signAsPerson(payload, CERTIFICATE_REQUEST, person, { open, timestamps });
  await writeAtomic(options.out, signed.bytes);
  printLines([
    `${person.person.id} asks for a certificate of ${profile.id}: ${options.out}`,
    ...proofLines(profile, isUserVerified({ verified: signed.verified, by: person.person }), options.out),
  ]);
  return EXIT.allow;
}

/** What is still to be shown, and then to be run. */
function proofLines({ proof, roles }: CertificateProfile, checked: boolean, file: string): string[] {
  const issue = `where the CA's key is, within a day: signwright cert issue --request ${file}`;
  if (proof.includes('user-verification') && checked)
    return ['  your security key checked who you are: that is proof enough', `  ${issue}`];
  if (!proof.includes('second-person'))
    return ['  this is no proof yet: sign it with a security key (ssh-keygen -t ed25519-sk -O verify-required)'];
  const names = roles.map(({ id }) => id).join(' or ');
  return [`  somebody else of ${names} signs it too: signwright cert approve ${file}`, `  then, ${issue} THEIR-FILE`];
}

/** Asks for nothing that would not be granted. */
function refuseStranger({ id, roles, where }: CertificateProfile, { person }: PersonKey): void {
  if (roles.length === 0)
    throw new SignwrightError('denied', `the profile ${id} is for jobs, which ask for themselves`, {
      where,
      next: `in the job: signwright cert issue --profile ${id}`,
    });
  if (!roles.some((role) => isMember(role, person.id, Date.now())))
    throw new SignwrightError(
      'denied',
      `${person.id} is of none of the roles of ${id} (${roles.map((role) => role.id).join(', ')})`,
      {
        where,
        next: 'nothing was signed',
      },
    );
  if (person.certificate === undefined)
    throw new SignwrightError('denied', `the policy does not say what a certificate would call ${person.id}`, {
      where,
      next: `have people.${person.id}.certificate: { issuer: …, subject: … } added; nothing was signed`,
    });
}

/** The request for a new key, which is written, or for one there is. */
async function requestFor(
  { keys }: CertificateProfile,
  { newKey, certificateKey, ...options }: CertRequestOptions,
  { signal }: Run,
): Promise<Uint8Array> {
  const passphrase = passphraseOf(options);
  if (certificateKey !== undefined) {
    const opening = {
      directory: '.',
      signal,
      idToken: async () => Promise.reject(new SignwrightError('denied', 'there is no ID token outside a CI')),
      ...(passphrase === undefined ? {} : { passphrase }),
    };
    return requestCertificate(await openReference(certificateKey, 'the certificate', opening, {}));
  }
  if (newKey === undefined) {
    throw new SignwrightError('usage', 'a certificate of what key?', {
      next: 'have one made (--new-key FILE), or name one there is (--certificate-key REFERENCE)',
    });
  }
  const made = await makeKey(keys[0] ?? 'ecdsa-p256', passphrase);
  await writeKey(newKey, made.pem);
  return made.csr;
}

/** Whoever made the key that is there already may have signed with it. */
async function writeKey(path: string, pem: Buffer): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await openFile(path, 'wx', 0o600);
    try {
      await file.writeFile(pem);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new SignwrightError('configuration', `no key can be made at ${path}: ${messageOf(cause)}`, {
      next: 'name a file that does not exist, where you may write',
      cause,
    });
  } finally {
    pem.fill(0);
  }
}
