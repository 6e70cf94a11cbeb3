import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { type CertificateIssuer, certificateRequest, identityOf, parseCertificate } from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';

/** An issuer, ID tokens it takes, and the time it lives in. */
export type CertificateIssuerFixture = {
  issuer: CertificateIssuer;
  idToken: () => Promise<string>;
  now: () => Date;
  /** For an issuer that cannot write Fulcio's extensions: the one OIDC issuer its CA stands for in a trust root. */
  onlyIssuer?: string;
};

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const LONGEST_LIFE_MS = 25 * 60 * 60 * 1000;

/** What every CertificateIssuer keeps to. */
export function certificateIssuerContract(name: string, make: () => Promise<CertificateIssuerFixture>): void {
  describe(`${name}, as a CertificateIssuer`, () => {
    it('certifies the key of the request, for code signing, for a short time that has begun', async () => {
      const { issuer, idToken, now } = await make();
      const { privateKey, publicKey } = newKey();
      const [leaf, ...rest] = (await issuer.issue(certificateRequest(privateKey), await idToken())).map(
        (der) => new X509Certificate(der),
      );
      expect(leaf?.publicKey.equals(publicKey)).toBe(true);
      expect(leaf?.ca).toBe(false);
      expect(leaf?.keyUsage).toContain(CODE_SIGNING);
      const [from, to] = [new Date(leaf?.validFrom ?? 0).getTime(), new Date(leaf?.validTo ?? 0).getTime()];
      expect(from).toBeLessThanOrEqual(now().getTime());
      expect(to).toBeGreaterThan(now().getTime());
      expect(to - from).toBeLessThanOrEqual(LONGEST_LIFE_MS);
      expect(rest.every((certificate) => certificate.ca)).toBe(true);
      if (rest[0] !== undefined) expect(leaf?.verify(rest[0].publicKey)).toBe(true);
    });

    it('names one workload and the issuer of its ID token', async () => {
      const { issuer, idToken, onlyIssuer } = await make();
      const [leaf] = await issuer.issue(certificateRequest(newKey().privateKey), await idToken());
      const authority = onlyIssuer === undefined ? undefined : { issuers: [onlyIssuer] };
      const identity = identityOf(parseCertificate(leaf as Uint8Array), authority);
      expect(identity.san).not.toBe('');
      expect(identity.issuer).toMatch(/^https?:\/\//);
    });

    it('gives no two certificates one serial number', async () => {
      const { issuer, idToken } = await make();
      // Some issuers take each token once.
      const chains = await Promise.all(
        [1, 2, 3].map(async () => issuer.issue(certificateRequest(newKey().privateKey), await idToken())),
      );
      const serials = chains.map(([leaf]) => new X509Certificate(leaf as Uint8Array).serialNumber);
      expect(new Set(serials).size).toBe(serials.length);
    });

    it('denies a request that its key did not sign', async () => {
      const { issuer, idToken } = await make();
      const csr = Buffer.from(certificateRequest(newKey().privateKey));
      const last = csr.length - 1;
      csr[last] = (csr[last] as number) ^ 1;
      await expect(issuer.issue(csr, await idToken())).rejects.toMatchObject({ code: 'denied' });
    });

    it('denies what is no request', async () => {
      const { issuer, idToken } = await make();
      await expect(issuer.issue(Buffer.from('not a request'), await idToken())).rejects.toMatchObject({ code: 'denied' });
    });

    it('denies an ID token that was tampered with, and shows nothing of it', async () => {
      const { issuer, idToken } = await make();
      const [head, body, signature] = (await idToken()).split('.') as [string, string, string];
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as object;
      const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody else' })).toString('base64url');
      const refusal = await issuer
        .issue(certificateRequest(newKey().privateKey), `${head}.${forged}.${signature}`)
        .catch((error) => error);
      expect(refusal).toMatchObject({ code: 'denied' });
      expect(`${refusal.message} ${refusal.next} ${refusal.stack}`).not.toContain(signature);
    });
  });
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}
