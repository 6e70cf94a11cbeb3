import { identityOf, type PersonRule, SignwrightError } from '@signwright/signing-core';
import { openHeld } from '../certificates/open-held.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { type PassphraseOptions, passphraseOf } from '../context/signers/passphrase.ts';
import type { PersonKey } from './person-key.ts';

/**
 * Opens a certificate that was issued to a person before.
 *
 * @param directory where it is held, as the user names it.
 * @throws SignwrightError `denied` where it is nobody's that the policy names, and as `openHeld` does.
 */
export async function openHeldPerson(
  open: OpenPolicy,
  directory: string,
  options: PassphraseOptions,
  signal: AbortSignal,
): Promise<PersonKey> {
  const passphrase = passphraseOf(options);
  const next = 'ask for one: signwright cert request --profile PROFILE --new-key FILE --out FILE';
  const signer = await openHeld(
    directory,
    { whose: 'you', issue: next, renew: next },
    {
      directory: '.',
      signal,
      idToken: async () => Promise.reject(noToken()),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  );
  const { leaf } = signer.held;
  const authority = open.trustRoot?.certificateAuthorities.find(({ chain }) => leaf.issuer.equals(chain[0].subject));
  const { san, issuer } = identityOf(leaf, authority);
  const isTheirs = ({ certificate }: PersonRule): boolean => certificate?.issuer === issuer && certificate.subject === san;
  const person = [...open.policy.people.values()].find(isTheirs);
  if (person) return { person, by: { signer }, where: san };
  throw new SignwrightError('denied', `the certificate names ${san} of ${issuer}, who is nobody of the policy's people`, {
    where: directory,
    next: 'have people.NAME.certificate name exactly this subject',
  });
}

function noToken(): SignwrightError {
  return new SignwrightError('configuration', "people's keys are not opened with a job's ID token", {
    next: 'give the token of a Vault in VAULT_TOKEN',
  });
}
