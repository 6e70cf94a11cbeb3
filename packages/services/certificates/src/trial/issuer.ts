import { createPublicKey } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { algorithmsOf, type CertificateIssuer, type Clock, messageOf, SignwrightError } from '@signwright/signing-core';
import { freshSerial } from '../ca/serial.ts';
import { type TrialClaims, uriOf } from './claims.ts';
import type { TrialDomain } from './domain.ts';
import { fulcioExtensions } from './fulcio-extensions.ts';
import { MINUTE_MS } from './names.ts';
import { verifyToken } from './verify-token.ts';
import { importSigningKey, loadX509, SIGNING_ALGORITHM, type X509 } from './x509-library.ts';

const LIFE_MS = 10 * MINUTE_MS;
const SKEW_MS = MINUTE_MS;
const MAX_CSR = 16_384;

/**
 * The trial's certificate authority, in this process: certifies a key for ten minutes, one of them for clocks that are behind, for
 * the workload its ID token names. Leaves look like Fulcio's: a URI, EKU codeSigning, the OIDC extensions.
 */
export function createTrialIssuer(domain: TrialDomain, clock: Clock): CertificateIssuer {
  return {
    async issue(csr, idToken) {
      const now = clock.now();
      const claims = await verifyToken(idToken, await domain.tokenKey(), now);
      const x509 = await loadX509();
      const request = await checkRequest(x509, csr);
      const { certificate, privateKey } = await domain.certificateAuthority();
      const ca = new x509.X509Certificate(certificate.raw);
      refuseExpired(ca.notBefore, ca.notAfter, now, domain.directory);
      const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000 - SKEW_MS);
      const leaf = await x509.X509CertificateGenerator.create({
        issuer: ca.subjectName,
        serialNumber: freshSerial(),
        notBefore,
        notAfter: new Date(notBefore.getTime() + LIFE_MS),
        publicKey: request.publicKey,
        signingKey: await importSigningKey(privateKey),
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: await extensions(x509, request, ca.publicKey, claims),
      });
      return [Buffer.from(leaf.rawData), certificate.raw];
    },
  };
}

/** Proof of possession, and a key we would verify by. */
async function checkRequest(x509: X509, csr: Uint8Array): Promise<Pkcs10CertificateRequest> {
  if (csr.length > MAX_CSR) throw denied(`it is larger than ${MAX_CSR} bytes`);
  let request: Pkcs10CertificateRequest;
  let proven: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(Buffer.from(csr));
    algorithmsOf(createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }));
    proven = await request.verify();
  } catch (cause) {
    throw denied(messageOf(cause), cause);
  }
  if (!proven) throw denied('it is not signed by the key it asks a certificate for');
  return request;
}

function denied(why: string, cause?: unknown): SignwrightError {
  return new SignwrightError('denied', `the trial authority refuses the certificate request: ${why}`, { cause });
}

function refuseExpired(notBefore: Date, notAfter: Date, now: Date, directory: string): void {
  if (now >= notBefore && now <= notAfter) return;
  const life = `${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  throw new SignwrightError('configuration', `the trial trust domain lasts from ${life}`, {
    where: directory,
    next: 'delete it and make a new one: signwright trust init --trial',
  });
}

async function extensions(
  x509: X509,
  request: Pkcs10CertificateRequest,
  caKey: X509['PublicKey']['prototype'],
  claims: TrialClaims,
) {
  return [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
    await x509.SubjectKeyIdentifierExtension.create(request.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(caKey),
    // Critical, as RFC 5280, 4.2.1.6 wants it beside an empty subject.
    new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uriOf(claims) }], true),
    ...fulcioExtensions(claims).map(({ oid, value }) => new x509.Extension(oid, false, value)),
  ];
}
