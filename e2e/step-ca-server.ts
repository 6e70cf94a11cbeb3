import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { subjectKeyIdentifier, testKeys } from '@signwright/testkit';
import { afterAll, beforeAll } from 'vitest';
import { blockOf, type IssuerServer, makeAuthority, pem } from './issuer-scenario.ts';
import { type Launched, launchServer } from './launch-server.ts';
import { peer } from './peers.ts';
import { freePort } from './scenario.ts';

/** The audience of the provisioner that docs/step-ca.md shows, and of one like it for the issuer `other`. */
export const STEP_CA_AUDIENCE = 'https://ca.acme.example';
export const OTHER_AUDIENCE = 'https://ca.acme.example/other';

/** Who may revoke, where anybody may. */
export const STEP_CA_ADMIN = 'ops@acme.example';

/** Starts step-ca for the tests of a suite, on loopback, with the provisioner and the template that docs/step-ca.md shows; `revoking`, with a CRL by plain http. */
export function stepCaServer(
  issuer: () => { readonly url: string; readonly caPem: string },
  { revoking = false }: { readonly revoking?: boolean } = {},
): IssuerServer & { crl: string } {
  // Go makes no CRL for a CA without an identifier of its key, whichever it is.
  const authority = makeAuthority(...(revoking ? [subjectKeyIdentifier(testKeys('p256'))] : []));
  const server = { url: '', crl: '', authority };
  let launched: Launched | undefined;
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'signwright-step-ca-'));
    const at = (name: string): string => join(directory, name);
    const port = await freePort();
    const shown = (await blockOf('step-ca.md', 'json'))
      .replaceAll('https://gitlab.acme.example', issuer().url)
      .replace('templates/signwright.tpl', join(import.meta.dirname, '../docs/step-ca/signwright.tpl'));
    const provisioner = JSON.parse(shown) as { clientID: string };
    const plain = revoking ? await freePort() : 0;
    const crl = {
      insecureAddress: `127.0.0.1:${plain}`,
      db: { type: 'badgerv2', dataSource: at('db') },
      crl: { enabled: true, generateOnRevoke: true, cacheDuration: '24h' },
    };
    const admins = revoking ? { admins: [STEP_CA_ADMIN] } : {};
    const configuration = {
      ...(revoking ? crl : {}),
      root: at('root.pem'),
      crt: at('ca.pem'),
      key: at('ca.key'),
      address: `127.0.0.1:${port}`,
      dnsNames: ['localhost', '127.0.0.1'],
      logger: { format: 'json' },
      authority: { provisioners: [provisioner, { ...provisioner, ...admins, name: 'other', clientID: OTHER_AUDIENCE }] },
    };
    await writeFile(at('ca.json'), JSON.stringify(configuration));
    await writeFile(at('root.pem'), pem(authority.root));
    await writeFile(at('ca.pem'), pem(authority.issuing));
    await writeFile(at('ca.key'), authority.issuing.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await writeFile(at('tls.pem'), issuer().caPem);
    launched = await launchServer(peer('step-ca'), [at('ca.json')], port, { SSL_CERT_FILE: at('tls.pem'), STEPPATH: directory });
    server.url = `https://127.0.0.1:${port}`;
    server.crl = `http://127.0.0.1:${plain}/1.0/crl`;
  });
  afterAll(async () => {
    await launched?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return server;
}
