import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '@signwright/signing-core';
import { openssl, type TestAuthority } from '@signwright/testkit';

/** When a certificate was revoked and why, as OpenSSL's index has it: `keyTime` and `CAkeyTime` come with an invalidity date. */
export type Revoked = { readonly at: Date; readonly reason?: string; readonly invalidFrom?: Date };

/** A certificate that OpenSSL made, and its key. */
export type OpensslLeaf = { readonly certificate: X509Certificate; readonly pem: string; readonly key: string };

/** A root CA that is OpenSSL's command and a directory, and its code-signing leaves. */
export type OpensslAuthority = {
  readonly directory: string;
  readonly rootPem: string;
  leaf(name: string): OpensslLeaf;
  /** Says in the index what became of a certificate; `undefined` that it is good. */
  mark(leaf: OpensslLeaf, revoked: Revoked | undefined): void;
  /** A CRL, DER: from and until unless told for a day from now. */
  crl(times?: { readonly from: Date; readonly until: Date }): Buffer;
  path(name: string): string;
  remove(): void;
};

/** @param places lines of the leaves' extensions: where their revocation is told. */
export function opensslAuthority(places: (path: (name: string) => string) => string): OpensslAuthority {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-openssl-ca-'));
  const path = (name: string): string => join(directory, name);
  const configuration = `[ca]
default_ca = here
[here]
database = ${path('index.txt')}
serial = ${path('serial')}
crlnumber = ${path('crlnumber')}
new_certs_dir = ${directory}
certificate = ${path('root.pem')}
private_key = ${path('root.key')}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
default_crl_days = 1
crl_extensions = crl
[any]
commonName = supplied
[crl]
authorityKeyIdentifier = keyid
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
subjectAltName = URI:https://git.example/acme/app//ci.yml@refs/heads/main
1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:https://issuer.example
${places(path)}
`;
  writeFileSync(path('ca.cnf'), configuration);
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('index.txt.attr'), 'unique_subject = no\n');
  writeFileSync(path('serial'), '1000\n');
  writeFileSync(path('crlnumber'), '01\n');
  writeFileSync(path('request.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n');
  const request = (name: string, subject: string): void => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path(`${name}.key`)];
    const dn = ['-config', path('request.cnf'), '-subj', subject];
    openssl(['req', '-new', ...key, ...dn, '-out', path(`${name}.csr`)]);
  };
  const certify = (name: string, more: readonly string[]): void => {
    const dates = ['-startdate', '20260101000000Z', '-enddate', '20271231000000Z'];
    const files = ['-in', path(`${name}.csr`), '-out', path(`${name}.pem`)];
    openssl(['ca', '-batch', '-config', path('ca.cnf'), ...dates, '-notext', ...more, ...files]);
  };
  request('root', '/CN=OpenSSL root');
  certify('root', ['-selfsign', '-extensions', 'root']);

  return {
    directory,
    path,
    rootPem: readFileSync(path('root.pem'), 'utf8'),
    leaf(name) {
      request(name, `/CN=${name}`);
      certify(name, ['-extensions', 'leaf']);
      const certificate = new X509Certificate(readFileSync(path(`${name}.pem`)));
      return { certificate, pem: path(`${name}.pem`), key: readFileSync(path(`${name}.key`), 'utf8') };
    },
    mark({ certificate }, revoked) {
      const lines = readFileSync(path('index.txt'), 'utf8').split('\n');
      const changed = lines.map((line) => {
        const [, expires, , serial, ...rest] = line.split('\t');
        if (serial === undefined || BigInt(`0x${serial}`) !== BigInt(`0x${certificate.serialNumber}`)) return line;
        const said = revoked && [
          utcTime(revoked.at),
          revoked.reason,
          revoked.invalidFrom && generalizedTime(revoked.invalidFrom),
        ];
        const why = said?.filter((one) => one !== undefined).join(',') ?? '';
        return [revoked ? 'R' : 'V', expires, why, serial, ...rest].join('\t');
      });
      writeFileSync(path('index.txt'), changed.join('\n'));
    },
    crl(times) {
      const dates = times ? ['-crl_lastupdate', utcTime(times.from), '-crl_nextupdate', utcTime(times.until)] : [];
      openssl(['ca', '-gencrl', '-config', path('ca.cnf'), ...dates, '-out', path('crl.pem')]);
      return openssl(['crl', '-in', path('crl.pem'), '-outform', 'DER']);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function generalizedTime(at: Date): string {
  return at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}

function utcTime(at: Date): string {
  return generalizedTime(at).slice(2);
}

/** A bundle over bytes by a leaf, timestamped when it is said to be made. */
export function bundleBy({ certificate, key }: OpensslLeaf, content: string, at: Date, tsa: TestAuthority): Buffer {
  const bytes = Buffer.from(content);
  const signature = sign('sha256', bytes, createPrivateKey(key));
  const digest = createHash('sha256').update(bytes).digest();
  return writeBundle({
    content: { type: 'message', hash: 'sha256', digest, signature },
    key: { type: 'certificate', der: certificate.raw },
    timestamps: [tsa.timestamp(signature, { at })],
  });
}
