import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Extension, X509Certificate } from '@peculiar/x509';
import { spkiOf } from '@signwright/signing-core';
import { freshSerial } from '../ca/serial.ts';
import { DAY_MS, MINUTE_MS, TRIAL_DAYS, TRIAL_MARKER_OID } from './names.ts';
import { importSigningKey, loadX509, SIGNING_ALGORITHM, type X509 } from './x509-library.ts';

/** A certificate in PEM and its private key. */
export type Certified = { certificate: string; key: KeyObject };
export type TrialAuthorities = {
  /** Its key is gone: nothing more will ever be issued under it. */
  root: { certificate: string };
  intermediate: Certified;
  timestamp: Certified;
  notBefore: Date;
};

const ORGANISATION = 'O=Signwright trial';
const DER_NULL = Buffer.of(0x05, 0x00);

/** Makes the certificates of a trial: a root, the CA under it that certifies workloads, and a timestamp authority. */
export async function makeAuthorities(now: Date): Promise<TrialAuthorities> {
  const x509 = await loadX509();
  const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000 - MINUTE_MS);
  const notAfter = new Date(notBefore.getTime() + TRIAL_DAYS * DAY_MS);
  const maker = { x509, notBefore, notAfter };
  const { KeyUsageFlags, ExtendedKeyUsage, ExtendedKeyUsageExtension, BasicConstraintsExtension, KeyUsagesExtension } = x509;
  const ca = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);

  const root = newKey();
  const rootName = `${ORGANISATION}, CN=Signwright trial root`;
  const rootCertificate = await make(maker, rootName, root.publicKey, { name: rootName, key: root }, [
    new BasicConstraintsExtension(true, 1, true),
    ca,
  ]);
  const intermediate = newKey();
  const intermediateCertificate = await make(
    maker,
    `${ORGANISATION}, CN=Signwright trial certificate authority`,
    intermediate.publicKey,
    { name: rootName, key: root },
    [new BasicConstraintsExtension(true, 0, true), ca, new ExtendedKeyUsageExtension([ExtendedKeyUsage.codeSigning])],
  );
  const timestamp = newKey();
  const timestampCertificate = await make(
    maker,
    `${ORGANISATION}, CN=Signwright trial timestamp authority`,
    timestamp.publicKey,
    { name: rootName, key: root },
    [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.timeStamping], true),
    ],
  );
  return {
    root: { certificate: rootCertificate.toString('pem') },
    intermediate: { certificate: intermediateCertificate.toString('pem'), key: intermediate.privateKey },
    timestamp: { certificate: timestampCertificate.toString('pem'), key: timestamp.privateKey },
    notBefore,
  };
}

/** A fresh P-256 key. */
export function newKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

type Maker = { x509: X509; notBefore: Date; notAfter: Date };
type Issuer = { name: string; key: { privateKey: KeyObject; publicKey: KeyObject } };

async function make(
  maker: Maker,
  subject: string,
  key: KeyObject,
  issuer: Issuer,
  extensions: Extension[],
): Promise<X509Certificate> {
  const { x509, notBefore, notAfter } = maker;
  return x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.name,
    serialNumber: freshSerial(),
    notBefore,
    notAfter,
    publicKey: new x509.PublicKey(spkiOf(key)),
    signingKey: await importSigningKey(issuer.key.privateKey),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(new x509.PublicKey(spkiOf(key))),
      await x509.AuthorityKeyIdentifierExtension.create(new x509.PublicKey(spkiOf(issuer.key.publicKey))),
      new x509.Extension(TRIAL_MARKER_OID, false, DER_NULL),
    ],
  });
}
