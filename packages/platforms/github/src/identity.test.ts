import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { githubClaims, identityProviderContract, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGithubIdentity } from './identity.ts';

const SECRET = 'the-token-of-the-runner';
let issuer: TestOidcIssuer;
let service: Server;
let asked: { method: string | undefined; url: string; authorization: string | undefined }[] = [];
let respond: (request: URL, response: ServerResponse) => void;

/** As the service the runner names answers: `{"count": …, "value": JWT}` for `…&audience=`. */
const mint = ({ searchParams }: URL, response: ServerResponse): void => {
  const value = issuer.mintToken(githubClaims(), { audience: searchParams.get('audience') ?? 'https://github.com/octo-org' });
  response.end(JSON.stringify({ count: value.length, value }));
};

beforeAll(async () => {
  issuer = await startTestOidcIssuer();
  service = createServer((request: IncomingMessage, response) => {
    asked.push({ method: request.method, url: request.url ?? '', authorization: request.headers.authorization });
    respond(new URL(request.url ?? '', 'http://service'), response);
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

const identity = (url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/token?api-version=2.0`) =>
  createGithubIdentity({ ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: SECRET });

identityProviderContract('GitHub’s ID token service', async () => ({ identity: identity(), now: () => new Date() }));

test('the service is asked as documented, for the audience whatever its characters', async () => {
  await identity().idToken('a&b=c d');
  expect(asked).toEqual([
    { method: 'GET', url: '/token?api-version=2.0&audience=a%26b%3Dc+d', authorization: `Bearer ${SECRET}` },
  ]);
});

test('a job without the permission is told which one', async () => {
  await expect(createGithubIdentity({}).idToken('x')).rejects.toMatchObject({
    code: 'configuration',
    next: expect.stringContaining('permissions:\n    id-token: write'),
  });
});

test.each([
  [401, 'configuration', /status 401/],
  [403, 'configuration', /status 403/],
  [302, 'configuration', /status 302/],
])('the status %i is a refusal that is not asked again', async (status, code, message) => {
  respond = (_, response) => response.writeHead(status, { location: 'https://elsewhere.example' }).end(SECRET);
  const failure = await identity()
    .idToken('x')
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(SECRET);
  expect(asked).toHaveLength(1);
});

test('a service that is broken for a moment is asked again', async () => {
  respond = (request, response) => {
    respond = mint;
    response.writeHead(503).end(request.pathname);
  };
  expect(await identity().idToken('x')).toMatch(/^ey/);
});

test.each(['', '{}', '{"value":""}', '{"value":7}', 'null', '<html>'])('the answer %j is none', async (body) => {
  respond = (_, response) => response.end(body);
  await expect(identity().idToken('x')).rejects.toMatchObject({ code: 'invalid-input' });
});

test('an answer without end is not read', async () => {
  respond = (_, response) => response.end('x'.repeat(70_000));
  await expect(identity().idToken('x')).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringMatching(/larger/),
  });
});

test('the runner’s token is sent by https, or on this machine', async () => {
  await expect(identity('http://service.example/token?').idToken('x')).rejects.toMatchObject({ code: 'configuration' });
  await expect(identity('no address').idToken('x')).rejects.toMatchObject({ code: 'configuration' });
  expect(asked).toEqual([]);
});
