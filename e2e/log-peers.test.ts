import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  addSignature,
  consistencyProof,
  cosign,
  EMPTY_ROOT,
  encodeEntries,
  entriesPath,
  type HashReader,
  inclusionProof,
  leafHash,
  nodeHash,
  openCheckpoint,
  parseNote,
  parseVerifierKey,
  signNote,
  TILE_WIDTH,
  tilePath,
  treeRoot,
  verifierKeyOf,
  verifyCosignatures,
  verifyNote,
  writeCheckpoint,
  writeNote,
  writeTlogProof,
} from '@signwright/signing-core';
import { memorySigner, testKeys } from '@signwright/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { fsck } from './fsck.ts';
import { describePeer, peer } from './peers.ts';

const ORIGIN = 'logs.example/releases';
const AT = new Date('2026-06-01T12:00:00Z');
const KEYS = { ed25519: testKeys('ed25519', 'e2e log'), ecdsa: testKeys('p256', 'e2e log') };
const WITNESS = testKeys('ed25519', 'e2e witness');
const vkeyOf = (type: keyof typeof KEYS): string => verifierKeyOf(ORIGIN, KEYS[type].publicKey, 'log').text;
const WITNESS_VKEY = verifierKeyOf('witness.example', WITNESS.publicKey, 'witness').text;

type Checked = { readonly status: number; readonly found: unknown; readonly said: string };

/** Runs Go's check; what it is to read comes on standard input. */
function logcheck(args: readonly string[], input: string | Uint8Array = ''): Promise<Checked> {
  return new Promise((resolve) => {
    const child = execFile(peer('logcheck'), [...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, found: status === 0 ? JSON.parse(stdout) : undefined, said: stderr });
    });
    // Who is done before it has read all says so by how it ends.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A log in memory: every complete subtree's hash. */
function hashesOf(records: readonly Uint8Array[]): { levels: Buffer[][]; read: HashReader } {
  const levels = [records.map((record) => leafHash(record))];
  for (let below = levels[0] as Buffer[]; below.length > 1; below = levels.at(-1) as Buffer[]) {
    const pairs = Math.floor(below.length / 2);
    levels.push(Array.from({ length: pairs }, (_, at) => nodeHash(below[2 * at] as Buffer, below[2 * at + 1] as Buffer)));
  }
  return { levels, read: async (level, index) => levels[level]?.[index] as Buffer };
}
const recordsOf = (count: number): Buffer[] => Array.from({ length: count }, (_, at) => Buffer.from(`{"record":${at}}`));

async function checkpointBy(type: keyof typeof KEYS, size: number, root: Buffer): Promise<Buffer> {
  const note = await signNote(writeCheckpoint({ origin: ORIGIN, size, root }), ORIGIN, memorySigner(KEYS[type]));
  return writeNote(addSignature(note, await cosign(note, 'witness.example', memorySigner(WITNESS), AT)));
}

describePeer('logcheck', "Go's sumdb and transparency-dev's formats", () => {
  test.each(['ed25519', 'ecdsa'] as const)('open our checkpoints by %s, and the cosignature on them', async (type) => {
    const checkpoint = await checkpointBy(type, 0, EMPTY_ROOT);
    const { text } = parseNote(checkpoint);
    expect(await logcheck(['note', vkeyOf(type), WITNESS_VKEY], checkpoint)).toMatchObject({
      status: 0,
      found: { text, signers: [{ name: ORIGIN }, { name: 'witness.example', time: AT.getTime() / 1000 }] },
    });
    const changed = Buffer.from(checkpoint.toString().replace('\n0\n', '\n1\n'));
    expect(await logcheck(['note', vkeyOf(type), WITNESS_VKEY], changed)).toMatchObject({ status: 1 });
  });

  test('sign notes that we open: by Ed25519, ECDSA, and as a witness', async () => {
    const text = writeCheckpoint({ origin: ORIGIN, size: 7, root: leafHash(Buffer.from('root')) });
    const { found } = await logcheck(['sign', ORIGIN], text);
    const { note, ...vkeys } = found as { note: string; ed25519: string; ecdsa: string; witness: string };
    const bytes = Buffer.from(note);
    for (const vkey of [vkeys.ed25519, vkeys.ecdsa]) {
      const key = parseVerifierKey(vkey, 'Go', 'log');
      expect(openCheckpoint(bytes, [key], 'Go')).toMatchObject({ origin: ORIGIN, size: 7 });
      expect(verifyNote(parseNote(bytes), [key])).toEqual([key]);
      expect(() => openCheckpoint(Buffer.from(note.replace('\n7\n', '\n8\n')), [key], 'Go')).toThrow('does not hold');
    }
    const witness = parseVerifierKey(vkeys.witness, 'Go', 'witness');
    const [cosignature] = verifyCosignatures(parseNote(bytes), [witness]);
    expect(cosignature?.witness.name).toBe(`witness.${ORIGIN}`);
    expect(Math.abs((cosignature?.at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(writeNote(parseNote(bytes))).toEqual(bytes);
  });

  test('hold our inclusion and consistency proofs for every place of every size to 100, and around 1,024', async () => {
    const { read } = hashesOf(recordsOf(1024));
    const places = (size: number): number[] =>
      size <= 100 ? Array.from({ length: size }, (_, at) => at) : [0, 1, 511, 512, 513, size - 2, size - 1];
    const cases: { inclusion: object[]; consistency: object[] } = { inclusion: [], consistency: [] };
    const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('base64'));
    const sizes = Array.from({ length: 1024 }, (_, at) => at + 1).filter((size) => size <= 100 || size >= 1000);
    for (const size of sizes) {
      const [root] = base64([await treeRoot(size, read)]);
      for (const index of places(size)) {
        const [leaf, fromRoot] = base64([await read(0, index), await treeRoot(index + 1, read)]);
        const proof = base64(await inclusionProof(index, size, read));
        const consistent = base64(await consistencyProof(index + 1, size, read));
        cases.inclusion.push({ index, size, leaf, root, proof });
        cases.consistency.push({ from: index + 1, to: size, fromRoot, toRoot: root, proof: consistent });
      }
    }
    const { length } = cases.inclusion;
    expect(await logcheck(['merkle'], JSON.stringify(cases))).toMatchObject({
      status: 0,
      found: { inclusion: length, consistency: length },
    });
    const wrong = { ...cases.inclusion[40], index: 0 };
    expect(await logcheck(['merkle'], JSON.stringify({ inclusion: [wrong] }))).toMatchObject({ status: 1 });
  });

  test('hold our proofs of records, to the byte', async () => {
    const records = recordsOf(300);
    const { read } = hashesOf(records);
    const checkpoint = await checkpointBy('ed25519', 300, await treeRoot(300, read));
    const extra = records[257] as Buffer;
    const hashes = await inclusionProof(257, 300, read);
    expect(
      await logcheck(['proof', vkeyOf('ed25519'), WITNESS_VKEY], writeTlogProof({ index: 257, hashes, checkpoint, extra })),
    ).toEqual({
      status: 0,
      found: { origin: ORIGIN, size: 300, index: 257, record: extra.toString() },
      said: '',
    });
    const another = writeTlogProof({ index: 257, hashes, checkpoint, extra: records[256] as Buffer });
    expect(await logcheck(['proof', vkeyOf('ed25519')], another)).toMatchObject({ status: 1 });
  });
});

/** Writes a log as C2SP tlog-tiles has it, and its checkpoint. */
async function writeLog(folder: string, records: readonly Uint8Array[]): Promise<void> {
  const write = (path: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const { levels, read } = hashesOf(records);
  for (let level = 0; level * 8 < levels.length; level++) {
    const hashes = levels[level * 8] as Buffer[];
    for (let from = 0; from < hashes.length; from += TILE_WIDTH) {
      const tile = hashes.slice(from, from + TILE_WIDTH);
      write(tilePath(level, from / TILE_WIDTH, tile.length), Buffer.concat(tile));
      if (level > 0) continue;
      write(entriesPath(from / TILE_WIDTH, tile.length), encodeEntries(records.slice(from, from + TILE_WIDTH)));
    }
  }
  write('checkpoint', await checkpointBy('ed25519', records.length, await treeRoot(records.length, read)));
}

describePeer(['logcheck', 'fsck'], 'Tessera and sumdb read a log of ours from its tiles', () => {
  const emptyFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'signwright-log-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  };

  test.each([1, 255, 256, 257, 70_000])('of %i records', async (size) => {
    const folder = emptyFolder();
    await writeLog(folder, recordsOf(size));
    expect(await fsck(folder, vkeyOf('ed25519'))).toBeUndefined();
    expect(await logcheck(['tiles', folder, vkeyOf('ed25519'), WITNESS_VKEY])).toMatchObject({
      status: 0,
      found: { origin: ORIGIN, size },
    });
  });

  test('and refuse one with another entry, or another hash', async () => {
    for (const path of [entriesPath(1, 44), tilePath(0, 1, 44), tilePath(0, 0), tilePath(1, 0, 1)]) {
      const folder = emptyFolder();
      await writeLog(folder, recordsOf(300));
      const bytes = readFileSync(join(folder, path));
      bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1);
      writeFileSync(join(folder, path), bytes);
      expect(await fsck(folder, vkeyOf('ed25519')), path).toContain('fsck failed');
      expect(await logcheck(['tiles', folder, vkeyOf('ed25519')]), path).toMatchObject({ status: 1 });
    }
  });
});
