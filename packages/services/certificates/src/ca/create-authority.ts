import { type KeyObject, X509Certificate } from 'node:crypto';
import { algorithmsOf, type Certificate, parseCertificate, type Signer, SignwrightError } from '@signwright/signing-core';
import {
  authorityKeyIdentifier,
  caConstraints,
  crlAt,
  forCodeSigning,
  keyIdentifier,
  keyIdentifierOf,
  keyUsage,
  subjectKeyIdentifier,
} from './extensions.ts';
import { later, wholeSecond } from './instant.ts';
import { checkSigner } from './own-authority.ts';
import { type NewRootKey, withRootKey } from './root-key.ts';
import { freshSerial } from './serial.ts';
import { distinguishedName, writeCertificate } from './write-certificate.ts';

const DAY = 24 * 60 * 60;
const ROOT_VALIDITY = 3650 * DAY;
const VALIDITY = 1825 * DAY;
/** For clocks that are behind. */
const SKEW = 60;

/** A CA to be made. Times are seconds. */
export type NewAuthority = {
  /** Whose it is: O of both names. */
  readonly organization: string;
  /** The root's key: made here and written to a file, or one that exists. */
  readonly root: NewRootKey | { readonly signer: Signer };
  /** 10 years unless told. */
  readonly rootValidity?: number;
  /** The intermediate's key, which issues. */
  readonly signer: Signer;
  /** Of the intermediate; 5 years unless told. */
  readonly validity?: number;
  /** Where the root's CRL, of intermediates, will be. */
  readonly rootCrl?: string;
};

/**
 * Makes a CA: a root that certifies intermediates and is then taken offline, and an intermediate that issues.
 *
 * @returns the certificates. The root's new key is on disk by then, encrypted.
 * @throws SignwrightError `configuration` for keys, names and times that will not do; `unreachable` where the root's key cannot be
 * written or a signer was not reached; `verification` where a signature does not hold.
 */
export async function createAuthority(
  { organization, root, rootValidity = ROOT_VALIDITY, ...wanted }: NewAuthority,
  now: Date,
): Promise<{ readonly root: Certificate; readonly intermediate: Certificate }> {
  return withRootKey(root, async (signer) => {
    const certificate = await certifyRoot(signer, checkOrganization(organization), rootValidity, now);
    const { validity = VALIDITY, rootCrl } = wanted;
    const intermediate = await certifyIntermediate(
      { signer, certificate },
      { organization, signer: wanted.signer, validity, ...(rootCrl === undefined ? {} : { rootCrl }) },
      now,
    );
    return { root: certificate, intermediate };
  });
}

/** A root and the means to sign with it. */
export type Root = { readonly signer: Signer; readonly certificate: Certificate };

/**
 * Certifies the key of an intermediate: a further one, or the same again before its certificate ends.
 *
 * @param wanted `organization` is the root's unless told.
 * @throws SignwrightError as {@link createAuthority}.
 */
export async function certifyIntermediate(
  root: Root,
  {
    signer,
    validity = VALIDITY,
    rootCrl,
    ...wanted
  }: Omit<NewAuthority, 'organization' | 'root' | 'rootValidity'> & {
    readonly organization?: string;
  },
  now: Date,
): Promise<Certificate> {
  await checkSigner({ id: 'of intermediates', ...root });
  const publicKey = await signer.publicKey();
  algorithmsOf(publicKey);
  if (keyIdentifier(publicKey).equals(keyIdentifier(root.certificate.publicKey)))
    throw new SignwrightError('configuration', "the key of the intermediate is the root's own", {
      next: "give it a key of its own: the root's is taken offline",
    });
  const { notBefore, notAfter } = lifeOf(validity, now);
  if (notAfter.getTime() > root.certificate.notAfter)
    throw new SignwrightError(
      'configuration',
      `the intermediate would end at ${notAfter.toISOString()}, after the root (${new Date(root.certificate.notAfter).toISOString()})`,
      { next: 'give it a shorter life, or make a new CA' },
    );
  const id = keyIdentifier(publicKey);
  const organization = wanted.organization ?? new X509Certificate(root.certificate.der).toLegacyObject().subject.O;
  const der = await writeCertificate(
    {
      serial: freshSerial(),
      issuer: root.certificate.subject,
      subject: distinguishedName(checkOrganization(String(organization ?? '')), `Signing CA ${mark(publicKey)}`),
      notBefore,
      notAfter,
      publicKey,
      extensions: [
        caConstraints(0),
        keyUsage('keyCertSign and cRLSign'),
        forCodeSigning(),
        subjectKeyIdentifier(id),
        authorityKeyIdentifier(keyIdentifierOf(root.certificate)),
        ...(rootCrl === undefined ? [] : [crlAt(rootCrl)]),
      ],
    },
    root.signer,
  );
  return checked(der, root.certificate);
}

async function certifyRoot(signer: Signer, organization: string, validity: number, now: Date): Promise<Certificate> {
  const publicKey = await signer.publicKey();
  algorithmsOf(publicKey);
  const name = distinguishedName(organization, `Signing root ${mark(publicKey)}`);
  const der = await writeCertificate(
    {
      serial: freshSerial(),
      issuer: name,
      subject: name,
      ...lifeOf(validity, now),
      publicKey,
      extensions: [caConstraints(1), keyUsage('keyCertSign and cRLSign'), subjectKeyIdentifier(keyIdentifier(publicKey))],
    },
    signer,
  );
  return checked(der);
}

function lifeOf(validity: number, now: Date): { notBefore: Date; notAfter: Date } {
  if (!Number.isSafeInteger(validity) || validity < DAY || validity > 36_500 * DAY)
    throw new SignwrightError('configuration', `a CA lives from a day to a hundred years, not ${validity} s`);
  const notBefore = later(wholeSecond(now), -SKEW);
  return { notBefore, notAfter: later(notBefore, validity) };
}

/** Whether a certificate is a root that was made here: its name is of its own key. */
export function isOwnRoot(certificate: Certificate): boolean {
  const { subjectText, publicKey } = certificate;
  return subjectText.endsWith(`CN=Signing root ${mark(publicKey)}`) && certificate.isSignedBy(certificate);
}

/** CAs of different keys have different names, or nobody could tell their CRLs apart by name. */
function mark(key: KeyObject): string {
  return keyIdentifier(key).toString('hex').slice(0, 8);
}

/** RFC 5280, A.1: at most 64 characters. */
function checkOrganization(name: string): string {
  if (/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name)) return name;
  throw new SignwrightError('configuration', 'an organisation is named by 1 to 64 characters on one line');
}

/** What was written, as it is read by whoever relies on it. */
function checked(der: Buffer, issuer?: Certificate): Certificate {
  const certificate = parseCertificate(der, 'the new CA certificate');
  const signer = issuer ?? certificate;
  if (certificate.issuer.equals(signer.subject) && certificate.isSignedBy(signer)) return certificate;
  throw new SignwrightError('verification', 'the new CA certificate does not verify: nothing was issued');
}
