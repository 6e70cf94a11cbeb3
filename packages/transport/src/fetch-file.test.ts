import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type FileRequest, fetchFile } from './index.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server on this machine; `asked` counts its requests. */
async function serve(listener: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    listener(request, response);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/p/signwright.yaml`, asked: () => asked };
}

const get = (url: string, more: Partial<FileRequest> = {}): Promise<Buffer | undefined> =>
  fetchFile({ url, allowPrivate: true, maxBytes: 1000, deadlineMs: 2_000, ...more });

describe('a file somebody else named the address of', () => {
  test('is fetched; where there is none, there is none', async () => {
    const { url } = await serve((request, response) =>
      request.url === '/p/signwright.yaml' ? response.end('version: 1') : response.writeHead(404).end('no'),
    );
    expect((await get(url))?.toString()).toBe('version: 1');
    expect(await get(`${url}.sigstore.json`)).toBeUndefined();
  });

  test.each(['http://169.254.169.254/latest/meta-data', 'http://10.0.0.1/', 'https://example.org/', '/elsewhere'])(
    'leads nowhere else: a redirect to %s is not followed',
    async (location) => {
      const { url, asked } = await serve((_, response) => response.writeHead(302, { location }).end());
      await expect(get(url)).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringContaining('redirects elsewhere (302)'),
      });
      expect(asked()).toBe(1);
    },
  );

  test.each([
    ['https://policies.example/p.yaml', [{ address: '10.1.2.3', family: 4 }], 'leads to 10.1.2.3, which is not a public address'],
    [
      'https://policies.example/p.yaml',
      [
        { address: '8.8.8.8', family: 4 },
        { address: '::ffff:169.254.169.254', family: 6 },
      ],
      'leads to ::ffff:169.254.169.254',
    ],
    ['https://127.0.0.1/p.yaml', [], 'leads to 127.0.0.1'],
    ['http://127.0.0.1/p.yaml', [], 'named by http:'],
  ])('is not asked for in a private network, unless that is allowed: %s %j', async (url, found, says) => {
    const asking = get(url, { allowPrivate: false, resolve: async () => found });
    await expect(asking).rejects.toMatchObject({ code: 'configuration', message: expect.stringContaining(says) });
  });

  test('is never asked for at a link-local address, allowed or not', async () => {
    await expect(get('https://169.254.169.254/p.yaml')).rejects.toMatchObject({ code: 'configuration' });
  });

  test('is asked for at the address that was judged, whatever the name says later', async () => {
    const { url, asked } = await serve((_, response) => response.end('here'));
    let questions = 0;
    const resolve = async () => {
      questions++;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const named = url.replace('127.0.0.1', 'localhost');
    expect((await get(named, { resolve }))?.toString()).toBe('here');
    expect([questions, asked()]).toEqual([1, 1]);
  });

  test('is not read past what it may have, however it is sent', async () => {
    const { url } = await serve((_, response) => {
      const more = (): void => void response.write(Buffer.alloc(400), () => setTimeout(more, 5));
      more();
    });
    await expect(get(url)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('larger than 1000 bytes'),
    });
  });

  test('that never ends, or never begins, is not waited for', async () => {
    const dripping = await serve((_, response) => {
      const drip = (): void => void response.write('a', () => setTimeout(drip, 50));
      drip();
    });
    await expect(get(dripping.url, { deadlineMs: 300 })).rejects.toMatchObject({ code: 'unreachable' });
    const silent = await serve(() => undefined);
    await expect(get(silent.url, { deadlineMs: 300 })).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('is asked for again where the server is broken, and not where it refuses', async () => {
    let first = true;
    const broken = await serve((_, response) => {
      response.writeHead(first ? 503 : 200).end('now');
      first = false;
    });
    expect((await get(broken.url))?.toString()).toBe('now');
    const refusing = await serve((_, response) => response.writeHead(403).end());
    await expect(get(refusing.url)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('wants a login'),
    });
    expect(refusing.asked()).toBe(1);
  });

  test('may be the answer to a question', async () => {
    const { url } = await serve((request, response) => {
      request.on('data', (sent: Buffer) =>
        response.end(`${request.method} ${request.headers['content-type']} ${sent.toString()}`),
      );
    });
    const question = { type: 'application/ocsp-request', body: Buffer.from('good?') };
    expect((await get(url, { question }))?.toString()).toBe('POST application/ocsp-request good?');
  });

  test('by http: may lead elsewhere only where that will do, and to private networks only where these may be asked', async () => {
    const { url } = await serve((_, response) => response.end('signed'));
    const named = url.replace('127.0.0.1', 'crl.example');
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect((await get(named, { resolve, plain: true }))?.toString()).toBe('signed');
    await expect(get(named, { resolve })).rejects.toMatchObject({ message: expect.stringContaining('is not https') });
    await expect(get(named, { resolve, plain: true, allowPrivate: false })).rejects.toMatchObject({
      message: expect.stringContaining('127.0.0.1, which is not a public address'),
    });
    const outside = async () => [{ address: '93.184.216.34', family: 4 }];
    await expect(get(named, { resolve: outside })).rejects.toMatchObject({ message: expect.stringContaining('named by http:') });
    await expect(get('http://169.254.169.254/a.crl', { plain: true })).rejects.toMatchObject({ code: 'configuration' });
  });
});
