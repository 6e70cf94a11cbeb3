import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, parseCertificate, verifyTimestamp } from '@signwright/signing-core';
import { hasOpenssl, openssl, opensslTimestampKey, timestampAuthorityContract } from '@signwright/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createTimestampClient, createTrialTimestampAuthority } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-timestamp-'));
const material = hasOpenssl ? opensslTimestampKey(directory) : { privateKey: '', certificateChain: '' };
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A server on loopback that answers each request by `listener`. */
async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, body: Uint8Array, type = 'application/timestamp-reply'): void {
  response.setHeader('content-type', type).end(body);
}

const CONFIG = `[tsa]
default_tsa = own
[own]
serial = ${directory}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ordering = yes
ess_cert_id_alg = sha256
`;

/** A real authority: OpenSSL reads the request and writes the answer. */
function opensslAuthority(queries: Buffer[] = []): Promise<string> {
  const config = join(directory, 'tsa.cnf');
  writeFileSync(config, CONFIG);
  writeFileSync(join(directory, 'serial'), '01\n');
  return serve(async (request, response) => {
    const query = await bodyOf(request);
    queries.push(query);
    const file = join(directory, `${randomBytes(6).toString('hex')}.tsq`);
    writeFileSync(file, query);
    const key = ['-signer', join(directory, 'tsa.pem'), '-inkey', join(directory, 'tsa.key')];
    reply(response, openssl(['ts', '-reply', '-config', config, '-queryfile', file, ...key]));
  });
}

function trusted(): Authority[] {
  const blocks = material.certificateChain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  const [first, ...rest] = blocks.map((block) => parseCertificate(new X509Certificate(block).raw));
  return first ? [{ chain: [first, ...rest], validFrom: first.notBefore }] : [];
}

const verify = (response: Uint8Array, signature: Uint8Array, nonce: Uint8Array) =>
  verifyTimestamp(response, signature, trusted(), nonce);
const signature = randomBytes(71);

describe.skipIf(!hasOpenssl)('the timestamp client', () => {
  timestampAuthorityContract('the client of a real authority', async () => ({
    authority: createTimestampClient({ urls: [await opensslAuthority()], verify }),
    certificateChain: material.certificateChain,
    now: () => new Date(),
  }));

  it('sends the SHA-256 of the signature, asks for certificates, and never sends a nonce twice', async () => {
    const queries: Buffer[] = [];
    const client = createTimestampClient({ urls: [await opensslAuthority(queries)], verify });
    await Promise.all([client.timestamp(signature), client.timestamp(signature)]);
    const texts = queries.map((query, index) => {
      const file = join(directory, `sent-${index}.tsq`);
      writeFileSync(file, query);
      return openssl(['ts', '-query', '-in', file, '-text']).toString();
    });
    const digest = createHash('sha256').update(signature).digest();
    for (const [index, text] of texts.entries()) {
      expect(text).toMatch(/Hash Algorithm: sha256/);
      expect(text).toMatch(/Certificate required: yes/);
      expect(queries[index]?.includes(digest)).toBe(true);
      expect(queries[index]?.includes(signature)).toBe(false);
    }
    const nonces = texts.map((text) => /Nonce: 0x([0-9A-F]{16})\b/.exec(text)?.[1]);
    expect(nonces.every(Boolean)).toBe(true);
    expect(new Set(nonces).size).toBe(2);
  });

  describe('goes to the next authority when one', () => {
    const wrong: [string, RegExp, Listener][] = [
      ['fails', /HTTP status 503/, (_, response) => response.writeHead(503).end()],
      ['redirects', /redirects elsewhere/, (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
      [
        'answers with a page',
        /content type is "text\/html"/,
        (_, response) => reply(response, Buffer.from('<html>'), 'text/html; charset=utf-8'),
      ],
      ['answers with nothing that can be read', /not a TimeStampResp/, (_, response) => reply(response, Buffer.from('no DER'))],
      ['answers without end', /larger than 65536 bytes/, (_, response) => endless(response)],
      ['does not answer', /no answer within 0.3 s/, () => undefined],
      [
        'stops in the middle',
        /no answer within 0.3 s/,
        (_, response) => void response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).write('0'),
      ],
      ['breaks the connection', /./, (request) => request.socket.destroy()],
      [
        'rejects',
        /rejected \(it does not know the hash algorithm, no SHA-2 here\)/,
        (_, response) => reply(response, rejection()),
      ],
      [
        'repeats an old answer',
        /nonce is not the one that was sent/,
        async (_, response) => reply(response, await trialAnswer(signature)),
      ],
      [
        'answers for something else',
        /over something else/,
        async (_, response) => reply(response, await trialAnswer(randomBytes(71))),
      ],
    ];

    for (const [what, reason, listener] of wrong) {
      it(what, async () => {
        const bad = await serve(listener);
        const fallbacks: [string, string][] = [];
        const onFallback = (url: string, why: string) => void fallbacks.push([url, why]);
        const client = createTimestampClient({ urls: [bad, await opensslAuthority()], verify, timeoutMs: 300, onFallback });
        const answer = await client.timestamp(signature);
        expect(() => verifyTimestamp(answer, signature, trusted())).not.toThrow();
        expect(fallbacks).toEqual([[bad, expect.stringMatching(reason)]]);
      });
    }
  });

  it('asks an authority that failed last, so that a run waits for it once', async () => {
    let asked = 0;
    const bad = await serve((_, response) => {
      asked++;
      response.writeHead(500).end();
    });
    const client = createTimestampClient({ urls: [bad, await opensslAuthority()], verify });
    for (let i = 0; i < 3; i++) await client.timestamp(signature);
    expect(asked).toBe(1);
  });

  it('comes back to an authority that failed when the others do', async () => {
    let [firstIsDown, secondIsDown] = [true, false];
    const real = createTrialTimestampAuthority(material, { now: () => new Date() });
    const flaky =
      (isDown: () => boolean): Listener =>
      async (_, response) => {
        if (isDown()) response.writeHead(500).end();
        else reply(response, await real.timestamp(signature));
      };
    const urls = [await serve(flaky(() => firstIsDown)), await serve(flaky(() => secondIsDown))];
    const client = createTimestampClient({ urls, verify: () => undefined });
    await client.timestamp(signature);
    [firstIsDown, secondIsDown] = [false, true];
    await expect(client.timestamp(signature)).resolves.toBeInstanceOf(Uint8Array);
  });

  it('says of each authority why, when all are down', async () => {
    const urls = [await serve((_, response) => response.writeHead(502).end()), 'http://127.0.0.1:9/'];
    const error = await createTimestampClient({ urls, verify })
      .timestamp(signature)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'SignwrightError', code: 'unreachable' });
    expect(error.message).toContain(`${urls[0]}: HTTP status 502`);
    expect(error.message).toContain('http://127.0.0.1:9/: ');
  });

  it('refuses URLs it cannot use before anything is signed', () => {
    const make =
      (...urls: string[]) =>
      () =>
        createTimestampClient({ urls, verify });
    expect(make()).toThrow(/no timestamp authority is named/);
    expect(make('tsa.example')).toThrow(/cannot be read/);
    expect(make('file:///etc/passwd')).toThrow(/https: or http:/);
    expect(make('https://user:hunter2@tsa.example')).toThrow(/password/);
    expect(() => make('https://user:hunter2@tsa.example')()).not.toThrow(/hunter2/);
  });
});

function endless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/timestamp-reply' });
  const write = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(16_384)));
  };
  response.on('drain', write);
  write();
}

/** PKIStatusInfo: rejection, "no SHA-2 here", badAlg. */
function rejection(): Buffer {
  return Buffer.from('301a3018020102300f0c0d6e6f205348412d32206865726503020780', 'hex');
}

function trialAnswer(data: Uint8Array): Promise<Uint8Array> {
  return createTrialTimestampAuthority(material, { now: () => new Date() }).timestamp(data);
}
