import { existsSync } from 'node:fs';
import { writeAtomic } from '@signwright/files';
import type { CertificateProfile } from '@signwright/policy';
import {
  CERTIFICATE_REQUEST,
  isMember,
  keyIdOf,
  parseCertificateRequest,
  SignwrightError,
  writeAskedCertificate,
} from '@signwright/signing-core';
import { readSignedRequest, type SignedRequest } from '../../certificates/asked.ts';
import { profileNamed } from '../../certificates/definitions.ts';
import { openPolicy, trustRootOf } from '../../context/open-policy.ts';
import { openTimestamps } from '../../context/open-timestamps.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { confirm } from '../../people/confirm.ts';
import { openPerson, type PersonKey, type PersonOptions } from '../../people/person-key.ts';
import { signAsPerson } from '../../people/sign-as-person.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertApproveOptions = PersonOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly out?: string;
  readonly yes?: true;
  readonly quiet?: true;
};

/** `signwright cert approve REQUEST`: as somebody else of the profile's roles, signs that a person is to have a certificate. */
export async function certApprove(file: string, options: CertApproveOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const request = await readSignedRequest(open, file);
  const profile = profileNamed(open, request.asked.profile);
  const person = await openPerson(open, options, run.signal);
  refuseUseless(profile, request, person);
  const out = options.out ?? `${file.replace(/\.json$/, '')}.${person.person.id}.json`;
  if (existsSync(out))
    throw new SignwrightError('usage', 'there is a file here already', { where: out, next: 'name another with --out' });
  const { asked, verified } = request;
  printLines([
    `${asked.person} asks for a certificate of ${profile.id}: ${profile.purpose}`,
    `  for the key ${keyIdOf(parseCertificateRequest(asked.csr).publicKey)}`,
    `  ${environmentsOf(profile)}, for ${profile.validity / 3600} hours`,
    `  asked at ${new Date(verified.time.at).toISOString()}${asked.reason === undefined ? '' : `, because: ${asked.reason}`}`,
  ]);
  await confirm(`${person.person.id} (${person.where}): approve it?`, options.yes ?? false, run.signal);
  const { policy } = open;
  const payload = writeAskedCertificate({
    ...asked,
    given: new Date().toISOString(),
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  });
  const timestamps = await openTimestamps(open, trustRootOf(open, note), note);
  const signed = await signAsPerson(payload, CERTIFICATE_REQUEST, person, { open, timestamps });
  await writeAtomic(out, signed.bytes);
  printLines([
    `${person.person.id} approved it: ${out}`,
    `  where the CA's key is, within a day: signwright cert issue --request ${file} ${out}`,
  ]);
  return EXIT.allow;
}

function environmentsOf({ environments }: CertificateProfile): string {
  return environments === undefined ? 'for every environment' : `for ${environments.join(', ')}`;
}

/** Refuses a signature that would not count: whoever signs would think it did. */
function refuseUseless(profile: CertificateProfile, { asked, by, file }: SignedRequest, { person }: PersonKey): void {
  const refuse = (why: string, next: string): never => {
    throw new SignwrightError('denied', why, { where: file, next: `nothing was signed; ${next}` });
  };
  if (by.id !== asked.person)
    refuse(`${asked.person} did not sign it, and people ask for themselves`, 'approve their own request');
  if (person.id === asked.person)
    refuse(`${person.id} asked for it, so somebody else must approve it`, 'have somebody else do it');
  if (!profile.proof.includes('second-person'))
    refuse(`the profile ${profile.id} does not count what others sign`, 'it wants a security key that checks who is at it');
  if (profile.roles.some((role) => isMember(role, person.id, Date.now()))) return;
  const names = profile.roles.map((role) => role.id).join(' or ');
  refuse(`${person.id} is not of ${names}, so it would not count`, `have somebody of ${names} approve it`);
}
