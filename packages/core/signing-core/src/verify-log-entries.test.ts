import { createHash, sign } from 'node:crypto';
import { freshKeys, memorySigner, type TestCertificateSpec, type TestKeys, testAuthority } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { parseBundle, writeBundle } from './bundle.ts';
import { canonicalJson } from './formats/canonical-json.ts';
import { parseTrustRoot } from './trust-root.ts';
import { type VerifiedBundle, verifyBundle } from './verify-bundle.ts';

const authority = testAuthority();
const FILE = Buffer.from('the bytes of the file');
const NOON = Date.parse('2026-06-01T12:00:00Z');
const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const spki = ({ publicKey }: TestKeys): Buffer => publicKey.export({ type: 'spki', format: 'der' });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const log = freshKeys();
const listed = (keys: TestKeys, validFor: object = { start: '2026-01-01T00:00:00Z' }): object => ({
  baseUrl: 'https://log.example',
  hashAlgorithm: 'SHA2_256',
  publicKey: { rawBytes: base64(spki(keys)), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
  logId: { keyId: base64(sha256(spki(keys))) },
});
const rootWith = (...tlogs: object[]) => parseTrustRoot(authority.trustedRoot({ tlogs }), undefined, 'test');

type Faults = {
  leaf?: TestCertificateSpec;
  integratedTime?: number;
  /** The body as the log signed it. */
  body?: (entry: { spec: { data: { hash: { value: string } }; signature: { content: string } } }) => void;
  /** The body as it is sent. */
  sent?: (body: Buffer) => Buffer;
  promisedBy?: TestKeys;
  checkpointBy?: TestKeys;
  rootHash?: Buffer;
  promise?: boolean;
  proof?: boolean;
  timestamps?: (signature: Buffer) => Buffer[];
};

/** A file signature with an entry of a Rekor v1 log (hashedrekord 0.0.1): promise (SET) and inclusion proof in a tree of one leaf. */
async function logged(faults: Faults = {}): Promise<Buffer> {
  const leaf = authority.leaf(faults.leaf);
  const digest = sha256(FILE);
  const signature = Buffer.from(await memorySigner(leaf.keys).sign({ algorithm: 'ecdsa-p256-sha256', digest, message: FILE }));
  const entry = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
      signature: { content: base64(signature), publicKey: { content: base64(leaf.der) } },
    },
  };
  faults.body?.(entry);
  const body = Buffer.from(canonicalJson(entry));
  const integratedTime = Math.floor((faults.integratedTime ?? NOON) / 1000);
  const keyId = sha256(spki(log));
  const payload = { body: base64(body), integratedTime, logID: keyId.toString('hex'), logIndex: 0 };
  const promise = sign('sha256', Buffer.from(canonicalJson(payload)), (faults.promisedBy ?? log).privateKey);
  const rootHash = faults.rootHash ?? sha256(Buffer.of(0), body);
  const note = `log.example\n1\n${base64(rootHash)}\n`;
  const checkpoint = sign('sha256', Buffer.from(note), (faults.checkpointBy ?? log).privateKey);
  const tlogEntry = {
    logIndex: '0',
    logId: { keyId: base64(keyId) },
    kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    integratedTime: `${integratedTime}`,
    ...(faults.promise === false ? {} : { inclusionPromise: { signedEntryTimestamp: base64(promise) } }),
    ...(faults.proof === false
      ? {}
      : {
          inclusionProof: {
            logIndex: '0',
            rootHash: base64(rootHash),
            treeSize: '1',
            hashes: [],
            checkpoint: {
              envelope: `${note}\n\u2014 log.example ${base64(Buffer.concat([keyId.subarray(0, 4), checkpoint]))}\n`,
            },
          },
        }),
    canonicalizedBody: base64(faults.sent?.(body) ?? body),
  };
  const bundle = JSON.parse(
    writeBundle({
      content: { type: 'message', hash: 'sha256', digest, signature },
      key: { type: 'certificate', der: leaf.der },
      timestamps: faults.timestamps?.(signature) ?? [],
    }).toString(),
  ) as { verificationMaterial: { tlogEntries?: object[] } };
  bundle.verificationMaterial.tlogEntries = [tlogEntry];
  return Buffer.from(JSON.stringify(bundle));
}

const verify = async (faults: Faults = {}, root = rootWith(listed(log))): Promise<VerifiedBundle> =>
  verifyBundle(parseBundle(await logged(faults)), { root, keyFor: () => undefined, file: { message: FILE } });

test('an entry in a listed log gives the time its signature existed', async () => {
  expect(await verify()).toMatchObject({
    author: { type: 'certificate', issuer: 'https://issuer.example' },
    times: [{ at: NOON, authority: 'a transparency log', development: false }],
  });
});

test('the earliest of log and timestamp authority counts', async () => {
  const timestamps = (signature: Buffer): Buffer[] => [authority.timestamp(signature, { at: new Date(NOON + 5000) })];
  expect((await verify({ timestamps })).times.map(({ at }) => at)).toEqual([NOON, NOON + 5000]);
});

test('a log that gives no promise attests no time, and a timestamp then does', async () => {
  const timestamps = (signature: Buffer): Buffer[] => [authority.timestamp(signature, { at: new Date(NOON + 5000) })];
  expect((await verify({ promise: false, timestamps })).times.map(({ at }) => at)).toEqual([NOON + 5000]);
  await expect(verify({ promise: false })).rejects.toMatchObject({ refusal: 'bad-signature' });
});

const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().replace('"hashedrekord"', '"hashedRekord"'));
test.each([
  ['whose body was changed', { sent: flip }, 'could not be verified'],
  ['over another file', { body: (entry) => (entry.spec.data.hash.value = 'ab'.repeat(32)) }, 'digest mismatch'],
  [
    'over another signature',
    { body: (entry) => (entry.spec.signature.content = base64(Buffer.from('other'))) },
    'signature mismatch',
  ],
  ['promised by another key', { promisedBy: freshKeys() }, 'inclusion promise could not be verified'],
  ['under a checkpoint by another key', { checkpointBy: freshKeys() }, 'invalid checkpoint signature'],
  ['that is not in the tree of the checkpoint', { rootHash: Buffer.alloc(32) }, 'root hash'],
  ['without proof that it is in the log', { proof: false }, 'invalid'],
  ['from before the certificate was valid', { leaf: { notBefore: new Date(NOON + 1000) } }, 'not valid or expired'],
  ['from after the certificate expired', { leaf: { notAfter: new Date(NOON - 1000) } }, 'not valid or expired'],
] as [string, Faults, string][])('an entry %s is refused', async (_, faults, why) => {
  await expect(verify(faults)).rejects.toMatchObject({ refusal: 'bad-signature', message: expect.stringContaining(why) });
});

test('an entry of a log that is not listed, or not at that time, is refused', async () => {
  await expect(verify({}, rootWith(listed(freshKeys())))).rejects.toMatchObject({ refusal: 'bad-signature' });
  const earlier = { start: '2026-01-01T00:00:00Z', end: '2026-05-01T00:00:00Z' };
  await expect(verify({}, rootWith(listed(log, earlier)))).rejects.toMatchObject({ refusal: 'bad-signature' });
});

test('where the trust root lists no log, an entry says nothing, and gives no time', async () => {
  await expect(verify({}, rootWith())).rejects.toMatchObject({ refusal: 'no-trusted-time' });
  const timestamps = (signature: Buffer): Buffer[] => [authority.timestamp(signature)];
  expect((await verify({ timestamps }, rootWith())).times).toHaveLength(1);
});

test('a trust root whose log key cannot be read is refused in our words', async () => {
  const broken = {
    ...listed(log),
    publicKey: {
      rawBytes: base64(Buffer.from('no key')),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: '2026-01-01T00:00:00Z' },
    },
  };
  await expect(verify({}, rootWith(broken))).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('the logs of the trust root cannot be read'),
  });
});
