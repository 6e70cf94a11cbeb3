import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateRequest, identityOf, parseCertificate, SignwrightError } from '@signwright/signing-core';
import { certificateIssuerContract, hasOpenssl, identityProviderContract, openssl } from '@signwright/testkit';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTrialDomain,
  createTrialIdentityProvider,
  createTrialIssuer,
  TRIAL_AUDIENCE,
  TRIAL_ISSUER,
  type TrialClaims,
  type TrialDomain,
} from '../index.ts';

let parent: string;
let domain: TrialDomain;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'signwright-trial-issuer-'));
  domain = await createTrialDomain(join(parent, 'trial'), { now: new Date() });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

let offset = 0;
const clock = { now: () => new Date(Date.now() + offset) };
const request = () => certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);

certificateIssuerContract('the trial issuer', async () => {
  const identity = createTrialIdentityProvider(domain, clock);
  return { issuer: createTrialIssuer(domain, clock), idToken: () => identity.idToken(TRIAL_AUDIENCE), now: clock.now };
});
identityProviderContract('the trial identity provider', async () => ({
  identity: createTrialIdentityProvider(domain, clock),
  now: clock.now,
}));

async function leafFor(identity: Partial<TrialClaims>): Promise<Uint8Array> {
  const own = await createTrialDomain(join(parent, Math.random().toString(36).slice(2)), { now: new Date(), identity });
  const token = await createTrialIdentityProvider(own, clock).idToken(TRIAL_AUDIENCE);
  const [leaf] = await createTrialIssuer(own, clock).issue(request(), token);
  return leaf as Uint8Array;
}

describe('a trial certificate', () => {
  it('carries each claim of the ID token where Fulcio puts it', async () => {
    const leaf = parseCertificate(
      await leafFor({
        repository: 'https://git.example/acme/app',
        repository_id: '4712',
        ref: 'refs/tags/v1',
        environment: 'production',
        sha: 'a'.repeat(40),
      }),
    );
    expect(identityOf(leaf)).toEqual({
      san: 'https://git.example/acme/app//trial@refs/tags/v1',
      issuer: TRIAL_ISSUER,
      commit: 'a'.repeat(40),
      claims: {
        repository: 'https://git.example/acme/app',
        'repository-id': '4712',
        ref: 'refs/tags/v1',
        runner: 'self-hosted',
        trigger: 'push',
        environment: 'production',
        subject: 'trial:acme/app:ref:refs/tags/v1',
      },
    });
    expect(leaf.extensions.get('1.3.6.1.4.1.57264.1.13')?.value.subarray(2).toString()).toBe('a'.repeat(40));
  });

  it('carries no claim that the token does not', async () => {
    const { claims } = identityOf(parseCertificate(await leafFor({})));
    expect(Object.keys(claims)).not.toContain('environment');
  });

  it('carries long and non-English claims whole', async () => {
    const ref = `refs/heads/${'värmland/'.repeat(60)}x`;
    const identity = identityOf(parseCertificate(await leafFor({ ref })));
    expect(identity.claims.ref).toBe(ref);
    expect(identity.san).toMatch(/^https:\/\/[\x21-\x7e]+v%C3%A4rmland/);
  });

  it('lasts ten minutes', async () => {
    const leaf = parseCertificate(await leafFor({}));
    expect(leaf.notAfter - leaf.notBefore).toBe(600_000);
  });

  it('says what identity.json says when it is issued', async () => {
    const before = await readFile(domain.identityPath, 'utf8');
    await writeFile(domain.identityPath, JSON.stringify({ ...(JSON.parse(before) as object), ref: 'refs/heads/edited' }));
    const token = await createTrialIdentityProvider(domain, clock).idToken(TRIAL_AUDIENCE);
    const [leaf] = await createTrialIssuer(domain, clock).issue(request(), token);
    await writeFile(domain.identityPath, before);
    expect(identityOf(parseCertificate(leaf as Uint8Array)).claims.ref).toBe('refs/heads/edited');
  });

  it.skipIf(!hasOpenssl)('verifies with OpenSSL under the trial root', async () => {
    const token = await createTrialIdentityProvider(domain, clock).idToken(TRIAL_AUDIENCE);
    const [leaf] = await createTrialIssuer(domain, clock).issue(request(), token);
    const path = join(parent, 'leaf.pem');
    await writeFile(path, new X509Certificate(leaf as Uint8Array).toString());
    const [root, ca] = ['trial-root.pem', 'trial-ca.pem'].map((name) => join(domain.directory, name)) as [string, string];
    const said = openssl(['verify', '-x509_strict', '-CAfile', root, '-untrusted', ca, path]).toString();
    expect(said).toMatch(/: OK/);
  });
});

describe('the trial issuer denies', () => {
  const issue = (token: string, csr = request()) =>
    createTrialIssuer(domain, clock)
      .issue(csr, token)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  async function token(change: (jwt: SignJWT) => SignJWT, claims?: object): Promise<string> {
    const seconds = Math.floor(Date.now() / 1000);
    const jwt = new SignJWT({ ...(claims ?? (await domain.claims())) })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(TRIAL_ISSUER)
      .setSubject('somebody')
      .setAudience(TRIAL_AUDIENCE)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 60);
    return change(jwt).sign(await domain.tokenKey());
  }

  it('a token of another issuer, for another audience, expired, or not yet in force', async () => {
    expect(await issue(await token((jwt) => jwt))).toBeUndefined();
    const seconds = Math.floor(Date.now() / 1000);
    for (const [change, message] of [
      [(jwt: SignJWT) => jwt.setIssuer('https://other.example'), /"iss"/],
      [(jwt: SignJWT) => jwt.setAudience('sigstore'), /"aud"/],
      [(jwt: SignJWT) => jwt.setExpirationTime(seconds - 1), /"exp"/],
      [(jwt: SignJWT) => jwt.setNotBefore(seconds + 3600), /"nbf"/],
    ] as const) {
      expect(await issue(await token(change))).toMatchObject({ code: 'denied', message: expect.stringMatching(message) });
    }
  });

  it('a token whose claims could not be certified', async () => {
    const claims = await domain.claims();
    expect(await issue(await token((jwt) => jwt, { ...claims, ref: 'a\nb' }))).toMatchObject({ code: 'denied' });
    expect(await issue(await token((jwt) => jwt, { ...claims, admin: true }))).toMatchObject({ code: 'denied' });
  });

  it('a token without a signature, or by another key', async () => {
    const [, body] = (await token((jwt) => jwt)).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await issue(`${none}.${body}.`)).toMatchObject({ code: 'denied' });
    const foreign = await createTrialDomain(join(parent, 'foreign'), { now: new Date() });
    const theirs = await createTrialIdentityProvider(foreign, clock).idToken(TRIAL_AUDIENCE);
    expect(await issue(theirs)).toMatchObject({ code: 'denied' });
  });

  it.skipIf(!hasOpenssl)('a request for a weak key', async () => {
    const [key, csr] = [join(parent, 'weak.key'), join(parent, 'weak.csr')];
    openssl(['req', '-newkey', 'rsa:1024', '-nodes', '-keyout', key, '-out', csr, '-outform', 'DER', '-subj', '/CN=x']);
    const error = await issue(await token((jwt) => jwt), await readFile(csr));
    expect(error).toMatchObject({ code: 'denied', message: expect.stringMatching(/RSA key of 1024 bits/) });
  });

  it('any request when the trial is over, and says how to begin another', async () => {
    offset = 366 * 24 * 3_600_000;
    try {
      const late = await createTrialIdentityProvider(domain, clock).idToken(TRIAL_AUDIENCE);
      const error = (await issue(late)) as SignwrightError;
      expect(error).toBeInstanceOf(SignwrightError);
      expect(error).toMatchObject({ code: 'configuration', next: expect.stringContaining('trust init --trial') });
    } finally {
      offset = 0;
    }
  });
});
