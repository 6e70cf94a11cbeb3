import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as ask } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStepCaIssuer } from '@signwright/certificates';
import { createRevocationSource } from '@signwright/revocation';
import { type Certificate, certificateRequest, parseCertificate, type RevocationStatus } from '@signwright/signing-core';
import { gitlabClaims, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pem } from './issuer-scenario.ts';
import { describePeer } from './peers.ts';
import { OTHER_AUDIENCE, STEP_CA_ADMIN, STEP_CA_AUDIENCE, stepCaServer } from './step-ca-server.ts';

describePeer(['step-ca'], 'the CRL of a real step-ca', () => {
  let oidc: TestOidcIssuer;
  let directory: string;
  beforeAll(async () => {
    oidc = await startTestOidcIssuer();
    directory = await mkdtemp(join(tmpdir(), 'signwright-step-ca-crl-'));
  });
  afterAll(async () => {
    await oidc.close();
    await rm(directory, { recursive: true, force: true });
  });
  const stepCa = stepCaServer(() => oidc, { revoking: true });
  const ca = [pem(stepCa.authority.root)];
  const issuing = parseCertificate(stepCa.authority.issuing.der);

  async function issued(): Promise<Certificate> {
    const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    const token = oidc.mintToken(gitlabClaims(), { audience: STEP_CA_AUDIENCE });
    const [leaf] = await createStepCaIssuer({ url: stepCa.url, ca }).issue(certificateRequest(key), token);
    return parseCertificate(leaf as Uint8Array);
  }

  let count = 0;
  function status(certificate: Certificate, at = Date.now()): Promise<RevocationStatus> {
    const source = createRevocationSource({
      cacheDirectory: join(directory, String(count++)),
      issuers: [issuing],
      crls: [stepCa.crl],
      allowPrivate: true,
      readFile: () => Promise.reject(new Error('no file is named')),
    });
    return source.status(certificate, issuing, at);
  }

  /** By an ID token of whom the provisioner names as one who may, about this certificate. */
  function revoke(serial: string): Promise<number> {
    const ott = oidc.mintToken({ sub: serial, email: STEP_CA_ADMIN, email_verified: true }, { audience: OTHER_AUDIENCE });
    const body = JSON.stringify({ serial, ott, reasonCode: 1, reason: 'stolen', passive: true });
    return new Promise((resolve, reject) => {
      const sent = ask(
        `${stepCa.url}/1.0/revoke`,
        { method: 'POST', ca, headers: { 'content-type': 'application/json' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  it('lists what was revoked there, and nothing else', async () => {
    const [good, bad] = [await issued(), await issued()];
    expect(await status(good)).toMatchObject({ status: 'good', by: `the CRL ${stepCa.crl}` });
    expect(await revoke(BigInt(`0x${bad.serialNumber.toString('hex')}`).toString())).toBe(200);
    expect(await status(bad)).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
    expect(await status(good)).toMatchObject({ status: 'good' });
  });

  it('does not keep what has expired: of that nobody knows', async () => {
    const expired = await status(await issued(), Date.now() + 20 * 60_000);
    expect(expired).toMatchObject({ status: 'unknown', why: expect.stringContaining('the certificate has expired') as string });
  });
});
