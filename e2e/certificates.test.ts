import { X509Certificate } from 'node:crypto';
import { inventoryOf, openJournal } from '@signwright/certificates';
import { createDirectoryStore } from '@signwright/storage';
import {
  type CertificateWorkspace,
  createCertificateWorkspace,
  startTestOidcIssuer,
  type TestOidcIssuer,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { fulcioServer } from './fulcio-server.ts';
import { type IssuerServer, pem } from './issuer-scenario.ts';
import { describePeer } from './peers.ts';
import { STEP_CA_AUDIENCE, stepCaServer } from './step-ca-server.ts';

const ISSUE = ['cert', 'issue', '--profile'];
const entriesOf = async (here: CertificateWorkspace) =>
  inventoryOf((await openJournal(createDirectoryStore(here.path('.signwright/certificates'))).read()).events).entries;
const lifeOf = (certificate: X509Certificate): number => (Date.parse(certificate.validTo) - Date.now()) / 1000;

/** A project whose profiles `fit` and `tight` the CA issues, traced to its root. */
async function projectOf(
  oidc: TestOidcIssuer,
  server: IssuerServer,
  { authority, audience, fit, tight }: { authority: string; audience: string; fit: string; tight: string },
): Promise<CertificateWorkspace> {
  const profile = (id: string, more: string) =>
    `    ${id}: { purpose: trials, authority: other, owner: build team, workloads: [job], ${more} }\n`;
  const here = await createCertificateWorkspace({
    oidc,
    audience,
    authorities: `    other: { ${authority} }\n`,
    profiles: profile('fit', fit) + profile('tight', tight),
    files: { 'nightly/a.tgz': 'a' },
  });
  onTestFinished(() => here.remove());
  here.write('chain.pem', pem(server.authority.issuing) + pem(server.authority.root));
  const add = ['trust', 'add', '.signwright/trial/trusted-root.json', '--certificate-authority', 'chain.pem'];
  await here.done(...add, '--issuer', oidc.url);
  return here;
}

describePeer(['step-ca'], 'certificates of a profile, by a real step-ca', () => {
  let oidc: TestOidcIssuer;
  beforeAll(async () => {
    oidc = await startTestOidcIssuer();
  });
  afterAll(() => oidc.close());
  const stepCa = stepCaServer(() => oidc);
  const project = () =>
    projectOf(oidc, stepCa, {
      authority: `step-ca: "${stepCa.url}", audience: "${STEP_CA_AUDIENCE}"`,
      audience: STEP_CA_AUDIENCE,
      fit: 'validity: 14m',
      tight: 'validity: 1h',
    });

  it('live as long as the profile says, are held, are in the inventory, and sign', async () => {
    const here = await project();
    expect(await here.asJob([...ISSUE, 'fit'])).toMatchObject({ status: 0, stderr: '' });
    const leaf = new X509Certificate(here.read('.signwright/held/fit/certificate.pem'));
    expect(lifeOf(leaf)).toBeGreaterThan(12 * 60);
    expect(lifeOf(leaf)).toBeLessThan(15 * 60);
    expect(await entriesOf(here)).toMatchObject([
      { authority: 'other', profile: 'fit', requester: 'job', owner: 'build team', found: [{ in: 'issuer', place: stepCa.url }] },
    ]);
    here.write(
      'signwright.yaml',
      here.read('signwright.yaml').replace('certificate: { profile: ci }', 'certificate: { profile: fit }'),
    );
    expect(await here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify', 'nightly/a.tgz', '--environment', 'test'])).toMatchObject({ status: 0 });
  });

  it('are not issued where step-ca lets none live so long, which is said', async () => {
    const here = await project();
    expect(await here.asJob([...ISSUE, 'tight'])).toMatchObject({ status: 1, stderr: /more than the authorized maximum/ });
    expect(await entriesOf(here)).toEqual([]);
  });

  it('of another CA are revoked here, and it is said that they are to be revoked there', async () => {
    const here = await project();
    await here.asJob([...ISSUE, 'fit']);
    const revoke = ['cert', 'revoke', '--key', 'keys/bob', '--yes', '--reason', 'keyCompromise', '--why', 'a test'];
    expect(await here.run([...revoke, '--workload', 'job', '--since', '2026-01-01'])).toMatchObject({
      status: 0,
      stdout: /of other: to be revoked there too.*1 of other CAs/s,
    });
    expect((await entriesOf(here))[0]).toMatchObject({ revoked: { reason: 'keyCompromise', by: 'bob' } });
  });
});

describePeer(['fulcio'], 'certificates of a profile, by a real Fulcio', () => {
  let gitlab: TestOidcIssuer;
  let other: TestOidcIssuer;
  beforeAll(async () => {
    [gitlab, other] = await Promise.all([startTestOidcIssuer(), startTestOidcIssuer()]);
  });
  afterAll(() => Promise.all([gitlab.close(), other.close()]));
  const fulcio = fulcioServer(() => ({ gitlab, other }));
  const project = () =>
    projectOf(gitlab, fulcio, {
      authority: `fulcio: "${fulcio.url}"`,
      audience: 'sigstore',
      fit: 'validity: 10m',
      tight: 'validity: 5m',
    });

  it('are held where they are no more than the profile lets be, and known and not kept where they are', async () => {
    const here = await project();
    expect(await here.asJob([...ISSUE, 'fit'])).toMatchObject({ status: 0, stderr: '' });
    expect(lifeOf(new X509Certificate(here.read('.signwright/held/fit/certificate.pem')))).toBeLessThanOrEqual(600);
    expect(await here.asJob([...ISSUE, 'tight'])).toMatchObject({
      status: 1,
      stderr: /what the authority other issued is not what the profile tight lets be: it is valid until .*lets it live 300 s/,
    });
    expect(here.files('.signwright/held/tight')).toEqual(['.gitignore']);
    expect((await entriesOf(here)).map(({ profile }) => profile)).toEqual(['fit', 'tight']);
    const { stdout } = await here.run(['audit', 'search', '--event', 'certificate', '--output', 'json']);
    expect(stdout).toMatch(/"said": ?"failed"[^}]*|is not what the profile tight lets be/);
  });
});
