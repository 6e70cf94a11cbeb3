import { constants, createHmac, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loopbackCertificate } from './loopback-certificate.ts';
import { freshKeys, type TestKeys, testKeys } from './test-keys.ts';

/** How a token is minted, right or wrong. */
export type MintOptions = {
  readonly audience?: string | readonly string[];
  /** RS256 unless told; `none` leaves the signature out, HS256 takes the RSA key's public half for the secret. */
  readonly alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'HS256' | 'none';
  /** Expired an hour ago. */
  readonly expired?: boolean;
  /** Now unless told. */
  readonly issuedAt?: Date;
  /** Ten minutes unless told. */
  readonly lifetimeSeconds?: number;
  /** In the header in place of the key's own; null leaves it out. */
  readonly kid?: string | null;
  /** Signs in place of the issuer's own key. */
  readonly key?: KeyObject;
};

type Claims = { readonly [name: string]: unknown };
type Answer = { readonly status?: number; readonly headers?: { readonly [name: string]: string }; readonly body?: string };

/** A real OIDC issuer on this machine alone: discovery, keys, tokens. */
export type TestOidcIssuer = {
  /** `https://127.0.0.1:PORT`, or `http://…` where it was started so; the `iss` of its tokens. */
  readonly url: string;
  /** The authority its certificate for TLS is from. */
  readonly caPem: string;
  /** The paths it was asked for, in order. */
  readonly asked: string[];
  /** Put over its discovery document. */
  discovery: Claims;
  /** Its key set, instead of the keys it has. */
  keys: readonly unknown[] | undefined;
  /** Answers in its place, where it gives something; `hang` never does. */
  fault: (path: string) => Answer | 'hang' | undefined;
  /** A compact JWT with `iss`, `aud`, `iat`, `nbf`, `exp`, `jti` and these claims, which go before; undefined ones are left out. */
  mintToken(claims?: Claims, options?: MintOptions): string;
  /** Signs with new keys from now on. @param keep whether the ones before stay published. */
  rotate(options?: { readonly keep?: boolean }): void;
  close(): Promise<void>;
};

type SigningKey = { readonly alg: string; readonly kid: string; readonly keys: TestKeys };

/** Starts one on a free port of the loopback. @param options.plain by http, for peers that cannot be given its authority. */
export async function startTestOidcIssuer(options: { readonly plain?: boolean } = {}): Promise<TestOidcIssuer> {
  let generation = 1;
  let published = keysOf(generation);
  const tls = options.plain ? undefined : loopbackCertificate();
  const listener = (request: IncomingMessage, response: ServerResponse): void => serve(issuer, published, request, response);
  const server = tls ? createSecureServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const issuer: TestOidcIssuer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: tls?.ca ?? '',
    asked: [],
    discovery: {},
    keys: undefined,
    fault: () => undefined,
    mintToken: (claims = {}, mint = {}) => mintToken(issuer.url, published, claims, mint),
    rotate({ keep = false } = {}) {
      published = [...keysOf(++generation), ...(keep ? published : [])];
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return issuer;
}

function serve(issuer: TestOidcIssuer, published: readonly SigningKey[], request: IncomingMessage, to: ServerResponse): void {
  const path = request.url ?? '';
  issuer.asked.push(path);
  const fault = issuer.fault(path);
  if (fault === 'hang') return;
  const { status = 200, headers, body } = fault ?? answer(issuer, published, path);
  to.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

function answer(issuer: TestOidcIssuer, published: readonly SigningKey[], path: string): Answer {
  if (path === '/.well-known/openid-configuration')
    return { body: JSON.stringify({ ...discoveryOf(issuer.url), ...issuer.discovery }) };
  if (path === '/jwks') return { body: JSON.stringify({ keys: issuer.keys ?? published.map(jwkOf) }) };
  return { status: 404 };
}

function discoveryOf(url: string): Claims {
  return {
    issuer: url,
    jwks_uri: `${url}/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
  };
}

function keysOf(generation: number): SigningKey[] {
  const key = (alg: string, keys: TestKeys): SigningKey => ({ alg, kid: `${alg}-${generation}`, keys });
  // Making an RSA key takes long: tests share them.
  const rsa = testKeys('rsa2048', `oidc ${generation}`);
  return [
    key('RS256', rsa),
    key('ES256', freshKeys()),
    key('EdDSA', testKeys('ed25519', `oidc ${generation}`)),
    key('PS256', rsa),
  ];
}

function jwkOf({ alg, kid, keys }: SigningKey): object {
  return { ...keys.publicKey.export({ format: 'jwk' }), alg, kid, use: 'sig' };
}

function mintToken(url: string, published: readonly SigningKey[], claims: Claims, options: MintOptions): string {
  const { alg = 'RS256', audience = 'sigstore', expired = false, lifetimeSeconds = 600, issuedAt = new Date() } = options;
  const own = published.find((key) => key.alg === (alg === 'none' || alg === 'HS256' ? 'RS256' : alg));
  if (own === undefined) throw new TypeError(`no key for ${alg}`);
  const kid = options.kid === undefined ? own.kid : (options.kid ?? undefined);
  const iat = Math.floor(issuedAt.getTime() / 1000) - (expired ? 3600 + lifetimeSeconds : 0);
  const payload = {
    iss: url,
    sub: 'test',
    aud: audience,
    iat,
    nbf: iat,
    exp: iat + lifetimeSeconds,
    jti: randomUUID(),
    ...claims,
  };
  const signed = [{ alg, kid, typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${signature(alg, Buffer.from(signed), options.key ?? own.keys.privateKey, own).toString('base64url')}`;
}

/** RFC 7518, 3.1. */
function signature(alg: string, message: Buffer, key: KeyObject, own: SigningKey): Buffer {
  if (alg === 'none') return Buffer.alloc(0);
  if (alg === 'HS256')
    return createHmac('sha256', own.keys.publicKey.export({ type: 'spki', format: 'pem' }))
      .update(message)
      .digest();
  if (alg === 'PS256') return sign('sha256', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  return sign(alg === 'EdDSA' ? null : 'sha256', message, { key, dsaEncoding: 'ieee-p1363' });
}
