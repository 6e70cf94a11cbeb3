import { readBounded } from '@signwright/files';
import { identityOf, parseCertificate, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openCertificate } from '../context/signers/open-certificate.ts';
import type { PersonKey } from './person-key.ts';

const MAX_TOKEN = 65_536;

/**
 * A short-lived certificate for a person, of the CA of one of the policy's signers, by the person's own ID token. The token is sent
 * nowhere unless it is of an issuer of one of the people.
 *
 * @throws SignwrightError `usage` where it is not clear which CA, `denied` where the certificate is nobody's.
 */
export async function openPersonCertificate(
  open: OpenPolicy,
  tokenFile: string,
  authority: string | undefined,
  signal: AbortSignal,
): Promise<PersonKey> {
  const definition = authorityOf(open, authority);
  const token = (await readBounded(tokenFile, MAX_TOKEN, 'the ID token')).toString('utf8').trim();
  const issuer = issuerOf(token, tokenFile);
  const known = [...open.policy.people.values()].filter(({ certificate }) => certificate?.issuer === issuer);
  if (known.length === 0) {
    throw new SignwrightError(
      'denied',
      `the ID token is of the issuer ${JSON.stringify(issuer)}, and nobody of the policy's people is`,
      {
        where: tokenFile,
        next: 'it was sent nowhere; use the token of the issuer that the policy names under people.*.certificate',
      },
    );
  }
  const signer = await openCertificate(open, definition, { idToken: async () => token }, signal);
  const der = await signer.certificate();
  if (!der) throw new TypeError('a certificate signer without a certificate');
  const leaf = parseCertificate(der);
  const issuing = open.trustRoot?.certificateAuthorities.find(({ chain }) => leaf.issuer.equals(chain[0].subject));
  const { san, issuer: certified } = identityOf(leaf, issuing);
  const person = known.find(({ certificate }) => certificate?.issuer === certified && certificate.subject === san);
  if (person) return { person, by: { signer }, where: san };
  throw new SignwrightError('denied', `the certificate names ${san} of ${certified}, who is nobody of the policy's people`, {
    where: open.file,
    next: 'have people.NAME.certificate name exactly this subject',
  });
}

function authorityOf({ policy, file }: OpenPolicy, id: string | undefined) {
  const certifying = [...policy.signers.values()].flatMap(({ id, certificate }) => (certificate ? [{ id, certificate }] : []));
  const wanted = id === undefined ? certifying : certifying.filter((one) => one.id === id);
  const [first] = wanted;
  const same = new Set(wanted.map(({ certificate }) => certificate.url));
  if (first && same.size === 1) return first.certificate;
  throw new SignwrightError('usage', same.size === 0 ? 'the policy has no such signer with a CA' : 'the policy has several CAs', {
    where: file,
    next: `name the signer whose CA certifies people: --authority ${certifying.map(({ id }) => id).join(' or ') || 'SIGNER'}`,
  });
}

/** The issuer a token says it is of; whether it is, the CA checks. */
function issuerOf(token: string, where: string): string {
  const [, payload, signature] = token.split('.');
  try {
    const { iss } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as { iss?: unknown };
    if (typeof iss === 'string' && signature !== undefined) return iss;
  } catch {
    // Told below: what is in it is a secret.
  }
  throw new SignwrightError('invalid-input', 'this is no ID token', { where, next: 'write the JWT alone into the file' });
}
