import { type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { type SignatureAlgorithm, signWithKey } from '@signwright/signing-core';
import { ASN1Obj } from '@sigstore/core';
import { AZURE_KEY_EXAMPLES } from './azure-examples.ts';
import type { RemoteKeyFault } from './remote-signer-contract.ts';
import { basicConstraints, subjectAltName, testCertificate } from './test-certificates.ts';
import type { TestKeys } from './test-keys.ts';

/** A version of a key: its name is 32 hex digits, the last one listed is the newest. */
export type FakeAzureKeyVersion = {
  readonly version: string;
  readonly keys: TestKeys;
  /** `-HSM` behind its type. */
  readonly hsm?: boolean;
  /** Put over its attributes, and over its key. */
  attributes?: { readonly [name: string]: unknown };
  key?: { readonly [name: string]: unknown };
};

export type AzureRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly [name: string]: unknown } | undefined;
};

type Reply = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
};

/**
 * A FAKE of Azure Key Vault, on this machine alone: "Get Key" and "Sign" of its REST reference, its challenge for a token, its errors
 * ("Azure Key Vault REST API error codes"; where that is silent, as users print them). It answers by TLS as `myvault.vault.azure.net`,
 * to whom its agent leads. Stricter than Azure: fields and versions of the API it does not know are refused. It is no evidence that
 * anything works on Azure.
 */
export type FakeAzureKeyVault = {
  /** Leads every host to the fake, and trusts its certificate. */
  readonly agent: Agent;
  /** A credential whose tokens it takes. */
  readonly credential: { getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }> };
  /** The scopes that tokens were asked for. */
  readonly scopes: string[];
  readonly token: string;
  readonly asked: AzureRequest[];
  readonly keys: Map<string, FakeAzureKeyVersion[]>;
  /** What it says tokens must be for. */
  resource: string;
  befall(fault: RemoteKeyFault | undefined): void;
  /** Answers in its place, where it gives something. */
  answer: (asked: AzureRequest) => Reply | undefined;
  /** Answers without end: whoever asks, only those with a token, or in gzip, where little unfolds to much. */
  flood: 'all' | 'authorized' | 'compressed' | undefined;
  close(): Promise<void>;
};

const HOST = 'myvault.vault.azure.net';
const API_VERSIONS = ['7.4', '7.5', '7.6', '2025-07-01'];
const TENANT = 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47';

type State = { fault: RemoteKeyFault | undefined; throttled: number };

/** Starts it on a free port of the loopback, with these keys. */
export async function startFakeAzureKeyVault(
  keys: { readonly [name: string]: readonly FakeAzureKeyVersion[] } = {},
): Promise<FakeAzureKeyVault> {
  const tls = testCertificate({
    subject: HOST,
    notAfter: new Date('2099-01-01'),
    extensions: [basicConstraints(true), subjectAltName(['dns', HOST])],
  });
  const cert = `-----BEGIN CERTIFICATE-----\n${tls.der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const state: State = { fault: undefined, throttled: 0 };
  const server = createServer(
    { cert, key: tls.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    (request, response) => {
      void serve(fake, state, request, response).catch((error: unknown) => response.destroy(error as Error));
    },
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const agent = new LoopbackAgent((server.address() as AddressInfo).port, cert);
  const token = `eyJ0eXAi.${randomBytes(24).toString('base64url')}.${randomBytes(24).toString('base64url')}`;
  const fake: FakeAzureKeyVault = {
    agent,
    token,
    credential: {
      async getToken(scopes) {
        fake.scopes.push(...[scopes].flat());
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    },
    scopes: [],
    asked: [],
    keys: new Map(Object.entries(keys).map(([name, versions]) => [name, [...versions]])),
    resource: 'https://vault.azure.net',
    befall(fault) {
      state.fault = fault;
      state.throttled = fault === 'throttled' ? Number.POSITIVE_INFINITY : fault === 'throttled twice' ? 2 : 0;
    },
    answer: () => undefined,
    flood: undefined,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return fake;
}

class LoopbackAgent extends Agent {
  readonly #port: number;

  constructor(port: number, ca: string) {
    super({ keepAlive: true, ca });
    this.#port = port;
  }

  override createConnection(
    ...[options, callback]: Parameters<Agent['createConnection']>
  ): ReturnType<Agent['createConnection']> {
    return super.createConnection({ ...options, host: '127.0.0.1', port: this.#port }, callback);
  }
}

async function serve(fake: FakeAzureKeyVault, state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const { method = '', headers, url = '' } = request;
  const { pathname: path, searchParams: query } = new URL(url, 'https://fake');
  const asked: AzureRequest = { method, path, query, headers, body: text === '' ? undefined : JSON.parse(text) };
  fake.asked.push(asked);
  if (state.fault === 'silent') return;
  if (state.fault === 'down') {
    response.destroy();
    return;
  }
  if (fake.flood !== undefined && (fake.flood !== 'authorized' || headers.authorization !== undefined))
    return flood(response, fake.flood === 'compressed');
  const { status, body, headers: more } = await answer(fake, state, asked);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ms-keyvault-service-version': '1.9',
    ...more,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function flood(response: ServerResponse, compressed: boolean): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024, 0x61);
  const piece = compressed ? gzipSync(chunk) : chunk;
  const encoding = compressed ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(200, { 'content-type': 'application/json', ...encoding });
  const pieces = function* (): Generator<Buffer> {
    for (;;) yield piece;
  };
  await pipeline(pieces, response).catch(() => undefined);
}

function refuse(status: number, code: string, message: string, inner?: string): Reply {
  return { status, body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } } };
}

async function answer(fake: FakeAzureKeyVault, state: State, asked: AzureRequest): Promise<Reply> {
  const { method, path, query, headers } = asked;
  if (headers.authorization !== `Bearer ${fake.token}`) {
    const challenge = { 'www-authenticate': `Bearer authorization="${TENANT}", resource="${fake.resource}"` };
    return { ...refuse(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'), headers: challenge };
  }
  const instead = fake.answer(asked);
  if (instead !== undefined) return instead;
  if (state.fault === 'broken') return refuse(500, 'InternalServerError', 'An unexpected error occurred.');
  if (!API_VERSIONS.includes(query.get('api-version') ?? ''))
    return refuse(
      400,
      'BadParameter',
      'The specified version () is not recognized. Consider using the latest supported version.',
    );
  const [, name = '', version = '', sign] = /^\/keys\/([0-9a-zA-Z-]+)(?:\/([0-9a-f]{32})?)?(\/sign)?$/.exec(path) ?? [];
  if (name === '') return refuse(404, 'NotFound', 'The requested resource was not found.');
  if (method !== (sign ? 'POST' : 'GET')) return refuse(405, 'MethodNotAllowed', `The request method ${method} is not allowed`);
  if (sign && headers['content-type'] !== 'application/json')
    return refuse(415, 'UnsupportedMediaType', 'The content media type is not supported. Only application/json is supported.');
  if (state.fault === `no permission to ${sign ? 'sign' : 'read the key'}`)
    return { status: 403, body: AZURE_KEY_EXAMPLES.forbiddenByRbac };
  if (state.throttled-- > 0)
    return refuse(
      429,
      'Throttled',
      'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
    );
  const versions = state.fault === 'no such key' ? [] : (fake.keys.get(name) ?? []);
  const found = version === '' ? versions.at(-1) : versions.find((one) => one.version === version);
  if (found === undefined)
    return refuse(404, 'KeyNotFound', `A key with (name/id) ${name}/${version} was not found in this key vault.`);
  const key = state.fault === 'disabled' ? { ...found, attributes: { ...found.attributes, enabled: false } } : found;
  return sign ? signed(name, key, asked.body ?? {}) : bundle(name, key);
}

function bundle(name: string, { version, keys, hsm, attributes, key }: FakeAzureKeyVersion): Reply {
  const jwk = keys.publicKey.export({ format: 'jwk' });
  return {
    status: 200,
    body: {
      key: {
        kid: `https://${HOST}/keys/${name}/${version}`,
        key_ops: ['sign', 'verify'],
        ...jwk,
        kty: `${jwk.kty}${hsm ? '-HSM' : ''}`,
        ...key,
      },
      attributes: {
        enabled: true,
        created: 1493942451,
        updated: 1493942451,
        recoveryLevel: 'Recoverable+Purgeable',
        ...attributes,
      },
    },
  };
}

/** What each algorithm takes: the key's type, bytes of the digest, and the head of DigestInfo or the algorithm we know it by. */
const ALGORITHMS: { readonly [alg: string]: readonly [kty: string, bytes: number, how: string] } = {
  RS256: ['RSA', 32, '3031300d060960864801650304020105000420'],
  RS384: ['RSA', 48, '3041300d060960864801650304020205000430'],
  RS512: ['RSA', 64, '3051300d060960864801650304020305000440'],
  ES256: ['EC P-256', 32, 'ecdsa-p256-sha256'],
  ES384: ['EC P-384', 48, 'ecdsa-p384-sha384'],
};

async function signed(name: string, { version, keys, attributes }: FakeAzureKeyVersion, body: object): Promise<Reply> {
  if (attributes?.['enabled'] === false)
    return refuse(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.', 'KeyDisabled');
  const { alg, value, ...rest } = body as { alg?: unknown; value?: unknown };
  const known = Object.hasOwn(ALGORITHMS, String(alg)) ? ALGORITHMS[String(alg)] : undefined;
  if (known === undefined || typeof value !== 'string' || Object.keys(rest).length > 0 || !/^[\w-]+$/.test(value))
    return refuse(400, 'BadParameter', "Property 'alg' or 'value' has an invalid value, or there are others");
  const [kty, bytes, how] = known;
  const { crv } = keys.publicKey.export({ format: 'jwk' });
  if (kty !== (crv === undefined ? 'RSA' : `EC ${crv}`))
    return refuse(400, 'BadParameter', 'Key and signing algorithm are incompatible.');
  const digest = Buffer.from(value, 'base64url');
  if (digest.length !== bytes)
    return refuse(
      400,
      'BadParameter',
      `Invalid length of 'value': ${digest.length} bytes. ${String(alg)} requires ${bytes} bytes, encoded with base64url.`,
    );
  const signature = kty === 'RSA' ? rsa(keys.privateKey, how, digest) : await ecdsa(keys.privateKey, how, digest);
  return { status: 200, body: { kid: `https://${HOST}/keys/${name}/${version}`, value: signature.toString('base64url') } };
}

function rsa(key: KeyObject, digestInfo: string, digest: Buffer): Buffer {
  return privateEncrypt(key, Buffer.concat([Buffer.from(digestInfo, 'hex'), digest]));
}

/** r and s side by side, each as long as the curve's order (RFC 7518, 3.4). */
async function ecdsa(key: KeyObject, algorithm: string, digest: Buffer): Promise<Buffer> {
  const der = await signWithKey(key, { algorithm: algorithm as SignatureAlgorithm, digest });
  const parts = ASN1Obj.parseBuffer(Buffer.from(der)).subs.map(({ value }) => value.toString('hex').replace(/^00/, ''));
  return Buffer.from(parts.map((hex) => hex.padStart(digest.length * 2, '0')).join(''), 'hex');
}
