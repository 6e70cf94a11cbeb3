import { randomUUID, sign, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakePki, type FakePkiRole, fakePki, signPki } from './fake-vault-pki.ts';
import { PERMISSION_DENIED, refuse, type VaultReply } from './fake-vault-reply.ts';
import { type FakeVaultKey, readTransitKey, signTransit } from './fake-vault-transit.ts';
import type { RemoteKeyFault } from './remote-signer-contract.ts';
import { freshKeys, type TestKeys } from './test-keys.ts';
import { VAULT_EXAMPLES } from './vault-examples.ts';

/** A request as the fake was sent it; the path without `/v1/`. */
export type VaultRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly [name: string]: unknown };
};

/** What the fake knows: tokens by themselves, and what befalls it. */
type State = { readonly tokens: Map<string, Known>; fault: RemoteKeyFault | undefined; throttled: number };

/** A token, and what "lookup-self" says of it. */
type Known = { readonly data: { readonly [name: string]: unknown } };

/**
 * A FAKE of HashiCorp Vault and OpenBao, on this machine alone: transit's "read key" and "sign data", PKI's "sign certificate", logins
 * by JWT and AppRole, "lookup-self", as OpenBao's API documentation has them and, where that is silent, its sources
 * (openbao/openbao v2.6). Stricter than they are: a field or a header it does not know is refused. It is no evidence that anything
 * works on a real one.
 */
export type FakeVault = {
  readonly address: string;
  /** Everything it was asked, in order. */
  readonly asked: VaultRequest[];
  /** Transit's keys by name. */
  readonly keys: Map<string, FakeVaultKey>;
  /** Whatever may never be seen in a message; grows as tokens are issued. */
  readonly secrets: string[];
  /** Makes a fault befall all that is asked from now on. */
  befall(fault: RemoteKeyFault | undefined): void;
  /** Answers in its place, where it gives something. */
  answer: (asked: VaultRequest) => VaultReply | undefined;
  /** Where transit is mounted. */
  mount: string;
  /** Where everything is, instead of in the root namespace. */
  namespace: string | undefined;
  /** Seconds that the token of a login lives. */
  lease: number;
  /** The PKI role `release`; its URIs are those of the token that asks. */
  readonly pki: FakePki & { role: Omit<FakePkiRole, 'allowed_uri_sans'> };
  /** A token that may use the transit key. */
  readonly token: string;
  /** What AppRole takes. */
  readonly appRole: { readonly role_id: string; readonly secret_id: string };
  /** What it makes of an ID token: its claims, or why it is refused. Those it minted itself, for the audience `vault`, unless told. */
  takes: (idToken: string) => { readonly [name: string]: unknown } | string;
  /** An ID token of the issuer that the role `release` is bound to. */
  mintIdToken(claims?: { readonly [name: string]: unknown }): string;
  /** Ends a token before its time. */
  revoke(token: string): void;
  close(): Promise<void>;
};

const HEADERS = ['x-vault-token', 'x-vault-request', 'x-vault-namespace'];
const ROLE = 'release';
const ISSUER_KEYS = freshKeys();

/** Starts it on a free port of the loopback, with these keys in transit. */
export async function startFakeVault(keys: { readonly [name: string]: FakeVaultKey } = {}): Promise<FakeVault> {
  const tokens = new Map<string, Known>();
  const state: State = { tokens, fault: undefined, throttled: 0 };
  const server = createServer((request, response) => {
    void serve(fake, state, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const fake: FakeVault = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    keys: new Map(Object.entries(keys)),
    secrets: [],
    befall(fault) {
      state.fault = fault;
      state.throttled = fault === 'throttled' ? Number.POSITIVE_INFINITY : fault === 'throttled twice' ? 2 : 0;
    },
    answer: () => undefined,
    mount: 'transit',
    namespace: undefined,
    lease: 1200,
    pki: { ...fakePki(), role: { use_csr_sans: false, require_cn: false, ttlSeconds: 600 } },
    token: `hvs.${randomUUID()}`,
    appRole: { role_id: randomUUID(), secret_id: randomUUID() },
    takes: claimsOf,
    mintIdToken(claims = {}) {
      const token = mint({
        iss: 'https://gitlab.example',
        aud: 'vault',
        ci_config_ref_uri: 'git.example/a//ci.yml@refs/heads/main',
        ...claims,
      });
      fake.secrets.push(token);
      return token;
    },
    revoke: (token) => void tokens.delete(token),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  tokens.set(fake.token, { data: { ...VAULT_EXAMPLES.lookUpSelf.answer.data, id: fake.token } });
  fake.secrets.push(fake.token, fake.appRole.secret_id);
  return fake;
}

async function serve(fake: FakeVault, state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const { method = '', headers, url = '' } = request;
  const asked: VaultRequest = { method, headers, path: url.replace(/^\/v1\//, ''), body: text === '' ? {} : JSON.parse(text) };
  fake.asked.push(asked);
  if (state.fault === 'silent') return;
  if (state.fault === 'down') {
    response.destroy();
    return;
  }
  const { status, body, headers: more } = await answer(fake, state, url, asked);
  const wrapped = status >= 400 ? body : { request_id: randomUUID(), ...EMPTY, ...body };
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...more });
  response.end(body === undefined ? undefined : JSON.stringify(wrapped));
}

/** What every success has. */
const EMPTY = { lease_id: '', renewable: false, lease_duration: 0, data: null, wrap_info: null, warnings: null, auth: null };

async function answer(fake: FakeVault, state: State, url: string, asked: VaultRequest): Promise<VaultReply> {
  const instead = fake.answer(asked);
  if (instead !== undefined) return instead;
  const { method, path, headers, body } = asked;
  if (!url.startsWith('/v1/')) return refuse(404);
  const foreign = Object.keys(headers).find((name) => name.startsWith('x-') && !HEADERS.includes(name));
  if (foreign !== undefined || headers['x-vault-request'] !== 'true') return refuse(400, 'missing or unknown header');
  if (state.fault === 'broken') return refuse(500, 'internal error');
  const here = headers['x-vault-namespace'] === (fake.namespace === undefined ? undefined : `${fake.namespace}/`);
  const login = /^auth\/(jwt|approle)\/login$/.exec(path)?.[1];
  if (login !== undefined && here)
    return method === 'POST' ? logIn(fake, state.tokens, login, body) : refuse(405, 'unsupported operation');
  if (path.endsWith('/login')) return noHandler(path);
  const token = state.tokens.get(String(headers['x-vault-token']));
  if (token === undefined || (!here && !path.startsWith('auth/token/'))) return PERMISSION_DENIED;
  if (path === 'auth/token/lookup-self') return { status: 200, body: token };
  return route(fake, state, asked, token);
}

async function route(fake: FakeVault, state: State, { method, path, body }: VaultRequest, token: Known): Promise<VaultReply> {
  const [, engine, action, name = '', hash, ...rest] =
    new RegExp(`^(${fake.mount}|pki)/(keys|sign)/([\\w.-]+)(?:/([\\w-]+))?$`).exec(path) ?? [];
  if (engine === undefined || rest.length > 0) return noHandler(path);
  if (method !== (action === 'keys' ? 'GET' : 'POST')) return refuse(405, 'unsupported operation');
  if (state.fault === `no permission to ${action === 'keys' ? 'read the key' : 'sign'}`) return PERMISSION_DENIED;
  if (engine === 'pki')
    return name === ROLE ? signPki(fake.pki, roleOf(fake, token), body) : refuse(400, `unknown role: ${name}`);
  if (state.throttled-- > 0) return refuse(429, `request path "${path}": rate limit quota exceeded`);
  const key = state.fault === 'no such key' ? undefined : fake.keys.get(name);
  const seen = key === undefined || state.fault !== 'disabled' ? key : { ...key, said: { ...key.said, soft_deleted: true } };
  return action === 'keys' ? readTransitKey(name, seen) : signTransit(seen, hash, body);
}

function logIn(fake: FakeVault, tokens: Map<string, Known>, by: string, body: VaultRequest['body']): VaultReply {
  const fields = by === 'jwt' ? 'jwt,role' : 'role_id,secret_id';
  if (Object.keys(body).sort().join() !== fields) return refuse(400, `missing or unknown field`);
  if (by === 'approle' && body['role_id'] !== fake.appRole.role_id) return refuse(400, 'invalid role or secret ID');
  if (by === 'approle' && body['secret_id'] !== fake.appRole.secret_id) return refuse(400, 'invalid role or secret ID');
  const claims = by === 'jwt' ? fake.takes(String(body['jwt'])) : {};
  if (by === 'jwt' && body['role'] !== ROLE) return refuse(400, `role "${String(body['role'])}" could not be found`);
  if (typeof claims === 'string') return refuse(400, `error validating token: ${claims}`);
  const token = `hvs.${randomUUID()}`;
  fake.secrets.push(token);
  const about = { ...VAULT_EXAMPLES.lookUpSelf.answer.data, id: token, display_name: `${by}-${ROLE}`, meta: claims };
  tokens.set(token, { data: about });
  if (fake.lease > 0) setTimeout(() => tokens.delete(token), fake.lease * 1000).unref();
  const example = VAULT_EXAMPLES[by === 'jwt' ? 'jwtLogin' : 'appRoleLogin'].answer.auth;
  return { status: 200, body: { auth: { ...example, client_token: token, lease_duration: fake.lease } } };
}

/** The role's allowed_uri_sans is the template `https://{{identity.entity.aliases.….metadata.ci_config_ref_uri}}`. */
function roleOf(fake: FakeVault, { data }: Known): FakePkiRole {
  const meta = data['meta'] as { readonly [name: string]: unknown };
  const uris = [`https://${String(meta['ci_config_ref_uri'])}`, String(meta['sub'])];
  return { ...fake.pki.role, allowed_uri_sans: uris };
}

function noHandler(path: string): VaultReply {
  return refuse(404, `no handler for route "${path}". route entry not found.`);
}

function mint(claims: object, keys: TestKeys = ISSUER_KEYS): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const start = `${part({ alg: 'ES256', typ: 'JWT' })}.${part({ sub: 'project_path:a:ref_type:branch:ref:main', iat: now, exp: now + 600, jti: randomUUID(), ...claims })}`;
  const signature = sign('sha256', Buffer.from(start), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${start}.${signature.toString('base64url')}`;
}

/** The claims of a token by the issuer, else what Vault says of it. */
function claimsOf(token: string): { readonly [name: string]: unknown } | string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const key = { key: ISSUER_KEYS.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  const holds = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  if (!holds) return 'error verifying token signature: no known key successfully validated the token signature';
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { exp: number; aud: string };
  if (claims.exp * 1000 < Date.now()) return 'invalid expiration time (exp) claim: token is expired';
  return claims.aud === 'vault' ? claims : 'invalid audience (aud) claim: audience claim does not match any bound audience';
}
