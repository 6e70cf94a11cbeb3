import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchKeys } from './fetch-keys.ts';

const DISCOVERY = '/.well-known/openid-configuration';
let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
beforeEach(() => {
  Object.assign(issuer, { discovery: {}, keys: undefined, fault: () => undefined });
  issuer.asked.length = 0;
});
afterAll(() => issuer.close());
const fetched = (options: Parameters<typeof fetchKeys>[1] = {}) =>
  fetchKeys(issuer.url, { trustedCa: [issuer.caPem], ...options });
const answering = (path: string, answer: ReturnType<TestOidcIssuer['fault']>): void => {
  issuer.fault = (asked) => (asked === path ? answer : undefined);
};

describe('an issuer’s keys', () => {
  test('may lie on another host', async () => {
    const other = await startTestOidcIssuer();
    issuer.discovery = { jwks_uri: `${other.url}/jwks` };
    expect((await fetched({ trustedCa: [issuer.caPem, other.caPem] })).keys).toHaveLength(4);
    expect(other.asked).toEqual(['/jwks']);
    await other.close();
  });

  test('are those of an issuer by http on this machine', async () => {
    const plain = await startTestOidcIssuer({ plain: true });
    expect((await fetchKeys(plain.url, {})).keys).toHaveLength(4);
    await plain.close();
  });

  test('of an issuer whose address ends in a slash are found', async () => {
    issuer.discovery = { issuer: `${issuer.url}/` };
    expect((await fetchKeys(`${issuer.url}/`, { trustedCa: [issuer.caPem] })).keys).toHaveLength(4);
    expect(issuer.asked[0]).toBe(DISCOVERY);
  });

  test.each([
    ['another issuer', { issuer: 'https://issuer.example' }, /is of another issuer: "https:\/\/issuer.example"/],
    ['no issuer', { issuer: undefined }, /is of another issuer: nothing/],
    ['no keys', { jwks_uri: undefined }, /names no https address/],
    ['keys by http', { jwks_uri: 'http://127.0.0.1/jwks' }, /names no https address/],
    ['keys in a file', { jwks_uri: 'file:///etc/passwd' }, /names no https address/],
    ['keys behind a password', { jwks_uri: 'https://user:pass@127.0.0.1/jwks' }, /user or a password/],
  ])('are not looked for where its document names %s', async (_, discovery, message) => {
    issuer.discovery = discovery;
    await expect(fetched()).rejects.toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
    expect(issuer.asked).toEqual([DISCOVERY]);
  });

  test.each([DISCOVERY, '/jwks'])('are not looked for behind a redirect of %s', async (path) => {
    answering(path, { status: 302, headers: { location: `${issuer.url}/elsewhere` } });
    await expect(fetched()).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`does not give ${issuer.url}${path} (status 302)`),
      next: expect.stringMatching(/redirects are not followed/),
    });
    expect(issuer.asked).not.toContain('/elsewhere');
  });

  test.each([401, 403, 404])('that may not be had (%i) are a matter of configuration, asked for once', async (status) => {
    answering(DISCOVERY, { status });
    await expect(fetched()).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`status ${status}`),
    });
    expect(issuer.asked).toHaveLength(1);
  });

  test.each([
    [DISCOVERY, 65_537],
    ['/jwks', 262_145],
  ])('are not read from a document %s without end', async (path, size) => {
    answering(path, { body: `"${'x'.repeat(size)}"` });
    await expect(fetched()).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringMatching(/larger/) });
  });

  test.each([
    [DISCOVERY, '<html>'],
    [DISCOVERY, '[]'],
    [DISCOVERY, '{"issuer":"a","issuer":"b"}'],
    ['/jwks', '{}'],
    ['/jwks', '{"keys":[]}'],
    ['/jwks', '{"keys":["key"]}'],
    ['/jwks', ''],
  ])('are not read from %s with %j', async (path, body) => {
    answering(path, { body });
    await expect(fetched()).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('an issuer that is not reached', () => {
  test('lets nobody sign: broken for good', async () => {
    answering('/jwks', { status: 503 });
    await expect(fetched()).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('is asked again where it is broken for a moment', async () => {
    issuer.fault = (path) => {
      issuer.fault = () => undefined;
      return { status: 500, body: path };
    };
    expect((await fetched()).keys).toHaveLength(4);
  });

  test('lets nobody sign: silent', async () => {
    answering(DISCOVERY, 'hang');
    await expect(fetched({ deadlineMs: 200 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/0.2 s/),
    });
  });

  test('lets nobody sign: down', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => void server.close(resolve));
    await expect(fetchKeys(`https://127.0.0.1:${port}`, {})).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('is not waited for once the run is stopped', async () => {
    answering(DISCOVERY, 'hang');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(fetched({ signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('with a certificate nobody vouches for is not believed', async () => {
    await expect(fetchKeys(issuer.url, {})).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/certificate/),
    });
    expect(issuer.asked).toEqual([]);
  });
});
