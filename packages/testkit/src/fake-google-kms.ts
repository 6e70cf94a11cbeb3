import { createHash, sign as signMessage } from 'node:crypto';
import type { protos } from '@google-cloud/kms';
import type { handleUnaryCall, ServiceError } from '@grpc/grpc-js';
import { type SignatureAlgorithm, signWithKey } from '@signwright/signing-core';
import type { TestKeys } from './test-keys.ts';

type V1 = typeof protos.google.cloud.kms.v1;
type PublicKey = protos.google.cloud.kms.v1.IPublicKey;
type SignRequest = protos.google.cloud.kms.v1.IAsymmetricSignRequest;
type SignResponse = protos.google.cloud.kms.v1.IAsymmetricSignResponse;

export type GoogleKmsRefusal = {
  /** A gRPC status code. */
  readonly code: number;
  readonly message: string;
  /** Of a google.rpc.ErrorInfo: `SERVICE_DISABLED`. */
  readonly reason?: string;
};

/** What a fake Google Cloud KMS is told to do with a request, in place of answering it. */
export type GoogleKmsFault =
  /** Says nothing, ever. */
  | 'hang'
  /** Answers, with this in the place of what it would say. */
  | { readonly say: PublicKey | SignResponse }
  | GoogleKmsRefusal;

export type GoogleKmsRequest = { readonly method: 'GetPublicKey' | 'AsymmetricSign'; readonly body: SignRequest };

export type FakeGoogleKms = {
  /** `127.0.0.1:PORT`, for SIGNWRIGHT_GCPKMS_EMULATOR_HOST. */
  readonly host: string;
  /** Every request, in order. */
  readonly requests: readonly GoogleKmsRequest[];
  /** Asked of each request, with its number from 0; `undefined` lets it be answered. */
  fault: (request: GoogleKmsRequest, number: number) => GoogleKmsFault | undefined;
  /** Milliseconds before each answer. */
  latencyMs: number;
  /** Requests that were given up by who asked. */
  readonly cancelled: () => number;
  /** Puts a key where `projects/…/cryptoKeyVersions/N` says, of the algorithm Google has for its type unless another is told. */
  addKey(version: string, keys: TestKeys, algorithm?: string): void;
  close(): Promise<void>;
};

type FakeKey = { readonly keys: TestKeys; readonly algorithm: string };

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
/** Which digest is sent for which algorithm, and how the fake signs it as it is. */
const DIGESTS: { readonly [algorithm: string]: { hash: 'sha256' | 'sha384'; by: SignatureAlgorithm } } = {
  EC_SIGN_P256_SHA256: { hash: 'sha256', by: 'ecdsa-p256-sha256' },
  EC_SIGN_P384_SHA384: { hash: 'sha384', by: 'ecdsa-p384-sha384' },
  RSA_SIGN_PKCS1_2048_SHA256: { hash: 'sha256', by: 'rsa-pkcs1-sha256' },
};

/**
 * A FAKE over real gRPC, from the protos that Google's library brings: GetPublicKey and AsymmetricSign as their comments have them,
 * CRC32C both ways, plain text on this machine. It asks for no credentials, and is no evidence that anything works on Google Cloud.
 */
export async function startFakeGoogleKms(): Promise<FakeGoogleKms> {
  const grpc = await import('@grpc/grpc-js');
  const { protos } = await import('@google-cloud/kms');
  const { v1 } = protos.google.cloud.kms;
  const keys = new Map<string, FakeKey>();
  const requests: GoogleKmsRequest[] = [];
  let cancelled = 0;
  const serve =
    <Answer>(
      method: GoogleKmsRequest['method'],
      answer: (key: FakeKey, body: SignRequest) => Promise<Answer | GoogleKmsRefusal>,
    ) =>
    (...[call, reply]: Parameters<handleUnaryCall<SignRequest, Answer>>): void => {
      const request = { method, body: call.request };
      const fault = fake.fault(request, requests.push(request) - 1);
      call.on('cancelled', () => cancelled++);
      if (fault === 'hang') return;
      void (async () => {
        if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
        const key = keys.get(String(call.request.name));
        const said =
          fault !== undefined && 'code' in fault
            ? fault
            : key === undefined
              ? absent(call.request)
              : await answer(key, call.request);
        if (isRefusal(said)) return reply(errorOf(said, grpc, protos));
        return reply(null, fault === undefined ? said : { ...said, ...(fault as { say: object }).say });
      })();
    };
  const server = new grpc.Server();
  server.addService(serviceOf(v1), {
    getPublicKey: serve('GetPublicKey', (key, { name }) => describe(key, String(name))),
    asymmetricSign: serve('AsymmetricSign', sign),
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const fake: FakeGoogleKms = {
    host: `127.0.0.1:${port}`,
    requests,
    fault: () => undefined,
    latencyMs: 0,
    cancelled: () => cancelled,
    addKey: (version, pair, algorithm = algorithmOf(pair)) => void keys.set(version, { keys: pair, algorithm }),
    close: async () => server.forceShutdown(),
  };
  return fake;
}

/** The two methods, under the names and messages of `google/cloud/kms/v1/service.proto`. */
function serviceOf(v1: V1): Parameters<import('@grpc/grpc-js').Server['addService']>[0] {
  const method = (
    name: string,
    request: { decode(bytes: Uint8Array): SignRequest },
    response: { fromObject(told: { [name: string]: unknown }): object; encode(message: object): { finish(): Uint8Array } },
  ) => ({
    path: `/google.cloud.kms.v1.KeyManagementService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (said: { [name: string]: unknown }) => Buffer.from(response.encode(response.fromObject(said)).finish()),
    responseDeserialize: () => ({}),
  });
  return {
    getPublicKey: method('GetPublicKey', v1.GetPublicKeyRequest, v1.PublicKey),
    asymmetricSign: method('AsymmetricSign', v1.AsymmetricSignRequest, v1.AsymmetricSignResponse),
  };
}

async function describe({ keys, algorithm }: FakeKey, name: string): Promise<PublicKey> {
  const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { name, pem, pemCrc32c: { value: crc32c(Buffer.from(pem)) }, algorithm: algorithm as 'EC_SIGN_P256_SHA256' };
}

async function sign(key: FakeKey, request: SignRequest): Promise<SignResponse | GoogleKmsRefusal> {
  const invalid = (message: string): GoogleKmsRefusal => ({ code: INVALID_ARGUMENT, message });
  const way = DIGESTS[key.algorithm.replace(/_(3072|4096)_/, '_2048_')];
  const sent = way === undefined ? request.data : request.digest?.[way.hash];
  const crc = way === undefined ? request.dataCrc32c : request.digestCrc32c;
  if (!sent?.length) return invalid(`${key.algorithm} needs ${way?.hash ?? 'data'}`);
  const bytes = Buffer.from(sent as Uint8Array);
  if (way !== undefined && bytes.length !== createHash(way.hash).digest().length) return invalid('digest of another length');
  if (crc && Number(crc.value) !== crc32c(bytes)) return invalid('The checksum does not match the data.');
  const signature =
    way === undefined
      ? signMessage(null, bytes, key.keys.privateKey)
      : await signWithKey(key.keys.privateKey, { algorithm: way.by, digest: bytes });
  const verified = way === undefined ? 'verifiedDataCrc32c' : 'verifiedDigestCrc32c';
  return {
    name: String(request.name),
    signature,
    signatureCrc32c: { value: crc32c(signature) },
    [verified]: crc !== null && crc !== undefined,
  };
}

function algorithmOf({ publicKey }: TestKeys): string {
  const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'ed25519') return 'EC_SIGN_ED25519';
  if (namedCurve === 'prime256v1') return 'EC_SIGN_P256_SHA256';
  return namedCurve === 'secp384r1' ? 'EC_SIGN_P384_SHA384' : `RSA_SIGN_PKCS1_${modulusLength}_SHA256`;
}

function absent({ name }: SignRequest): GoogleKmsRefusal {
  return { code: NOT_FOUND, message: `CryptoKeyVersion ${name} not found.` };
}

function isRefusal(said: unknown): said is GoogleKmsRefusal {
  return typeof said === 'object' && said !== null && 'code' in said;
}

function errorOf(
  { code, message, reason }: GoogleKmsRefusal,
  grpc: typeof import('@grpc/grpc-js'),
  { google }: typeof protos,
): Partial<ServiceError> {
  const metadata = new grpc.Metadata();
  if (reason !== undefined) {
    // google.rpc.ErrorInfo: reason is 1, domain 2.
    const text = (field: number, value: string): Buffer =>
      Buffer.concat([Buffer.from([field * 8 + 2, value.length]), Buffer.from(value)]);
    const value = Buffer.concat([text(1, reason), text(2, 'googleapis.com')]);
    const details = [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value }];
    metadata.set('grpc-status-details-bin', Buffer.from(google.rpc.Status.encode({ code, message, details }).finish()));
  }
  const error: object = { code, details: message, metadata };
  return error;
}

/** CRC32C (Castagnoli), bit by bit; in the signer it is another's. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
