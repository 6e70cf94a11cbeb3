import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { basicConstraints, subjectAltName, testCertificate } from '@signwright/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createPoster, type Post, type PosterOptions } from './poster.ts';

const open: { close(): void; closeAllConnections?(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

type Seen = { headers: IncomingHttpHeaders; body: string; url: string; method: string };

/** A server on loopback that answers with each status in turn, the last for ever. */
async function receiver(
  ...statuses: (number | readonly [number, { [name: string]: string }])[]
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      seen.push({ headers: request.headers, body, url: request.url ?? '', method: request.method ?? '' });
      const answer = statuses[Math.min(seen.length, statuses.length) - 1] ?? 200;
      const [status, headers] = typeof answer === 'number' ? [answer, {}] : answer;
      response.writeHead(status, headers).end('answer');
    });
  };
  return { url: await listen(createServer(listener)), seen };
}

function listen(server: Server | ReturnType<typeof createTcpServer>, host = '127.0.0.1'): Promise<string> {
  open.push(server);
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve(`http://${host}:${(server.address() as AddressInfo).port}/hook?token=hunter2`));
  });
}

const quick = (url: string, more: Partial<PosterOptions> = {}): Post =>
  createPoster({ url, allowPrivate: true, pauseMs: 1, deadlineMs: 2000, ...more });
const message = { body: Buffer.from('{"a":1}'), headers: () => ({ 'content-type': 'application/json' }) };
const failure = (post: Promise<void>): Promise<unknown> =>
  post.then(
    () => 'posted',
    (error: unknown) => error,
  );

describe('what is acknowledged', () => {
  test('a 2xx answer: posted once, with its body and headers', async () => {
    const { url, seen } = await receiver(204);
    await quick(url, { headers: { authorization: 'Bearer secret' } })(message);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/hook?token=hunter2', body: '{"a":1}' });
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      authorization: 'Bearer secret',
    });
  });

  test.each(['never ends', 'is endless'])('a 2xx answer whose body %s', async (how) => {
    const url = await listen(
      createServer((_, response) => {
        response.writeHead(200);
        const write = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        if (how === 'never ends') {
          response.write('a');
        } else {
          response.on('drain', write);
          write();
        }
      }),
    );
    const started = performance.now();
    await quick(url)(message);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('what is tried again', () => {
  test.each([429, 500, 502, 503, 504])('status %i, until it is taken', async (status) => {
    const { url, seen } = await receiver(status, status, 200);
    await quick(url)(message);
    expect(seen).toHaveLength(3);
  });

  test('a connection that breaks before an answer', async () => {
    let calls = 0;
    const url = await listen(
      createServer((request, response) => {
        if (++calls < 3) request.socket.destroy();
        else response.end();
      }),
    );
    await quick(url)(message);
    expect(calls).toBe(3);
  });

  test('six times at the most; the error names the host, and nothing of path and query', async () => {
    const { url, seen } = await receiver(503);
    const error = await failure(quick(url)(message));
    expect(seen).toHaveLength(6);
    expect(error).toMatchObject({ code: 'unreachable', message: `${new URL(url).host} did not take it: status 503` });
    expect(JSON.stringify([error, String(error)])).not.toContain('hunter2');
  });

  test('headers are asked for each try', async () => {
    const { url, seen } = await receiver(500, 200);
    let tries = 0;
    await quick(url)({ ...message, headers: () => ({ 'x-try': String(++tries) }) });
    expect(seen.map(({ headers }) => headers['x-try'])).toEqual(['1', '2']);
  });

  test('not before Retry-After says so', async () => {
    const { url, seen } = await receiver([429, { 'retry-after': '1' }], 200);
    const started = performance.now();
    await quick(url, { deadlineMs: 5000 })(message);
    expect(seen).toHaveLength(2);
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  test('a Retry-After past the deadline is not waited for', async () => {
    const { url, seen } = await receiver([503, { 'retry-after': 'Fri, 31 Dec 2099 23:59:59 GMT' }]);
    await expect(quick(url)(message)).rejects.toMatchObject({ code: 'unreachable' });
    expect(seen).toHaveLength(1);
  });

  test('nothing past the deadline, whether the server is silent or drips its headers', async () => {
    const silent = await listen(createServer(() => undefined));
    const drips = await listen(
      createTcpServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x-a: b\r\n'), 50);
        socket.on('close', () => clearInterval(drip)).on('error', () => undefined);
      }),
    );
    for (const url of [silent, drips]) {
      const started = performance.now();
      await expect(quick(url, { deadlineMs: 400, tryMs: 250 })(message)).rejects.toMatchObject({
        code: 'unreachable',
        message: /no answer within/,
      });
      expect(performance.now() - started).toBeLessThan(1500);
    }
  });

  test('an answer with endless headers is cut off by their size', async () => {
    const url = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 200 OK\r\n');
        for (let i = 0; i < 2000; i++) socket.write(`x-${i}: ${'a'.repeat(100)}\r\n`);
      }),
    );
    await expect(quick(url, { deadlineMs: 500 })(message)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('what is final', () => {
  test.each([400, 401, 403, 404, 408, 413])('status %i', async (status) => {
    const { url, seen } = await receiver(status, 200);
    await expect(quick(url)(message)).rejects.toMatchObject({ code: 'configuration', message: new RegExp(`\\(${status}\\)`) });
    expect(seen).toHaveLength(1);
  });

  test('410 says to remove it', async () => {
    const { url } = await receiver(410);
    await expect(quick(url)(message)).rejects.toMatchObject({ code: 'configuration', next: /remove it/ });
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%i), to wherever: nothing is asked there', async (status) => {
    const elsewhere = await receiver(200);
    for (const location of [elsewhere.url, 'http://169.254.169.254/latest/meta-data/']) {
      const { url } = await receiver([status, { location }]);
      const error = await failure(quick(url)(message));
      expect(error).toMatchObject({ code: 'configuration', message: /redirects/ });
      expect(String(error)).not.toContain('169.254');
    }
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('where nothing is posted to', () => {
  test.each([
    'not a URL',
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'http://hooks.example/',
    'https://user:hunter2@hooks.example/',
  ])('%s is refused when it is configured', (url) => {
    const make = (): Post => createPoster({ url });
    expect(make).toThrow(expect.objectContaining({ code: 'configuration' }) as Error);
    expect(make).not.toThrow(/hunter2/);
  });

  test.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://10.0.0.1/',
    'https://192.168.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[fd00:ec2::254]/',
    'https://0.0.0.0/',
  ])('%s is no public address', async (url) => {
    await expect(createPoster({ url })(message)).rejects.toMatchObject({
      code: 'configuration',
      message: /not a public address/,
    });
  });

  test('link-local addresses, even where private ones are allowed', async () => {
    const post = createPoster({ url: 'https://169.254.169.254/', allowPrivate: true });
    await expect(post(message)).rejects.toMatchObject({ code: 'configuration' });
  });

  test('a name with one private address among public ones', async () => {
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: '93.184.215.14', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const post = createPoster({ url: 'https://hooks.example/', resolve });
    await expect(post(message)).rejects.toMatchObject({ code: 'configuration', message: /hooks\.example leads to 10\.0\.0\.1/ });
  });

  test('http: to another machine, even where private addresses are allowed', async () => {
    const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: '10.0.0.1', family: 4 }];
    const post = createPoster({ url: 'http://intranet.example/', allowPrivate: true, resolve });
    await expect(post(message)).rejects.toMatchObject({ code: 'configuration', next: 'use https:' });
  });

  test('an address the name did not have when it was judged: the connection asks no resolver again', async () => {
    const { url, seen } = await receiver(200);
    const { port } = new URL(url);
    let asked = 0;
    const resolve = async (): Promise<{ address: string; family: number }[]> => {
      asked++;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    // A name that no resolver knows: only the pinned address can have been used.
    await quick(`http://rebinding.invalid:${port}/`, { resolve })(message);
    expect(asked).toBe(1);
    expect(seen[0]?.headers.host).toBe(`rebinding.invalid:${port}`);
  });

  test('a name that leads home on the second try is refused then', async () => {
    const { url } = await receiver(503);
    const { port } = new URL(url);
    let asked = 0;
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: ++asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 },
    ];
    const post = quick(`http://rebinding.invalid:${port}/`, { resolve });
    await expect(post(message)).rejects.toMatchObject({
      code: 'configuration',
      message: /rebinding\.invalid.* is for this machine alone/,
    });
    expect(asked).toBe(2);
  });

  test('a name without an address is tried again, then unreachable', async () => {
    let asked = 0;
    const resolve = async (): Promise<never> => {
      asked++;
      throw new Error('ENOTFOUND');
    };
    const post = quick('https://hooks.example/', { resolve });
    await expect(post(message)).rejects.toMatchObject({ code: 'unreachable', message: /has no address/ });
    expect(asked).toBe(6);
  });

  test('a resolver that never answers is not waited for past the deadline', async () => {
    const post = quick('https://hooks.example/', { resolve: () => new Promise(() => undefined), deadlineMs: 300 });
    await expect(post(message)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('TLS', () => {
  const authority = testCertificate({
    subject: 'hooks.test',
    notAfter: new Date('2099-01-01'),
    extensions: [basicConstraints(true), subjectAltName(['dns', 'hooks.test'])],
  });
  const cert = `-----BEGIN CERTIFICATE-----\n${authority.der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const key = authority.keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: '127.0.0.1', family: 4 }];

  async function secureReceiver(): Promise<{ port: string; bodies: () => number }> {
    let bodies = 0;
    const server = createSecureServer({ cert, key }, (request, response) => {
      bodies++;
      request.resume().on('end', () => response.end());
    });
    return { port: new URL(await listen(server)).port, bodies: () => bodies };
  }

  test('a certificate of an authority one trusts', async () => {
    const { port, bodies } = await secureReceiver();
    await quick(`https://hooks.test:${port}/`, { resolve, ca: cert })(message);
    expect(bodies()).toBe(1);
  });

  test.each([
    ['an authority nobody trusts', 'hooks.test', undefined],
    ['another name', 'other.test', cert],
  ])('a certificate of %s is final, and nothing was sent', async (_, host, ca) => {
    const { port, bodies } = await secureReceiver();
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const post = quick(`https://${host}:${port}/`, { resolve, ...(ca === undefined ? {} : { ca }) });
      await expect(post(message)).rejects.toMatchObject({ code: 'configuration', message: /does not verify/ });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(bodies()).toBe(0);
  });
});

describe('a signal', () => {
  test('stops a try and a pause', async () => {
    const silent = await listen(createServer(() => undefined));
    const { url: busy } = await receiver([503, { 'retry-after': '60' }]);
    for (const url of [silent, busy]) {
      const post = quick(url, { deadlineMs: 120_000, tryMs: 60_000 });
      await expect(post({ ...message, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ code: 'cancelled' });
    }
  });

  test('that was given already: nothing is posted', async () => {
    const { url, seen } = await receiver(200);
    await expect(quick(url)({ ...message, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen).toEqual([]);
  });
});
