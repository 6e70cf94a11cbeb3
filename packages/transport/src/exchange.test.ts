import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SignwrightError } from '@signwright/signing-core';
import { basicConstraints, subjectAltName, testCertificate } from '@signwright/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { exchange, failureOfStatus } from './index.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, server: Server = createServer(listener)): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const signal = AbortSignal.timeout(60_000);

describe('an exchange', () => {
  test('sends method, headers and body, and reads status, headers and body', async () => {
    const port = await serve((request, response) => {
      request.on('data', (chunk: Buffer) =>
        response
          .writeHead(418, { 'X-One': '1' })
          .end(`${request.method} ${String(request.headers['x-token'])} ${chunk.toString()}`),
      );
    });
    const url = `http://127.0.0.1:${port}/`;
    const answer = await exchange({ method: 'PUT', url, headers: { 'x-token': 't' }, body: 'ä', signal });
    expect(answer.status).toBe(418);
    expect(answer.headers['x-one']).toBe('1');
    expect(answer.body.toString()).toBe('PUT t ä');
  });

  test('follows no redirect', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect((await exchange({ method: 'GET', url: `http://127.0.0.1:${port}/`, signal })).status).toBe(307);
    expect(asked).toBe(1);
  });

  test('reads no more than it may', async () => {
    const port = await serve((_, response) => response.end(Buffer.alloc(2_000)));
    const url = `http://127.0.0.1:${port}/`;
    await expect(exchange({ method: 'GET', url, maxBytes: 1_999, signal })).rejects.toMatchObject({
      code: 'invalid-input',
      message: `the answer of 127.0.0.1:${port} is larger than 1999 bytes`,
    });
    expect((await exchange({ method: 'GET', url, maxBytes: 2_000, signal })).body).toHaveLength(2_000);
  });

  test.each([
    ['http://vault.example/', /not https/],
    ['https://user:secret@vault.example/', /carries a user or a password/],
    ['ftp://127.0.0.1/', /not https/],
    ['nonsense', /cannot be read/],
  ])('does not ask %s', async (url, message) => {
    const refusal = await exchange({ method: 'GET', url, signal }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'configuration', message });
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  test('that reaches nobody is unreachable, and shows the host without path or query', async () => {
    const port = await serve(() => undefined);
    open.splice(0)[0]?.close();
    const refusal = await exchange({ method: 'GET', url: `http://127.0.0.1:${port}/p?token=hunter2`, signal }).catch(
      (error: SignwrightError) => error,
    );
    expect(refusal).toMatchObject({ code: 'unreachable', where: `127.0.0.1:${port}`, message: /ECONNREFUSED/ });
    expect((refusal as Error).message).not.toContain('hunter2');
  });

  test('ends when its signal says so', async () => {
    const port = await serve(() => undefined);
    const url = `http://127.0.0.1:${port}/`;
    await expect(exchange({ method: 'GET', url, signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  test('by TLS goes to whom a trusted authority certifies, whatever the environment says', async () => {
    const keys = testCertificate({
      subject: 'localhost',
      notAfter: new Date('2099-01-01'),
      extensions: [basicConstraints(true), subjectAltName(['dns', 'localhost'])],
    });
    const cert = `-----BEGIN CERTIFICATE-----\n${keys.der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const key = keys.keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const listener: RequestListener = (_, response) => response.end('hello');
    const port = await serve(listener, createSecureServer({ cert, key }, listener));
    const url = `https://localhost:${port}/`;
    expect((await exchange({ method: 'GET', url, ca: [cert], signal })).body.toString()).toBe('hello');
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(exchange({ method: 'GET', url, signal })).rejects.toMatchObject({
        code: 'configuration',
        message: /does not verify/,
      });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });
});

describe('a status', () => {
  const refusal = (): SignwrightError => new SignwrightError('configuration', 'refused');
  const answer = (status: number, headers: { [name: string]: string } = {}) => ({ status, headers, body: Buffer.alloc(0) });

  test('of throttling and of a broken service may pass, a refusal does not', () => {
    for (const status of [429, 500, 503]) {
      const failure = failureOfStatus(answer(status), refusal, 'Vault');
      expect(failure).toMatchObject({ again: true, error: { code: 'unreachable' } });
    }
    for (const status of [301, 400, 401, 403, 404])
      expect(failureOfStatus(answer(status), refusal, 'Vault')).toMatchObject({ again: false, error: { message: 'refused' } });
  });

  test('says how long to wait, where the service does', () => {
    expect(failureOfStatus(answer(429, { 'retry-after': '2' }), refusal, 'Vault').afterMs).toBe(2_000);
    expect(failureOfStatus(answer(503, { 'retry-after': 'soon' }), refusal, 'Vault').afterMs).toBeUndefined();
  });
});
