import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvidenceItem, hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memberOf, membersOf, pathOf } from '../../tests/archive-members.ts';
import { releaseEvidence } from '../../tests/release-evidence.ts';
import { createEvidenceStore } from '../evidence-store.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { exportArchive } from './export-archive.ts';
import type { ArchivedArtifact } from './manifest.ts';
import { openArchive } from './open-archive.ts';
import { END } from './ustar.ts';
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
    ['another member', memberOf('evidence/more', Buffer.from('more'))],
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
      memberOf(`${c.slice(0, -1)}${c.endsWith('0') ? '1' : '0'}`, cut(c).subarray(512, 512 + 1)),
      END,
    ]);
    await expect(openBytes(renamed)).rejects.toMatchObject({ code: 'verification' });
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
