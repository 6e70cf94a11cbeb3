import type { KeyObject } from 'node:crypto';
import {
  type Certificate,
  CLAIM_EXTENSIONS,
  type ClaimName,
  checkPath,
  identityOf,
  messageOf,
  parseCertificate,
  SignwrightError,
} from '@signwright/signing-core';
import {
  alternativeName,
  authorityKeyIdentifier,
  crlAt,
  environmentsExtension,
  forCodeSigning,
  keyIdentifier,
  keyIdentifierOf,
  keyUsage,
  subjectKeyIdentifier,
  textExtension,
} from './extensions.ts';
import type { OwnAuthority } from './own-authority.ts';
import type { WantedCertificate } from './wanted-certificate.ts';
import { EMPTY_NAME, writeCertificate } from './write-certificate.ts';

/** In whole seconds. */
export type Life = { readonly notBefore: Date; readonly notAfter: Date };

const FULCIO = '1.3.6.1.4.1.57264.1.';
const NAMES = Object.keys(CLAIM_EXTENSIONS) as ClaimName[];

/** A code-signing certificate for one name, with the claims in Fulcio's extensions. @throws what the signer throws. */
export function writeLeaf(
  { certificate, crl, signer }: OwnAuthority,
  wanted: WantedCertificate,
  { serial, key, ...life }: Life & { serial: string; key: KeyObject },
): Promise<Buffer> {
  const { san, issuer, claims, commit, environments } = wanted;
  const said = NAMES.flatMap((name) => {
    const text = claims[name];
    return text === undefined ? [] : [textExtension(CLAIM_EXTENSIONS[name], text)];
  });
  const extensions = [
    keyUsage('digitalSignature'),
    forCodeSigning(),
    subjectKeyIdentifier(keyIdentifier(key)),
    authorityKeyIdentifier(keyIdentifierOf(certificate)),
    alternativeName(san),
    ...(crl === undefined ? [] : [crlAt(crl)]),
    textExtension(`${FULCIO}8`, issuer),
    ...(commit === undefined ? [] : [textExtension(`${FULCIO}13`, commit)]),
    ...said,
    ...(environments === undefined ? [] : [environmentsExtension(environments)]),
  ];
  return writeCertificate(
    { serial, issuer: certificate.subject, subject: EMPTY_NAME, ...life, publicKey: key, extensions },
    signer,
  );
}

/** Reads a new certificate as whoever relies on it does. @throws SignwrightError `verification`. */
export function checkLeaf(ca: OwnAuthority, wanted: WantedCertificate, der: Buffer, now: Date): void {
  try {
    const leaf = parseCertificate(der, 'the new certificate');
    const chain = ca.chain as readonly [Certificate, ...Certificate[]];
    checkPath(leaf, { chain, validFrom: chain[0].notBefore }, now.getTime(), 'codeSigning');
    const { san, issuer, commit, claims } = identityOf(leaf);
    const same =
      san === wanted.san.value &&
      issuer === wanted.issuer &&
      commit === wanted.commit &&
      NAMES.every((name) => claims[name] === wanted.claims[name]);
    if (!same) throw new Error('it says something else than it should');
  } catch (cause) {
    throw new SignwrightError('verification', `the new certificate does not verify, and is not handed out: ${messageOf(cause)}`, {
      cause,
    });
  }
}
