import { createHash, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SignwrightError } from '@signwright/signing-core';
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  type TestCertificate,
  testCertificate,
} from '@signwright/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchIssuerChain } from '../index.ts';

const notAfter = new Date('2099-01-01');
const ca = (subject: string, issuer?: TestCertificate): TestCertificate =>
  testCertificate({ subject, notAfter, extensions: [basicConstraints(true), keyUsage(0x06)], ...(issuer ? { issuer } : {}) });
const root = ca('root');
const issuing = ca('issuing CA', root);
const otherRoot = ca('other root');
const pem = ({ der }: TestCertificate): string => new X509Certificate(der).toString();
const fingerprint = ({ der }: TestCertificate): string => createHash('sha256').update(der).digest('hex');

type Routes = { [path: string]: unknown };
const open: Server[] = [];
let asked: { path: string; headers: IncomingMessage['headers'] }[] = [];
afterEach(() => {
  asked = [];
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves JSON by path; by TLS with a certificate of this authority, where one is given. */
async function serve(routes: Routes, by?: TestCertificate): Promise<string> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    const body = routes[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? {}));
  };
  const server = by === undefined ? createServer(listener) : createSecureServer(tlsOf(by), listener);
  open.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return by === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
}

function tlsOf(issuer: TestCertificate): { cert: string; key: string } {
  const extensions = [extendedKeyUsage(['serverAuth']), subjectAltName(['dns', 'localhost'])];
  const leaf = testCertificate({ subject: 'localhost', notAfter, issuer, extensions });
  return { cert: `${pem(leaf)}${pem(issuer)}`, key: leaf.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

test.each(['', 'abc', 'g'.repeat(64), '12'.repeat(33)])('a fingerprint must be a SHA-256, not "%s"', async (wrong) => {
  const ask = fetchIssuerChain({ type: 'fulcio', url: 'https://127.0.0.1:1', fingerprint: wrong });
  await expect(ask).rejects.toMatchObject({ code: 'usage' });
});

test.each(['fulcio', 'step-ca'] as const)('%s is not asked with a user and a password, verified or not', async (type) => {
  for (const by of [undefined, otherRoot]) {
    const url = (await serve({}, by)).replace('//', '//admin:hunter2@');
    const ask = fetchIssuerChain({ type, url, fingerprint: fingerprint(root) });
    const error = (await ask.catch((thrown: unknown) => thrown)) as SignwrightError;
    expect(error).toMatchObject({ code: 'configuration', where: new URL(url).host });
    expect(`${error.message}${error.next}${error.stack}`).not.toContain('hunter2');
  }
  expect(asked).toEqual([]);
});

describe('Fulcio', () => {
  const bundle = (...chains: TestCertificate[][]) => ({ chains: chains.map((chain) => ({ certificates: chain.map(pem) })) });
  const configuration = {
    issuers: [
      { issuerUrl: 'https://gitlab.example', audience: 'sigstore', issuerType: 'ci-provider' },
      { issuerUrl: 'https://accounts.example', audience: 'sigstore', issuerType: 'email' },
      { issuerUrl: 'https://gitlab.example', audience: 'sigstore' },
      { wildcardIssuerUrl: 'https://oidc.eks.*.example/id/*', audience: 'sigstore' },
      { issuerUrl: 'http://elsewhere.example' },
      { issuerUrl: 7 },
    ],
  };
  const fetchFrom = async (chains: object, config: object = configuration, digest = fingerprint(root)) => {
    const url = await serve({ '/api/v2/trustBundle': chains, '/api/v2/configuration': config });
    return fetchIssuerChain({ type: 'fulcio', url, fingerprint: digest });
  };

  test('of several chains, those that end in the root that was asked for, and the issuers a trust root can name', async () => {
    const second = ca('second CA', root);
    const elsewhere = [ca('CA elsewhere', otherRoot), otherRoot];
    const colons = fingerprint(root)
      .toUpperCase()
      .replace(/..(?!$)/g, '$&:');
    expect(await fetchFrom(bundle(elsewhere, [issuing, root], [second, root]), configuration, colons)).toEqual({
      chains: [`${pem(issuing)}${pem(root)}`, `${pem(second)}${pem(root)}`],
      issuers: ['https://accounts.example', 'https://gitlab.example'],
    });
  });

  test('a root of another digest is named, and not taken', async () => {
    const message = new RegExp(`no chain to the root ${fingerprint(root)}; its chains end in ${fingerprint(otherRoot)}$`);
    for (const chains of [bundle([otherRoot]), bundle([ca('x', root), otherRoot])])
      await expect(fetchFrom(chains)).rejects.toMatchObject({ code: 'verification', message });
    await expect(fetchFrom(bundle())).rejects.toMatchObject({ code: 'verification', message: /end in none/ });
  });

  test('a chain that ends in the root without being issued under it is refused', async () => {
    const forged = ca('forged CA', { ...root, keys: otherRoot.keys });
    await expect(fetchFrom(bundle([forged, root]))).rejects.toMatchObject({
      code: 'invalid-input',
      message: /was not issued by/,
    });
    await expect(fetchFrom(bundle([otherRoot, root]))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('what is not as Fulcio answers is refused', async () => {
    for (const answer of [{}, { chains: 'x' }, { chains: Array.from({ length: 300 }, () => ({})) }])
      await expect(fetchFrom(answer)).rejects.toMatchObject({ code: 'configuration' });
    for (const answer of [{ chains: [7] }, { chains: [{ certificates: ['x'] }] }])
      await expect(fetchFrom(answer)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(fetchFrom(bundle([root]), { issuers: 'x' })).rejects.toMatchObject({ code: 'configuration' });
  });
});

describe('step-ca', () => {
  const rootPath = `/root/${fingerprint(root)}`;
  const oidc = (endpoint: string) => ({ type: 'OIDC', name: 'x', clientID: 'x', configurationEndpoint: endpoint });
  const pages = {
    '/1.0/provisioners?limit=100&cursor=': { provisioners: [{ type: 'JWK', name: 'admin' }], nextCursor: 'a b' },
    '/1.0/provisioners?limit=100&cursor=a%20b': {
      provisioners: [oidc('https://gitlab.example/.well-known/openid-configuration'), oidc('https://jenkins.example/oidc'), null],
      nextCursor: '',
    },
  };
  const routes = (change: Routes = {}): Routes => ({
    [rootPath]: { ca: pem(root) },
    '/1.0/intermediates': { crts: [pem(issuing)] },
    ...pages,
    ...change,
  });
  const ask = (url: string) => fetchIssuerChain({ type: 'step-ca', url, fingerprint: fingerprint(root) });

  test('the chain, by TLS that the root vouches for, and the issuers of its OIDC provisioners', async () => {
    expect(await ask(await serve(routes(), issuing))).toEqual({
      chains: [`${pem(issuing)}${pem(root)}`],
      issuers: ['https://gitlab.example', 'https://jenkins.example/oidc'],
    });
    const lower = ca('lower CA', issuing);
    const longer = routes({ '/1.0/intermediates': { crts: [pem(lower), pem(otherRoot), pem(issuing)] } });
    expect((await ask(await serve(longer, issuing))).chains).toEqual([`${pem(lower)}${pem(issuing)}${pem(root)}`]);
  });

  test('whoever answers without the root’s key is asked for nothing but the root', async () => {
    const url = await serve(routes(), otherRoot);
    await expect(ask(url)).rejects.toMatchObject({ code: 'configuration', message: /does not verify/ });
    expect(asked.map(({ path }) => path)).toEqual([rootPath]);
    expect(Object.keys(asked[0]?.headers ?? {}).sort()).toEqual(['connection', 'host']);
  });

  test('another certificate than the one with the digest is thrown away', async () => {
    for (const wrong of [{ ca: pem(otherRoot) }, { ca: pem(issuing) }, { ca: 'x' }, {}, 'x']) {
      const url = await serve(routes({ [rootPath]: wrong }), otherRoot);
      await expect(ask(url)).rejects.toMatchObject({ code: 'verification', message: /another certificate/ });
    }
    expect(asked.every(({ path }) => path === rootPath)).toBe(true);
  });

  test('a genuine root with something more behind it is read as the root alone', async () => {
    const url = await serve(routes({ [rootPath]: { ca: `${pem(root)}${pem(otherRoot)}` } }), issuing);
    expect((await ask(url)).chains).toEqual([`${pem(issuing)}${pem(root)}`]);
  });

  test('a CA that does not know the root, says too much, is not asked by https or is not there', async () => {
    const { [rootPath]: _, ...without } = routes();
    await expect(ask(await serve(without, issuing))).rejects.toMatchObject({ code: 'configuration', message: /status 404/ });
    const large = await serve(routes({ [rootPath]: { ca: 'x'.repeat(70_000) } }), issuing);
    await expect(ask(large)).rejects.toMatchObject({ code: 'unreachable', message: /larger than 65536/ });
    await expect(ask(await serve(routes()))).rejects.toMatchObject({ code: 'configuration', message: /https alone/ });
    await expect(ask('https://127.0.0.1:1')).rejects.toMatchObject({ code: 'unreachable', where: '127.0.0.1:1' });
  });

  test('intermediates that do not lead to the root are refused', async () => {
    const forged = ca('issuing CA', { ...root, keys: otherRoot.keys });
    for (const [crts, code] of [
      [[pem(otherRoot)], 'verification'],
      [[pem(ca('lower CA', ca('middle', root)))], 'verification'],
      [[pem(forged)], 'invalid-input'],
      [[], 'invalid-input'],
    ] as const) {
      const url = await serve(routes({ '/1.0/intermediates': { crts } }), issuing);
      await expect(ask(url)).rejects.toMatchObject({ code });
    }
  });

  test('pages of provisioners without end are left', async () => {
    const endless = { ...routes(), '/1.0/provisioners?limit=100&cursor=': { provisioners: [], nextCursor: '' } };
    expect((await ask(await serve(endless, issuing))).issuers).toEqual([]);
    const url = await serve(
      routes({ '/1.0/provisioners?limit=100&cursor=a%20b': { provisioners: [], nextCursor: 'a b' } }),
      issuing,
    );
    expect((await ask(url)).issuers).toEqual([]);
    expect(asked.length).toBeLessThan(10);
  });
});
