import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditLog } from '@signwright/audit-log';
import { openSegment, type Signer, sealSegment, sha256, signWithKey, verifierKeyOf } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { largeRecordLog } from '@signwright/testkit';
import { peerCache } from '../../tools/peers/locate.ts';

const ORIGIN = 'log.example/large';
/** Records in a segment: some 12 MB. */
const AT_ONCE = 8192;

/** A log with many records, and the same records as lines of JSON. */
export type LargeLog = { readonly directory: string; readonly lines: string; readonly verifierKey: string };

/** Makes the log, which takes some minutes, unless it was made before: it is kept in the user's cache. */
export async function largeLog(size: number): Promise<LargeLog> {
  const records = largeRecordLog(size);
  const mark: string[] = [];
  for await (const { bytes } of records.records(0, 100)) mark.push(sha256(bytes));
  const folder = join(peerCache(), '..', 'bench', `log-${size}-${sha256(mark.join()).slice(7, 19)}`);
  const making = `${folder}.making`;
  const key = join(existsSync(folder) ? folder : making, 'key.pem');
  if (!existsSync(folder)) {
    console.error(`making a log of ${size} records in ${folder} …`);
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const made = generateKeyPairSync('ed25519').privateKey;
    writeFileSync(key, made.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await fill(making, made, records);
    renameSync(making, folder);
  }
  const publicKey = createPublicKey(createPrivateKey(readFileSync(join(folder, 'key.pem'))));
  return {
    directory: join(folder, 'log'),
    lines: join(folder, 'records.jsonl'),
    verifierKey: verifierKeyOf(ORIGIN, publicKey, 'log').text,
  };
}

/** Writes segments as jobs without the log key do, only larger, then puts them in order. */
async function fill(folder: string, privateKey: KeyObject, records: ReturnType<typeof largeRecordLog>): Promise<void> {
  const publicKey = createPublicKey(privateKey);
  const sign: Signer['sign'] = (request) => signWithKey(privateKey, request);
  const signer: Signer = { publicKey: async () => publicKey, certificate: async () => undefined, sign };
  const keys = [verifierKeyOf(ORIGIN, publicKey, 'log')];
  const blobs = createDirectoryStore(join(folder, 'log'));
  const lines = createWriteStream(join(folder, 'records.jsonl'));
  let batch: Uint8Array[] = [];
  let segment = 0;
  for await (const { index, bytes } of records.records(0, records.size)) {
    batch.push(bytes);
    if (!lines.write(`${Buffer.from(bytes).toString()}\n`)) await once(lines, 'drain');
    if (batch.length < AT_ONCE && index < records.size - 1) continue;
    await blobs.putIfAbsent(`segments/${String(segment++).padStart(12, '0')}`, await sealSegment(batch, { signer }));
    batch = [];
  }
  lines.end();
  await once(lines, 'close');
  const open = (bytes: Uint8Array) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] });
  const segments = { open, seal: (sealed: readonly Uint8Array[]) => sealSegment(sealed, { signer }) };
  const clock = { now: () => new Date() };
  const log = await openAuditLog({ blobs, keys, witnesses: [], count: 0, signer, segments, clock });
  await log.sequence();
  await log.publish();
}
