import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { ASN1Obj } from '@sigstore/core';
import { refuse, type VaultReply } from './fake-vault-reply.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  type TestCertificate,
  testCertificate,
} from './test-certificates.ts';

/** A role of the PKI engine, as far as it matters here; the names are those of its API. */
export type FakePkiRole = {
  /** allowed_uri_sans, templates filled in. */
  allowed_uri_sans: readonly string[];
  use_csr_sans: boolean;
  require_cn: boolean;
  ttlSeconds: number;
};

/** A root, and a CA under it that issues. */
export type FakePki = { readonly root: TestCertificate; readonly ca: TestCertificate };

type Body = { readonly [name: string]: unknown };

const FIELDS = [
  'csr',
  'common_name',
  'alt_names',
  'uri_sans',
  'ttl',
  'format',
  'exclude_cn_from_sans',
  'remove_roots_from_chain',
];

export function fakePki(): FakePki {
  const notAfter = new Date('2099-01-01');
  const root = testCertificate({ subject: 'fake root', notAfter, extensions: [basicConstraints(true, 1), keyUsage(0x04)] });
  const extensions = [basicConstraints(true, 0), keyUsage(0x04), extendedKeyUsage(['codeSigning'])];
  return { root, ca: testCertificate({ subject: 'fake CA', issuer: root, notAfter, extensions }) };
}

/** "Sign certificate": as generateCreationBundle and pathIssueSignCert of OpenBao's PKI do it, for code signing. */
export function signPki({ root, ca }: FakePki, role: FakePkiRole | undefined, body: Body): VaultReply {
  const unknown = Object.keys(body).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return refuse(400, `unknown field ${unknown}`);
  if (role === undefined) return refuse(400, 'unknown role: release');
  const key = keyOf(body['csr']);
  if (typeof key === 'string') return refuse(400, key);
  if (role.require_cn && !body['common_name'])
    return refuse(
      400,
      'the common_name field is required, or must be provided in a CSR with "use_csr_common_name" set to true, unless "require_cn" is set to false',
    );
  const asked = role.use_csr_sans ? [] : [body['uri_sans'] ?? []].flat().map(String);
  if (asked.some((uri) => !role.allowed_uri_sans.includes(uri)))
    return refuse(400, 'URI Subject Alternative Names were provided via the API which are not valid for this role');
  const now = Date.now();
  const leaf = testCertificate({
    subject: '',
    issuer: ca,
    keys: { publicKey: key, privateKey: ca.keys.privateKey },
    notBefore: new Date(now - 30_000),
    notAfter: new Date(now + role.ttlSeconds * 1000),
    extensions: [
      keyUsage(0x80),
      extendedKeyUsage(['codeSigning']),
      ...(asked.length === 0 ? [] : [subjectAltName(...asked.map((uri) => ['uri', uri] as const))]),
    ],
  });
  return {
    status: 200,
    body: {
      data: {
        certificate: pem(leaf),
        issuing_ca: pem(ca),
        ca_chain: [pem(ca), pem(root)],
        serial_number: (leaf.serialNumber.toString('hex').match(/../g) ?? []).join(':'),
        expiration: Math.floor(now / 1000) + role.ttlSeconds,
      },
    },
  };
}

/** The key a request asks a certificate for, where it is signed by it; else what Vault says. */
function keyOf(csr: unknown): KeyObject | string {
  const base64 = /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE REQUEST-----\n$/.exec(
    String(csr),
  )?.[1];
  if (base64 === undefined) return 'csr contains no data';
  try {
    const request = ASN1Obj.parseBuffer(Buffer.from(base64, 'base64'));
    const [information, , signature] = request.subs as [ASN1Obj, ASN1Obj, ASN1Obj];
    const key = createPublicKey({ key: (information.subs[2] as ASN1Obj).toDER(), format: 'der', type: 'spki' });
    return verify('sha256', information.toDER(), key, signature.value.subarray(1)) ? key : 'request signature invalid';
  } catch {
    return 'certificate request could not be parsed: asn1: structure error';
  }
}

/** As Go's PEM, which ends without the line end that Vault trims. */
function pem({ der }: TestCertificate): string {
  return new X509Certificate(der).toString().trimEnd();
}
