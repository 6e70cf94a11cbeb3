import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvidenceItem, hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { releaseEvidence } from '../../tests/release-evidence.ts';
import { createEvidenceStore } from '../evidence-store.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { checksumOf, exportArchive } from './export-archive.ts';
import { type ArchivedArtifact, INDEX, writeManifest } from './manifest.ts';
import { openArchive } from './open-archive.ts';
import { END, headerOf, paddingOf } from './ustar.ts';
import { writeArchive } from './write-archive.ts';

const madeBy = 'signwright 0.1.0';
const artifacts: ArchivedArtifact[] = ['dist/app.tgz', 'dist/lib.tgz'].map((name) => ({ name, digest: sha256(name) }));
const release = releaseEvidence(artifacts);

let place: string;
let file: string;
let original: Buffer;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'signwright-archive-'));
  file = join(place, 'release.tar');
  await writeArchive(file, { store: await storeOf(release), artifacts, madeBy });
  original = readFileSync(file);
});
afterAll(() => rmSync(place, { recursive: true }));

async function storeOf(items: readonly EvidenceItem[]): Promise<ReturnType<typeof createEvidenceStore>> {
  const store = createEvidenceStore(createMemoryBlobStore());
  await store.putAll(items);
  return store;
}

/** Opens these bytes as an archive. */
async function openBytes(bytes: Uint8Array): Promise<Awaited<ReturnType<typeof openArchive>>> {
  const path = join(place, 'other.tar');
  writeFileSync(path, bytes);
  return openArchive(path);
}

/** Offsets of the members by name. */
function membersOf(tar: Buffer): Map<string, { at: number; length: number }> {
  const members = new Map<string, { at: number; length: number }>();
  for (let at = 0; tar[at] !== 0; ) {
    const size = Number.parseInt(tar.subarray(at + 124, at + 135).toString(), 8);
    const length = 512 + size + paddingOf(size);
    members.set(
      tar
        .subarray(at, at + 100)
        .toString()
        .replace(/\0.*$/s, ''),
      { at, length },
    );
    at += length;
  }
  return members;
}

const member = (path: string, bytes: Uint8Array): Buffer =>
  Buffer.concat([headerOf(path, bytes.length), bytes, new Uint8Array(paddingOf(bytes.length))]);
const pathOf = (id: Sha256): string => `evidence/${hexOf(id).slice(0, 2)}/${hexOf(id).slice(2)}`;

describe('an archive', () => {
  test('has all evidence of a release, by the same digests and subjects', async () => {
    const open = await openArchive(file);
    const digests = artifacts.map(({ digest }) => digest);
    expect(await gatherEvidence(open.store, digests)).toEqual(await gatherEvidence(await storeOf(release), digests));
    expect(open).toMatchObject({ artifacts, madeBy, pieces: 4 });
    expect(sha256(await open.store.get(sha256(release[3]!.evidence)))).toBe(sha256(release[3]!.evidence));
  });

  test('of any evidence gives the same evidence back', async () => {
    const items = fc.array(
      fc.record({
        evidence: fc.uint8Array({ maxLength: 1500 }),
        subjects: fc.array(
          fc.constantFrom('a', 'b', 'c').map((name) => sha256(name)),
          { minLength: 1 },
        ),
      }),
      { maxLength: 8 },
    );
    const about = ['a', 'b', 'c'].map((name) => ({ name, digest: sha256(name) }));
    await fc.assert(
      fc.asyncProperty(items, async (put) => {
        const store = await storeOf(put);
        const path = join(place, 'any.tar');
        const written = await writeArchive(path, { store, artifacts: about, madeBy });
        const open = await openArchive(path);
        const all = await gatherEvidence(
          store,
          about.map(({ digest }) => digest),
        );
        expect(
          await gatherEvidence(
            open.store,
            about.map(({ digest }) => digest),
          ),
        ).toEqual(all);
        for (const { id } of all) expect(sha256(await open.store.get(id))).toBe(id);
        expect([written.digest, written.bytes, written.pieces]).toEqual([open.digest, statSync(path).size, all.length]);
      }),
      { numRuns: 40 },
    );
  });

  test('of the same content is the same bytes, in whatever order it was put and named', async () => {
    const path = join(place, 'again.tar');
    const store = await storeOf([...release].reverse());
    await writeArchive(path, { store, artifacts: [...artifacts].reverse().concat(artifacts), madeBy });
    expect(readFileSync(path).equals(original)).toBe(true);
  });

  test('is a tar that tar reads, and its digests are what sha256sum checks', () => {
    const listing = execFileSync('tar', ['--utc', '-tvf', file], { encoding: 'utf8' }).trim().split('\n');
    expect(listing).toHaveLength(7);
    expect(listing[0]).toMatch(/^-rw-r--r-- 0\/0 +\d+ 1980-01-01 00:00 manifest\.json$/);
    const out = mkdtempSync(join(place, 'out-'));
    execFileSync('tar', ['-xf', file, '-C', out]);
    expect(execFileSync('sha256sum', ['-c', 'manifest.sha256'], { cwd: out, encoding: 'utf8' })).toBe('manifest.json: OK\n');
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      members: { path: string; sha256: string }[];
    };
    for (const { path, sha256: hex } of manifest.members) expect(hexOf(sha256(readFileSync(join(out, path))))).toBe(hex);
  });

  test('says of which artifacts there is nothing', async () => {
    const nothing = { name: 'dist/none.tgz', digest: sha256('none') };
    const { without } = await exportArchive({ store: await storeOf(release), artifacts: [...artifacts, nothing], madeBy });
    expect(without).toEqual([nothing]);
  });

  test('takes nothing, and has nothing that is not in it', async () => {
    const { store } = await openArchive(file);
    await expect(store.put(Buffer.from('x'), [])).rejects.toMatchObject({ code: 'configuration' });
    await expect(store.get(sha256('x'))).rejects.toMatchObject({ code: 'unreachable' });
    expect(await store.list([sha256('x')])).toEqual(new Map());
    await expect(store.get('sha256:x')).rejects.toMatchObject({ code: 'usage' });
    await expect(store.list(['../x' as Sha256])).rejects.toMatchObject({ code: 'usage' });
  });

  test('that is changed after it was opened gives no other bytes', async () => {
    const path = join(place, 'changing.tar');
    writeFileSync(path, original);
    const { store } = await openArchive(path);
    const [id] = release.map(({ evidence }) => sha256(evidence));
    const { at } = membersOf(original).get(pathOf(id!))!;
    const changed = Buffer.from(original);
    changed[at + 600]! ^= 1;
    writeFileSync(path, changed);
    await expect(store.get(id!)).rejects.toMatchObject({ code: 'unreachable', message: /changed since/ });
    truncateSync(path, 1000);
    await expect(store.get(id!)).rejects.toMatchObject({ code: 'unreachable' });
    rmSync(path);
    await expect(store.get(id!)).rejects.toBeInstanceOf(SignwrightError);
  });
});

describe('what is not as it was made is refused', () => {
  test('any flipped bit', { timeout: 120_000 }, async () => {
    const flip = fc.record({ at: fc.nat(original.length - 1), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bit }) => {
        const changed = Buffer.from(original);
        changed[at]! ^= 1 << bit;
        await expect(openBytes(changed)).rejects.toMatchObject({ code: 'verification' });
      }),
      { numRuns: 1500 },
    );
  });

  test('one flipped bit in each kind of place', async () => {
    const places = [...membersOf(original)].flatMap(([name, { at, length }]) =>
      [0, 100, 108, 124, 136, 148, 156, 157, 257, 263, 265, 345, 511, 512, length - 1].map(
        (offset) => [name, at + offset] as const,
      ),
    );
    for (const [, at] of [...places, ['end', original.length - 1] as const, ['end', original.length - 1024] as const]) {
      const changed = Buffer.from(original);
      changed[at]! ^= 1;
      await expect(openBytes(changed)).rejects.toMatchObject({
        code: 'verification',
        next: expect.stringContaining('get it again'),
      });
    }
  });

  test('any shorter file', { timeout: 60_000 }, async () => {
    const lengths = [0, 1, 511, 512, 1024, original.length - 512, original.length - 1024, original.length - 1];
    for (let length = 0; length < original.length; length += 509) lengths.push(length);
    for (const length of lengths)
      await expect(openBytes(original.subarray(0, length))).rejects.toMatchObject({ code: 'verification' });
  });

  test.each([
    ['one byte', Buffer.alloc(1)],
    ['empty blocks', Buffer.alloc(10_240)],
    ['another member', member('evidence/more', Buffer.from('more'))],
    ['another archive', undefined],
  ])('one with %s after its end', async (_, more) => {
    await expect(openBytes(Buffer.concat([original, more ?? original]))).rejects.toMatchObject({ code: 'verification' });
  });

  test('members in another order, twice, left out, or under another name', async () => {
    const members = membersOf(original);
    const cut = (name: string): Buffer => {
      const { at, length } = members.get(name)!;
      return original.subarray(at, at + length);
    };
    const names = [...members.keys()];
    const build = (order: readonly string[]): Buffer => Buffer.concat([...order.map(cut), END]);
    expect(build(names).equals(original)).toBe(true);
    const [a, b, c, d, ...rest] = names as [string, string, string, string, ...string[]];
    for (const order of [
      [a, b, d, c, ...rest],
      [b, a, c, d, ...rest],
      [a, b, c, c, ...rest],
      [a, b, c, ...rest],
      [a, c, d, ...rest],
      [c, ...names],
    ]) {
      await expect(openBytes(build(order))).rejects.toMatchObject({ code: 'verification' });
    }
    const renamed = Buffer.concat([
      cut(a),
      cut(b),
      member(`${c.slice(0, -1)}${c.endsWith('0') ? '1' : '0'}`, cut(c).subarray(512, 512 + 1)),
      END,
    ]);
    await expect(openBytes(renamed)).rejects.toMatchObject({ code: 'verification' });
  });
});

describe('a hostile archive', () => {
  type Crafted = { path: string; size?: number; sha256?: string; bytes: Buffer };
  /** An archive that hangs together, whatever its manifest says. */
  const craft = (members: readonly Crafted[], change: (json: Record<string, unknown>) => unknown = (json) => json): Buffer => {
    const json = {
      type: 'https://signwright.dev/archive/v1',
      artifacts: [],
      madeBy,
      members: members.map(({ path, size, sha256: hex, bytes }) => ({
        path,
        size: size ?? bytes.length,
        sha256: hex ?? hexOf(sha256(bytes)),
      })),
    };
    const sort = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sort)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([key, each]) => [key, sort(each)]),
            )
          : value;
    const manifest = Buffer.from(JSON.stringify(sort(change(json))));
    const checksum = checksumOf(manifest);
    return Buffer.concat([
      member('manifest.json', manifest),
      member('manifest.sha256', checksum),
      ...members.map(({ path, bytes }) => member(path, bytes)),
      END,
    ]);
  };
  const piece = Buffer.from('piece');
  const good: Crafted = { path: pathOf(sha256(piece)), bytes: piece };
  const index: Crafted = { path: INDEX, bytes: Buffer.from(`${'a'.repeat(64)} ${hexOf(sha256(piece))}\n`) };
  const indexOf = (text: string): Crafted => ({ path: INDEX, bytes: Buffer.from(text) });

  test('is made the way these tests make them: this one is fine', async () => {
    const open = await openBytes(craft([good, index]));
    expect(await open.store.list([`sha256:${'a'.repeat(64)}`])).toEqual(new Map([[`sha256:${'a'.repeat(64)}`, [sha256(piece)]]]));
  });

  test.each<[string, Buffer]>([
    ['a path outside', craft([{ ...good, path: '../../etc/passwd' }, index])],
    ['an absolute path', craft([{ ...good, path: '/etc/passwd' }, index])],
    ['a path of its own choice', craft([{ ...good, path: 'evidence/00/11' }, index])],
    ['evidence under another digest', craft([{ ...good, sha256: hexOf(sha256('other')) }, index])],
    [
      'evidence that is not what its digest says',
      craft([{ path: pathOf(sha256('other')), sha256: hexOf(sha256('other')), bytes: piece }, index]),
    ],
    ['a size that is not its own', craft([{ ...good, size: 4 }, index])],
    ['a negative size', craft([{ ...good, size: -512 }, index])],
    ['a size between two', craft([{ ...good, size: 5.5 }, index])],
    ['an endless size', craft([{ ...good, size: 2 ** 40 }, index])],
    ['a member twice', craft([good, good, index])],
    ['the index first', craft([index, good])],
    ['no index', craft([good])],
    ['an index alone that speaks of what is not there', craft([index])],
    ['an index without its last line end', craft([good, indexOf(index.bytes.toString().trim())])],
    ['an index with a line twice', craft([good, indexOf(index.bytes.toString().repeat(2))])],
    ['an index with other lines', craft([good, indexOf('x\n')])],
    ['an index in upper case', craft([good, indexOf(index.bytes.toString().replace(/^a/, 'A'))])],
    ['another type', craft([good, index], (json) => ({ ...json, type: 'https://signwright.dev/archive/v2' }))],
    ['one more field', craft([good, index], (json) => ({ ...json, note: 'x' }))],
    ['a field less', craft([good, index], ({ madeBy: _, ...json }) => json)],
    ['a maker with a line end', craft([good, index], (json) => ({ ...json, madeBy: 'x\ny' }))],
    [
      'an artifact with a path that climbs',
      craft([good, index], (json) => ({ ...json, artifacts: [{ name: '../x', digest: sha256('x') }] })),
    ],
    [
      'an artifact with a control character',
      craft([good, index], (json) => ({ ...json, artifacts: [{ name: 'x\u001b[2J', digest: sha256('x') }] })),
    ],
    [
      'artifacts out of order',
      craft([good, index], (json) => ({ ...json, artifacts: ['b', 'a'].map((name) => ({ name, digest: sha256('x') })) })),
    ],
    [
      'an artifact twice',
      craft([good, index], (json) => ({ ...json, artifacts: ['a', 'a'].map((name) => ({ name, digest: sha256('x') })) })),
    ],
    ['members that are no list', craft([good, index], (json) => ({ ...json, members: {} }))],
    ['a manifest that is a list', craft([], () => [])],
    ['a manifest that nests', craft([], () => [[[[[[]]]]]])],
  ])('with %s is refused', async (_, bytes) => {
    const error = await openBytes(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SignwrightError);
    expect(['verification', 'invalid-input']).toContain((error as SignwrightError).code);
  });

  test('with a manifest in another form than ours is refused', async () => {
    const written = writeManifest({ artifacts: [], members: [{ path: INDEX, size: 0, digest: sha256('') }], madeBy });
    const spaced = Buffer.from(written.toString().replace(',', ', '));
    const build = (manifest: Buffer): Buffer =>
      Buffer.concat([
        member('manifest.json', manifest),
        member('manifest.sha256', checksumOf(manifest)),
        member(INDEX, Buffer.alloc(0)),
        END,
      ]);
    expect((await openBytes(build(written))).pieces).toBe(0);
    await expect(openBytes(build(spaced))).rejects.toMatchObject({ code: 'invalid-input', message: /canonical/ });
  });

  test.each([
    ['a link', (header: Buffer) => header.write('2', 156)],
    ['a directory', (header: Buffer) => header.write('5', 156)],
    ['a long name of another tar', (header: Buffer) => header.write('L', 156)],
    ['a pax header', (header: Buffer) => header.write('x', 156)],
    ['a device', (header: Buffer) => header.write('3', 156)],
    ['a mode', (header: Buffer) => header.write('0004755', 100)],
    ['a name before its name', (header: Buffer) => header.write('../..', 345)],
    ['a binary size', (header: Buffer) => header.writeUInt8(0x80, 124)],
  ])('with %s among its members is refused, checksum and all', async (_, change) => {
    for (const name of ['manifest.json', pathOf(sha256(release[0]!.evidence)), INDEX]) {
      const changed = Buffer.from(original);
      const { at } = membersOf(original).get(name)!;
      const header = changed.subarray(at, at + 512);
      change(header);
      header.write('        ', 148);
      header.write(
        `${header
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      await expect(openBytes(changed)).rejects.toMatchObject({ code: 'verification' });
    }
  });
});

describe('files', () => {
  test('that are none, missing or a directory are said to be so', async () => {
    await expect(openArchive(join(place, 'absent'))).rejects.toMatchObject({
      code: 'configuration',
      where: join(place, 'absent'),
    });
    await expect(openArchive(place)).rejects.toMatchObject({ code: 'configuration' });
    await expect(openArchive('/dev/zero')).rejects.toMatchObject({ code: 'configuration' });
  });

  test('that cannot be written leave nothing behind, and what was there', async () => {
    const store = await storeOf(release);
    const path = join(place, 'kept.tar');
    writeFileSync(path, 'before');
    let calls = 0;
    const failsLate = {
      ...store,
      get: async (id: Sha256) => (++calls > 6 ? Promise.reject(new SignwrightError('unreachable', 'gone')) : store.get(id)),
    };
    await expect(writeArchive(path, { store: failsLate, artifacts, madeBy })).rejects.toMatchObject({ code: 'unreachable' });
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(place).filter((name) => name.startsWith('.signwright-tmp-'))).toEqual([]);
    await expect(writeArchive(join(place, 'nowhere', 'x.tar'), { store, artifacts, madeBy })).rejects.toMatchObject({
      code: 'unreachable',
      where: join(place, 'nowhere', 'x.tar'),
    });
  });
});
