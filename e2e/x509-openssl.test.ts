import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certificateRequest,
  ocspRequest,
  parseCertificate,
  parseCertificateRequest,
  parseCrl,
  readOcspResponse,
  statusByCrl,
} from '@signwright/signing-core';
import {
  CRL_CASES_AT,
  type CrlCase,
  crlCases,
  PATH_CASES_AT,
  type PathCase,
  pathCases,
  testAuthority,
  testCrl,
  testOcspResponse,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describePeer, isInstalled } from './peers.ts';

const directory = mkdtempSync(join(tmpdir(), 'x509-openssl-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

function pem(what: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}

function run(args: readonly string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { maxBuffer: 1 << 26 });
  return { ok: status === 0, said: `${stdout.toString()}${stderr.toString()}` };
}

/** OpenSSL knows code signing as a purpose since 3.2. */
const knowsCodeSigning =
  isInstalled('openssl') && !run(['verify', '-purpose', 'codesign', '/dev/null']).said.includes('nvalid purpose');

/** Whether OpenSSL takes the path, as strictly as it can, and what it says. */
function byOpenssl({ leaf, chain, purpose }: PathCase): { ok: boolean; said: string } {
  const root = chain[chain.length - 1] as Buffer;
  writeFileSync(at('root.pem'), pem('CERTIFICATE', root));
  writeFileSync(
    at('between.pem'),
    chain
      .slice(0, -1)
      .map((der) => pem('CERTIFICATE', der))
      .join(''),
  );
  writeFileSync(at('leaf.pem'), pem('CERTIFICATE', leaf));
  const meant = purpose === 'timeStamping' ? 'timestampsign' : knowsCodeSigning ? 'codesign' : 'any';
  const seconds = String(PATH_CASES_AT.getTime() / 1000);
  const strict = ['-x509_strict', '-check_ss_sig', '-auth_level', '2', '-purpose', meant, '-attime', seconds];
  return run([
    'verify',
    ...strict,
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    at('root.pem'),
    '-untrusted',
    at('between.pem'),
    at('leaf.pem'),
  ]);
}

describePeer('openssl', 'paths, as OpenSSL judges them', () => {
  test.each(pathCases().map((one) => [one.rule, one.what, one] as const))('%s: %s', (_, __, one) => {
    const { ok, said } = byOpenssl(one);
    const holds = one.refused === undefined;
    const differs = one.openssl ?? (knowsCodeSigning ? undefined : one.withoutCodeSigning);
    expect(ok, said).toBe(differs === undefined ? holds : !holds);
  });
});

/** What OpenSSL says of a leaf by a CRL. */
function revocationByOpenssl({ crl, leaf, issuer, root }: CrlCase): { says: 'good' | 'revoked' | 'unknown'; said: string } {
  writeFileSync(at('root.pem'), pem('CERTIFICATE', root.der));
  writeFileSync(at('issuer.pem'), pem('CERTIFICATE', issuer.der));
  writeFileSync(at('leaf.pem'), pem('CERTIFICATE', leaf.der));
  writeFileSync(at('list.pem'), pem('X509 CRL', crl));
  const when = ['-attime', String(CRL_CASES_AT.getTime() / 1000), '-auth_level', '2'];
  const files = ['-CAfile', at('root.pem'), '-untrusted', at('issuer.pem'), '-CRLfile', at('list.pem'), at('leaf.pem')];
  const { ok, said } = run(['verify', '-crl_check', '-no-CApath', '-no-CAstore', ...when, ...files]);
  return { says: ok ? 'good' : said.includes('certificate revoked') ? 'revoked' : 'unknown', said };
}

describePeer('openssl', 'CRLs, as OpenSSL judges them', () => {
  test.each(crlCases().map((one) => [one.what, one] as const))('%s', (_, one) => {
    const { says, said } = revocationByOpenssl(one);
    const ours = typeof one.says === 'string' ? one.says : 'unknown';
    if (one.openssl === undefined) expect(says, said).toBe(ours);
    else expect(says, said).not.toBe(ours);
  });
});

/** A CA of OpenSSL's own, in a directory, with a responder and two leaves, of which the second is revoked. */
function opensslAuthority(): void {
  const must = (...args: string[]): void => {
    const { ok, said } = run(args);
    if (!ok) throw new Error(`openssl ${args[0]}: ${said}`);
  };
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial'), '1000\n');
  writeFileSync(at('crlnumber'), '01\n');
  writeFileSync(
    at('ca.cnf'),
    `[ca]
default_ca = own
[own]
database = ${at('index.txt')}
serial = ${at('serial')}
crlnumber = ${at('crlnumber')}
new_certs_dir = ${directory}
certificate = ${at('ca.pem')}
private_key = ${at('ca.key')}
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
crl_extensions = list
[any]
commonName = supplied
[list]
authorityKeyIdentifier = keyid
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
subjectAltName = URI:https://ci.example/app
[responder]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
`,
  );
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  must('req', '-x509', ...curve, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '30', '-subj', '/CN=openssl CA', ...ca);
  for (const [name, profile] of [
    ['good', 'leaf'],
    ['bad', 'leaf'],
    ['responder', 'responder'],
  ] as const) {
    must('req', ...curve, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`);
    must(
      'ca',
      '-batch',
      '-config',
      at('ca.cnf'),
      '-extensions',
      profile,
      '-in',
      at(`${name}.csr`),
      '-out',
      at(`${name}.pem`),
      '-notext',
    );
  }
  const compromised = ['-crl_compromise', '20260101000000Z'];
  must('ca', '-config', at('ca.cnf'), '-revoke', at('bad.pem'), ...compromised);
  must('ca', '-config', at('ca.cnf'), '-gencrl', '-out', at('ca.crl'));
}

function derOf(name: string): Buffer {
  return Buffer.from(readFileSync(at(name), 'latin1').replace(/-----[^-]+-----/g, ''), 'base64');
}

describePeer('openssl', 'what OpenSSL makes', () => {
  beforeAll(opensslAuthority);

  test('its CRL is read, with reason and invalidity date', () => {
    const ca = parseCertificate(derOf('ca.pem'));
    const crl = parseCrl(derOf('ca.crl'));
    const status = (name: string): unknown =>
      statusByCrl(crl, parseCertificate(derOf(name)), ca, { at: Date.now(), by: 'the CRL' });
    expect(crl).toMatchObject({ number: 1n, size: 1 });
    expect(status('good.pem')).toMatchObject({ status: 'good' });
    expect(status('bad.pem')).toMatchObject({
      status: 'revoked',
      reason: 'keyCompromise',
      invalidFrom: Date.parse('2026-01-01T00:00:00Z'),
    });
  });

  test.each(['ca', 'responder'])('the answers of its OCSP responder to our requests are read, signed by %s', (signer) => {
    const ca = parseCertificate(derOf('ca.pem'));
    const nonce = randomBytes(32);
    const ask = (name: string): unknown => {
      const certificate = parseCertificate(derOf(name));
      writeFileSync(at('request.der'), ocspRequest(certificate, ca, nonce));
      const responder = ['-rsigner', at(`${signer}.pem`), '-rkey', at(`${signer}.key`), '-CA', at('ca.pem')];
      const files = ['-index', at('index.txt'), '-reqin', at('request.der'), '-respout', at('response.der')];
      const { ok, said } = run(['ocsp', ...files, ...responder, '-ndays', '1']);
      expect(ok, said).toBe(true);
      return readOcspResponse(readFileSync(at('response.der')), certificate, ca, { at: Date.now(), by: 'it', nonce }).status;
    };
    expect(ask('good.pem')).toMatchObject({ status: 'good' });
    expect(ask('bad.pem')).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
  });

  test('its certificate requests are read', () => {
    const { publicKey } = parseCertificateRequest(derOf('good.csr'));
    expect(publicKey.equals(parseCertificate(derOf('good.pem')).publicKey)).toBe(true);
  });
});

describePeer('openssl', 'what we make', () => {
  test('OpenSSL reads our OCSP requests, and checks answers of the testkit as it does its own', () => {
    const authority = testAuthority();
    const leaf = authority.leaf({ subject: 'leaf' });
    const [certificate, ca] = [parseCertificate(leaf.der), parseCertificate(authority.ca.der)];
    writeFileSync(at('request.der'), ocspRequest(certificate, ca, Buffer.from('nonce of a test')));
    expect(run(['ocsp', '-reqin', at('request.der'), '-req_text', '-noverify']).said).toMatch(
      new RegExp(`Serial Number: ${leaf.serialNumber.toString('hex').toUpperCase()}[\\s\\S]*OCSP Nonce`),
    );
    const produced = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
    const times = { producedAt: produced };
    const answer = { thisUpdate: produced, nextUpdate: new Date(produced.getTime() + 3_600_000) };
    const response = testOcspResponse(authority.ca, [{ certificate: leaf, ...answer }], times);
    for (const [name, bytes] of [
      ['testca.pem', pem('CERTIFICATE', authority.ca.der)],
      ['testleaf.pem', pem('CERTIFICATE', leaf.der)],
      ['testroot.pem', pem('CERTIFICATE', authority.root.der)],
      ['test.der', response],
    ] as const)
      writeFileSync(at(name), bytes);
    const files = ['-issuer', at('testca.pem'), '-cert', at('testleaf.pem'), '-CAfile', at('testroot.pem')];
    const { said } = run(['ocsp', '-respin', at('test.der'), ...files, '-verify_other', at('testca.pem'), '-no_nonce']);
    expect(said).toMatch(/: good[\s\S]*Response verify OK/);
    expect(readOcspResponse(response, certificate, ca, { at: Date.now(), by: 'it' }).status).toMatchObject({ status: 'good' });
  });

  test('OpenSSL checks the signature of our certificate requests', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(at('own.csr'), pem('CERTIFICATE REQUEST', Buffer.from(certificateRequest(privateKey))));
    expect(run(['req', '-in', at('own.csr'), '-verify', '-noout']).said).toMatch(/verify OK/);
  });

  test('OpenSSL reads a CRL of the testkit as we do', () => {
    const authority = testAuthority();
    const revoked = [{ serialNumber: Buffer.from('4711', 'hex'), reason: 1, invalidFrom: new Date('2026-01-01T00:00:00Z') }];
    writeFileSync(at('test.crl'), testCrl(authority.ca, { number: 70_000, revoked }));
    const { said } = run(['crl', '-inform', 'DER', '-in', at('test.crl'), '-text', '-noout']);
    expect(said).toMatch(
      /CRL Number:\s+70000[\s\S]*Serial Number: 4711[\s\S]*Key Compromise[\s\S]*Invalidity Date:\s+Jan {2}1 00:00:00 2026/,
    );
  });
});
