import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extendedKeyUsage, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll } from 'vitest';
import { blockOf, type IssuerServer, makeAuthority, pem } from './issuer-scenario.ts';
import { type Launched, launchServer } from './launch-server.ts';
import { peer } from './peers.ts';
import { freePort } from './scenario.ts';

/** Starts Fulcio for the tests of a suite, on loopback, with the configuration that docs/fulcio.md shows, for these OIDC issuers. */
export function fulcioServer(
  issuers: () => { gitlab: TestOidcIssuer; other: TestOidcIssuer; login?: TestOidcIssuer },
): IssuerServer {
  const authority = makeAuthority(extendedKeyUsage(['codeSigning']));
  const server: IssuerServer = { url: '', authority };
  let launched: Launched | undefined;
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'signwright-fulcio-'));
    const at = (name: string): string => join(directory, name);
    const { gitlab, other, login } = issuers();
    const configuration = (await blockOf('fulcio.md', 'yaml'))
      .replaceAll('https://gitlab.acme.example', gitlab.url)
      .replaceAll('https://jenkins.acme.example/oidc', other.url)
      .replace(/ {2}# People .*\n( {2}.*login\.acme\.example.*\n)( {4}.*\n)+/, (people) =>
        login === undefined ? '' : people.replaceAll('https://login.acme.example', login.url),
      );
    await writeFile(at('config.yaml'), configuration);
    await writeFile(at('ca.pem'), `${pem(authority.issuing)}${pem(authority.root)}`);
    await writeFile(at('ca.key'), authority.issuing.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await writeFile(at('tls.pem'), `${gitlab.caPem}${other.caPem}${login?.caPem ?? ''}`);
    const port = await freePort();
    const args = ['serve', '--config-path', at('config.yaml'), '--ct-log-url', '', '--log_type', 'prod'];
    const hosts = ['--host', '127.0.0.1', '--grpc-host', '127.0.0.1'];
    // Its page of metrics is on every interface, whatever it is told: on any free port, then.
    const ports = ['--port', port, '--grpc-port', await freePort(), '--metrics-port', 0].map(String);
    // An abstract socket, of one name for all Fulcios of a machine unless told.
    const socket = ['--legacy-unix-domain-socket', `@signwright-e2e-fulcio-${port}`];
    // The key is not encrypted; Fulcio wants a password all the same.
    const ca = ['--ca', 'fileca', '--fileca-cert', at('ca.pem'), '--fileca-key', at('ca.key'), '--fileca-key-passwd', 'none'];
    launched = await launchServer(peer('fulcio'), [...args, ...hosts, ...ports, ...socket, ...ca, '--fileca-watch=false'], port, {
      SSL_CERT_FILE: at('tls.pem'),
    });
    server.url = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await launched?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return server;
}
