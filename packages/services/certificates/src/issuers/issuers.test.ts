import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { certificateRequest, type SignwrightError } from '@signwright/signing-core';
import { type TestCertificate, testAuthority } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFulcioIssuer, createStepCaIssuer, createVaultIssuer } from '../index.ts';

type Asked = { path: string; body: { [key: string]: unknown }; headers: IncomingMessage['headers'] };
type Answer = { status: number; body: unknown; headers?: { [name: string]: string } };

let answers: (Answer | 'hang')[];
let asked: Asked[];
let url = '';

/** Answers in turn, the last one again and again. */
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString('utf8');
    asked.push({
      path: `${request.method} ${request.url}`,
      body: text === '' ? {} : (JSON.parse(text) as Asked['body']),
      headers: request.headers,
    });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined || answer === 'hang') return;
    const { status, body, headers = {} } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

const authority = testAuthority();
const pem = ({ der }: TestCertificate): string => new X509Certificate(der).toString();
const chain = [pem(authority.leaf()), pem(authority.ca), pem(authority.root)];
const csr = certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
const payload = Buffer.from(JSON.stringify({ iss: 'https://gitlab.example', aud: 'sigstore', exp: 1_800_000_000 })).toString(
  'base64url',
);
const token = `eyJhbGciOiJSUzI1NiJ9.${payload}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg`;

/** The two APIs, as their servers answer: fulcio.proto of sigstore/protobuf-specs, api/sign.go of smallstep/certificates. */
const APIS = [
  {
    name: 'Fulcio',
    create: createFulcioIssuer,
    issued: (certificates: unknown): Answer => ({
      status: 200,
      body: { signedCertificateEmbeddedSct: { chain: { certificates } } },
    }),
    refused: (status: number, message: string): Answer => ({ status, body: { code: 3, message, details: [] } }),
  },
  {
    name: 'step-ca',
    create: createStepCaIssuer,
    issued: (certChain: unknown): Answer => ({ status: 201, body: { crt: chain[0], ca: chain[1], certChain } }),
    refused: (status: number, message: string): Answer => ({ status, body: { status, message } }),
  },
] as const;

test('Fulcio is sent the token and the request in PEM, in base64', async () => {
  answers = [APIS[0].issued(chain)];
  await createFulcioIssuer({ url: `${url}/below/` }).issue(csr, token);
  expect(asked[0]?.path).toBe('POST /below/api/v2/signingCert');
  expect(asked[0]?.headers['content-type']).toBe('application/json');
  const { credentials, certificateSigningRequest, ...rest } = asked[0]?.body ?? {};
  expect([credentials, rest]).toEqual([{ oidcIdentityToken: token }, {}]);
  expect(derOf(Buffer.from(certificateSigningRequest as string, 'base64').toString('ascii'))).toEqual(Buffer.from(csr));
});

test('Fulcio may hand out the log’s promise beside the certificate', async () => {
  answers = [
    {
      status: 200,
      body: { signedCertificateDetachedSct: { chain: { certificates: chain }, signedCertificateTimestamp: 'e30=' } },
    },
  ];
  expect(await createFulcioIssuer({ url }).issue(csr, token)).toHaveLength(3);
});

test('step-ca is sent the token and the request in PEM', async () => {
  answers = [APIS[1].issued(chain)];
  await createStepCaIssuer({ url }).issue(csr, token);
  expect(asked[0]?.path).toBe('POST /1.0/sign');
  expect(Object.keys(asked[0]?.body ?? {})).toEqual(['csr', 'ott']);
  expect(asked[0]?.body['ott']).toBe(token);
  expect(derOf(asked[0]?.body['csr'] as string)).toEqual(Buffer.from(csr));
});

test('step-ca is asked for a life where one is wanted', async () => {
  answers = [APIS[1].issued(chain)];
  await createStepCaIssuer({ url, validity: 86_400 }).issue(csr, token);
  expect(asked[0]?.body['notAfter']).toBe('86400s');
});

function derOf(request: string): Buffer {
  expect(request).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n([\w+/=]{1,64}\n)+-----END CERTIFICATE REQUEST-----\n$/);
  return Buffer.from(request.replace(/-----.*-----/g, ''), 'base64');
}

describe.each(APIS)('$name', ({ name, create, issued, refused }) => {
  const issue = (options: { deadlineMs?: number; signal?: AbortSignal } = {}) => create({ url, ...options }).issue(csr, token);
  const failure = (options?: Parameters<typeof issue>[0]): Promise<SignwrightError> =>
    issue(options).then(
      () => expect.unreachable(),
      (error: SignwrightError) => error,
    );

  test('hands out the chain, leaf first', async () => {
    answers = [issued(chain)];
    const ders = await issue();
    expect(ders.map((der) => new X509Certificate(der).toString())).toEqual(chain);
  });

  test.each([400, 401, 403])('that refuses with %s denies, in its own words and with what the token says', async (status) => {
    answers = [refused(status, 'There was an error processing the identity token')];
    expect(await failure()).toMatchObject({
      code: 'denied',
      message: `${name} refuses to issue a certificate (${status}): There was an error processing the identity token`,
      where: new URL(url).host,
      next: /"https:\/\/gitlab\.example" for the audience "sigstore" and ends 2027-01-15T08:00:00\.000Z/,
    });
    expect(asked).toHaveLength(1);
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.each([
    ['whole', token],
    ['a piece of it', `sub=${payload.slice(3, 12)}`],
    ['its signature within a word', `token=xc2lnbmF0dXJlLW9mx`],
    ['by nine characters', token.match(/.{1,9}/g)?.join(' ')],
    ['by single characters', [...token].join(', ')],
    ['with invisible characters between', [...token].join('\u200b')],
    ['in capitals', token.toUpperCase()],
    ['in base64', base64(token)],
    ['in base64, behind a word', `x${base64(token)}`],
    [
      'in base64 by pieces, padded each',
      token
        .match(/.{1,7}/g)
        ?.map(base64)
        .join(' '),
    ],
    [
      'in base64url without padding, by three',
      Buffer.from(token)
        .toString('base64url')
        .match(/.{1,3}/g)
        ?.join('-'),
    ],
    ['in base64 of base64', base64(base64(token))],
    ['in hex', Buffer.from(token).toString('hex')],
    [
      'in hex as an editor shows it',
      Buffer.from(token)
        .toString('hex')
        .match(/../g)
        ?.map((pair) => `0x${pair}`)
        .join(' '),
    ],
    ['in base64 of hex', base64(Buffer.from(token).toString('hex'))],
  ])('that repeats the token (%s) is shown by its status alone', async (_, repeated) => {
    for (const said of [`bad token ${repeated}`, `${repeated} is a bad token`]) {
      answers = [refused(400, said)];
      const error = await failure();
      expect(error.message).toBe(`${name} refuses to issue a certificate (400)`);
      expect([error.next, error.stack, JSON.stringify(error), String(error.cause)].join(' ')).not.toContain(repeated);
    }
  });

  test('that says what a terminal obeys has it taken out', async () => {
    answers = [refused(400, 'no\u001b[31m\nway\u2028')];
    expect((await failure()).message).toMatch(/\(400\): no \[31m way$/);
  });

  test('that talks for long is cut short', async () => {
    answers = [refused(403, 'so '.repeat(10_000))];
    expect((await failure()).message).toMatch(/\(403\): (so ){66}so…$/);
  });

  test.each([302, 404, 405])('is not there where the answer is %s', async (status) => {
    answers = [{ status, body: '<html>', headers: { location: '/elsewhere' } }];
    expect(await failure()).toMatchObject({ code: 'configuration', message: /but not as/, next: `check the address of ${name}` });
    expect(asked).toHaveLength(1);
  });

  test('is not there where a page or something else answers', async () => {
    for (const body of ['<html>', '[]', '"x"', 'null', '{"a":1,"a":1}']) {
      answers = [{ status: 200, body }];
      expect(await failure()).toMatchObject({ code: 'configuration', message: /but not as/ });
    }
  });

  test('that is throttled or broken is asked again', async () => {
    answers = [refused(429, 'slow down'), refused(503, 'starting'), issued(chain)];
    expect(await issue()).toHaveLength(3);
    expect(asked).toHaveLength(3);
  });

  test('that stays broken is unreachable, and says why', async () => {
    answers = [refused(500, 'error communicating with CA backend')];
    expect(await failure()).toMatchObject({
      code: 'unreachable',
      message: `${name} is broken (500): error communicating with CA backend`,
      next: 'run again later',
    });
    expect(asked).toHaveLength(5);
  });

  test('that has used up the token when it broke does not count as one that refuses it', async () => {
    answers = [refused(500, 'the database is gone'), refused(401, 'token already used')];
    expect(await failure()).toMatchObject({ code: 'unreachable', message: /the database is gone/ });
    expect(asked).toHaveLength(2);
  });

  test('that says nothing is not waited for, nor one that nobody waits for any more', async () => {
    answers = ['hang'];
    expect(await failure({ deadlineMs: 50 })).toMatchObject({ code: 'unreachable', message: /did not answer within 0.05 s/ });
    expect(await failure({ signal: AbortSignal.timeout(50) })).toMatchObject({ code: 'cancelled' });
  });

  test('hands out nothing that is not a chain of certificates', async () => {
    const [leaf, ca, root] = chain as [string, string, string];
    const stranger = pem(testAuthority().ca);
    const many = Array.from({ length: 9 }, () => leaf);
    for (const bad of [
      undefined,
      [],
      {},
      [7],
      ['x'],
      [`${leaf}${ca}`],
      [leaf, root],
      [ca, root],
      [leaf, stranger],
      [ca, leaf],
      many,
    ]) {
      answers = [issued(bad)];
      expect(await failure()).toMatchObject({ code: 'invalid-input', message: new RegExp(`the certificates of ${name}`) });
    }
    answers = [issued(['x'.repeat(600_000)])];
    expect(await failure()).toMatchObject({ code: 'invalid-input', message: /larger than 524288 bytes/ });
  });

  test('is not sent a token by http, nor at an address with a query', async () => {
    for (const bad of ['http://ca.example', 'nonsense', 'https://ca.example/?a=b', 'https://user:secret@ca.example'])
      await expect(create({ url: bad }).issue(csr, token)).rejects.toMatchObject({ code: 'configuration' });
  });
});

test.each([
  ['Fulcio', async (address: string) => createFulcioIssuer({ url: address }).issue(csr, token)],
  ['step-ca', async (address: string) => createStepCaIssuer({ url: address }).issue(csr, token)],
  ["Vault's PKI", async (address: string) => createVaultIssuer({ url: `${address}/v1/pki/sign/release` })],
])('%s is not asked at an address with a user or a password, which is not shown', async (_, ask) => {
  const { host } = new URL(url);
  for (const user of ['admin:hunter2', 'hunter2', ':hunter2']) {
    const error = (await ask(url.replace('//', `//${user}@`)).catch((thrown: unknown) => thrown)) as SignwrightError;
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringMatching(/a user or a password/), where: host });
    expect(`${error.message}${error.next}${error.stack}${JSON.stringify(error)}`).not.toContain('hunter2');
  }
  expect(asked).toEqual([]);
});

test('what is sent in place of a token is told apart from one', async () => {
  answers = [APIS[0].refused(400, 'no')];
  await expect(createFulcioIssuer({ url }).issue(csr, 'hunter2')).rejects.toMatchObject({ next: /what was sent is no ID token/ });
});
