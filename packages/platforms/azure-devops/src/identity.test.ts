import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { azureClaims, identityProviderContract, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AZURE_AUDIENCE, createAzureIdentity } from './identity.ts';

const SECRET = 'the-access-token-of-the-job';
const CONNECTION = '5c6e7f80-1d2e-4f3a-8b9c-0d1e2f3a4b5c';
const PATH = '/acme/590cfd2a/_apis/distributedtask/hubs/build/plans/2e011469/jobs/5ee5fa9b/oidctoken';
let issuer: TestOidcIssuer;
let service: Server;
let asked: { method: string | undefined; url: string; headers: IncomingMessage['headers']; length: number }[] = [];
let respond: (response: ServerResponse) => void;

/** As the REST reference has it: Distributedtask, Oidctoken – Create. */
const mint = (response: ServerResponse): void => {
  response.end(JSON.stringify({ oidcToken: issuer.mintToken(azureClaims(), { audience: AZURE_AUDIENCE }) }));
};

beforeAll(async () => {
  issuer = await startTestOidcIssuer();
  service = createServer((request: IncomingMessage, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url ?? '', headers: request.headers, length });
      respond(response);
    });
  });
  await new Promise<void>((resolve) => void service.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
  respond = mint;
});
afterAll(async () => {
  await issuer.close();
  service.closeAllConnections();
  service.close();
});

const identity = (change: Record<string, string | undefined> = {}) =>
  createAzureIdentity({
    SYSTEM_OIDCREQUESTURI: `http://127.0.0.1:${(service.address() as AddressInfo).port}${PATH}`,
    SYSTEM_ACCESSTOKEN: SECRET,
    ...change,
  });

identityProviderContract('the ID token service of Azure DevOps', async () => ({
  identity: identity(),
  now: () => new Date(),
  audiences: [AZURE_AUDIENCE],
}));

test('the service is asked as documented, for the service connection that is named', async () => {
  await identity({ SIGNWRIGHT_SERVICE_CONNECTION: CONNECTION }).idToken(AZURE_AUDIENCE);
  await identity().idToken(AZURE_AUDIENCE);
  expect(asked.map(({ method, url, length }) => ({ method, url, length }))).toEqual([
    { method: 'POST', url: `${PATH}?api-version=7.1&serviceConnectionId=${CONNECTION}`, length: 0 },
    { method: 'POST', url: `${PATH}?api-version=7.1`, length: 0 },
  ]);
  expect(asked[0]?.headers).toMatchObject({
    authorization: `Bearer ${SECRET}`,
    'content-length': '0',
    'content-type': 'application/json',
    'x-tfs-fedauthredirect': 'Suppress',
  });
});

test('another audience than Microsoft’s cannot be had, and nothing is asked for it', async () => {
  await expect(identity().idToken('sigstore')).rejects.toMatchObject({
    code: 'configuration',
    message: 'Azure DevOps makes ID tokens for api://AzureADTokenExchange alone, not for sigstore',
  });
  expect(asked).toEqual([]);
});

test.each([
  ['SYSTEM_ACCESSTOKEN', undefined, /SYSTEM_ACCESSTOKEN: \$\(System.AccessToken\)/],
  ['SYSTEM_OIDCREQUESTURI', undefined, /Azure DevOps Services/],
  ['SYSTEM_OIDCREQUESTURI', 'no address', /Azure DevOps Services/],
  ['SIGNWRIGHT_SERVICE_CONNECTION', 'my connection', /resourceId/],
  ['SIGNWRIGHT_SERVICE_CONNECTION', `${CONNECTION}&x=y`, /resourceId/],
])('%s as %j is a matter of configuration', async (name, value, next) => {
  await expect(identity({ [name]: value }).idToken(AZURE_AUDIENCE)).rejects.toMatchObject({
    code: 'configuration',
    next: expect.stringMatching(next),
  });
  expect(asked).toEqual([]);
});

test.each([
  [401, {}, /SYSTEM_ACCESSTOKEN/],
  [302, {}, /SYSTEM_ACCESSTOKEN/],
  [403, {}, /build service/],
  [404, { SIGNWRIGHT_SERVICE_CONNECTION: CONNECTION }, /SIGNWRIGHT_SERVICE_CONNECTION/],
])('the status %i is a refusal that is not asked again, and what it says is not repeated', async (status, change, next) => {
  respond = (response) => response.writeHead(status, { location: 'https://elsewhere.example' }).end(SECRET);
  const failure = await identity(change)
    .idToken(AZURE_AUDIENCE)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'configuration', next: expect.stringMatching(next) });
  expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(SECRET);
  expect(asked).toHaveLength(1);
});

test('a service that is throttled for a moment is asked again', async () => {
  respond = (response) => {
    respond = mint;
    response.writeHead(429).end();
  };
  expect(await identity().idToken(AZURE_AUDIENCE)).toMatch(/^ey/);
});

test('an answer without a token is a stage that does not name the service connection', async () => {
  respond = (response) =>
    response.end(
      JSON.stringify({ count: 1, value: 'There is no explicit reference to service connection X from current stage' }),
    );
  await expect(identity().idToken(AZURE_AUDIENCE)).rejects.toMatchObject({
    code: 'configuration',
    next: expect.stringMatching(/this stage must name/),
  });
});
