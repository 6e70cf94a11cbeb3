import { createHash, type KeyObject, sign as signMessage } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SignatureAlgorithm, signWithKey, spkiOf } from '@signwright/signing-core';
import type { TestKeys } from './test-keys.ts';

/** What a fake AWS KMS is told to do with a request, in place of answering it. */
export type AwsKmsFault =
  /** Says nothing, ever. */
  | 'hang'
  /** Closes the connection. */
  | 'drop'
  | AwsKmsRefusal;

/** An error as the service writes it: `__type` and a message. `body` is sent as it is instead. */
export type AwsKmsRefusal = {
  readonly status: number;
  readonly type: string;
  readonly message?: string;
  readonly body?: string;
};

export type AwsKmsRequest = {
  /** `Sign`, `GetPublicKey` */
  readonly action: string;
  readonly body: { readonly [name: string]: unknown };
  readonly headers: IncomingMessage['headers'];
};

/** A key of the fake; what is changed here shows in the next answer. */
export type FakeAwsKey = {
  readonly arn: string;
  readonly keys: TestKeys;
  spec: string;
  usage: string;
  algorithms: readonly string[];
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
};

export type FakeAwsKms = {
  /** `127.0.0.1:PORT`, as it stands in `awskms://HOST/KEY`. */
  readonly host: string;
  /** Every request, in order. */
  readonly requests: readonly AwsKmsRequest[];
  /** Asked of each request, with its number from 0; `undefined` lets it be answered. */
  fault: (request: AwsKmsRequest, number: number) => AwsKmsFault | undefined;
  /** Milliseconds before each answer. */
  latencyMs: number;
  /** Connections it was ever opened. */
  connections(): number;
  /** Adds a key, with the spec and the algorithms that AWS gives keys of its type unless others are told. */
  addKey(keys: TestKeys, told?: Partial<Omit<FakeAwsKey, 'keys'>>): FakeAwsKey;
  /** Lets an alias (`alias/NAME`) lead to a key, whatever it led to before. */
  setAlias(alias: string, key: FakeAwsKey): void;
  close(): Promise<void>;
};

type Served = { readonly keys: Map<string, FakeAwsKey>; readonly aliases: Map<string, FakeAwsKey> };

const ACCOUNT = 'arn:aws:kms:us-east-2:111122223333';
const PKCS1 = ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'];
const PSS = ['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'];
/** "Key spec reference" of the AWS KMS Developer Guide. */
const ALGORITHMS: { readonly [spec: string]: readonly string[] } = {
  ECC_NIST_P256: ['ECDSA_SHA_256'],
  ECC_NIST_P384: ['ECDSA_SHA_384'],
  ECC_NIST_P521: ['ECDSA_SHA_512'],
  ECC_SECG_P256K1: ['ECDSA_SHA_256'],
  ECC_NIST_EDWARDS25519: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
};
/** Those whose digests the fake signs; Ed25519 takes no digest. */
const SIGNS: { readonly [spec: string]: { hash: string; by: SignatureAlgorithm } } = {
  'ECC_NIST_P256 ECDSA_SHA_256': { hash: 'sha256', by: 'ecdsa-p256-sha256' },
  'ECC_NIST_P384 ECDSA_SHA_384': { hash: 'sha384', by: 'ecdsa-p384-sha384' },
  'RSA_2048 RSASSA_PKCS1_V1_5_SHA_256': { hash: 'sha256', by: 'rsa-pkcs1-sha256' },
};
const MAX_MESSAGE = 4096;

/**
 * A FAKE that follows Sign and GetPublicKey of the AWS KMS API Reference (JSON 1.1, `X-Amz-Target: TrentService.…`). It holds the
 * length of a `DIGEST` against the algorithm and signs the digest as it is. It checks no request's signature, and is no evidence
 * that anything works on AWS.
 */
export async function startFakeAwsKms(): Promise<FakeAwsKms> {
  const served: Served = { keys: new Map(), aliases: new Map() };
  const requests: AwsKmsRequest[] = [];
  const server = createServer((request, response) => {
    void read(request).then(async (asked) => {
      const fault = fake.fault(asked, requests.push(asked) - 1);
      if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
      if (fault === 'hang') return;
      if (fault === 'drop') response.destroy();
      else reply(response, fault ?? (await answer(served, asked)));
    });
  });
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeAwsKms = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fault: () => undefined,
    latencyMs: 0,
    connections: () => connections,
    addKey(keys, told = {}) {
      const spec = told.spec ?? specOf(keys.publicKey);
      const arn = told.arn ?? `${ACCOUNT}:key/0987dcba-09fe-87dc-65ba-${String(served.keys.size + 1).padStart(12, '0')}`;
      const algorithms = told.algorithms ?? ALGORITHMS[spec] ?? [...PKCS1, ...PSS];
      const key: FakeAwsKey = { usage: 'SIGN_VERIFY', state: 'Enabled', ...told, arn, keys, spec, algorithms };
      served.keys.set(arn, key);
      return key;
    },
    setAlias: (alias, key) => void served.aliases.set(alias, key),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

type Answer = { readonly [name: string]: unknown };

async function answer(served: Served, { action, body, headers }: AwsKmsRequest): Promise<Answer | AwsKmsRefusal> {
  if (!/^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[a-z0-9-]+\/kms\/aws4_request,/.test(headers.authorization ?? ''))
    return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  if (headers['content-type'] !== 'application/x-amz-json-1.1') return refusal('SerializationException', 'not JSON 1.1');
  const key = find(served, String(body['KeyId']));
  if (key === undefined) return refusal('NotFoundException', `Key '${String(body['KeyId'])}' does not exist`);
  if (key.state === 'Disabled') return refusal('DisabledException', `${key.arn} is disabled.`);
  if (key.state === 'PendingDeletion') return refusal('KMSInvalidStateException', `${key.arn} is pending deletion.`);
  if (action === 'GetPublicKey') return describe(key);
  return action === 'Sign' ? sign(key, body) : refusal('UnknownOperationException', `no ${action}`);
}

function describe({ arn, keys, spec, usage, algorithms }: FakeAwsKey): Answer {
  const kind = usage === 'SIGN_VERIFY' ? 'SigningAlgorithms' : 'EncryptionAlgorithms';
  return {
    KeyId: arn,
    PublicKey: spkiOf(keys.publicKey).toString('base64'),
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    KeyUsage: usage,
    [kind]: algorithms,
  };
}

async function sign(key: FakeAwsKey, body: AwsKmsRequest['body']): Promise<Answer | AwsKmsRefusal> {
  const algorithm = String(body['SigningAlgorithm']);
  const message = Buffer.from(String(body['Message']), 'base64');
  if (key.usage !== 'SIGN_VERIFY') return refusal('InvalidKeyUsageException', `${key.arn} key usage is ${key.usage}`);
  if (!key.algorithms.includes(algorithm))
    return refusal('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
  if (message.length < 1 || message.length > MAX_MESSAGE)
    return refusal('ValidationException', "Value at 'message' failed to satisfy constraint: length between 1 and 4096");
  const made = await signatureOf(key, algorithm, body['MessageType'] === 'DIGEST', message);
  return made instanceof Uint8Array
    ? { KeyId: key.arn, Signature: Buffer.from(made).toString('base64'), SigningAlgorithm: algorithm }
    : made;
}

async function signatureOf(
  { keys, spec }: FakeAwsKey,
  algorithm: string,
  isDigest: boolean,
  message: Buffer,
): Promise<Uint8Array | AwsKmsRefusal> {
  if (algorithm === 'ED25519_SHA_512')
    return isDigest
      ? refusal('ValidationException', 'ED25519_SHA_512 requires MessageType RAW')
      : signMessage(null, message, keys.privateKey);
  const known = SIGNS[`${spec.replace(/^RSA_\d+/, 'RSA_2048')} ${algorithm}`];
  if (known === undefined) return refusal('UnsupportedOperationException', `the fake does not sign by ${algorithm}`);
  const digest = isDigest ? message : createHash(known.hash).update(message).digest();
  if (digest.length !== createHash(known.hash).digest().length)
    return refusal('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`);
  return signWithKey(keys.privateKey, { algorithm: known.by, digest });
}

/** By ARN, by id, by alias, by the ARN of an alias. */
function find({ keys, aliases }: Served, id: string): FakeAwsKey | undefined {
  const name = id.startsWith('arn:') ? id.slice(id.lastIndexOf(':') + 1) : id;
  if (name.startsWith('alias/')) return aliases.get(name);
  return [...keys.values()].find(({ arn }) => arn === id || arn.endsWith(`:key/${id}`));
}

function specOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const curves: { readonly [name: string]: string } = {
    prime256v1: 'ECC_NIST_P256',
    secp384r1: 'ECC_NIST_P384',
    secp521r1: 'ECC_NIST_P521',
    secp256k1: 'ECC_SECG_P256K1',
  };
  if (key.asymmetricKeyType === 'ed25519') return 'ECC_NIST_EDWARDS25519';
  return curves[namedCurve ?? ''] ?? `RSA_${modulusLength}`;
}

function refusal(type: string, message: string): AwsKmsRefusal {
  return { status: 400, type, message };
}

/** Only denials of access write `Message`. */
function reply(response: ServerResponse, answered: Answer | AwsKmsRefusal): void {
  const { status, type, message, body } = answered as Partial<AwsKmsRefusal>;
  const error = { __type: type, [type?.startsWith('AccessDenied') ? 'Message' : 'message']: message };
  response
    .writeHead(status ?? 200, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': '00000000-fake-fake-fake-000000000000',
    })
    .end(body ?? JSON.stringify(type === undefined ? answered : error));
}

async function read(request: IncomingMessage): Promise<AwsKmsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const action = String(request.headers['x-amz-target']).replace(/^TrentService\./, '');
  return { action, body: JSON.parse(Buffer.concat(chunks).toString()) as AwsKmsRequest['body'], headers: request.headers };
}
