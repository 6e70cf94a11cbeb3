import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, hexOf, type Json, SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memberOf, membersOf, pathOf } from '../../tests/archive-members.ts';
import { releaseEvidence } from '../../tests/release-evidence.ts';
import { createEvidenceStore } from '../evidence-store.ts';
import { checksumOf } from './export-archive.ts';
import { INDEX, writeManifest } from './manifest.ts';
import { type OpenArchive, openArchive } from './open-archive.ts';
import { END } from './ustar.ts';
import { writeArchive } from './write-archive.ts';

const madeBy = 'signwright 0.1.0';
const artifacts = [{ name: 'dist/app.tgz', digest: sha256('app') }];
const release = releaseEvidence(artifacts);

let place: string;
let original: Buffer;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'signwright-archive-'));
  const store = createEvidenceStore(createMemoryBlobStore());
  await store.putAll(release);
  await writeArchive(join(place, 'release.tar'), { store, artifacts, madeBy });
  original = readFileSync(join(place, 'release.tar'));
});
afterAll(() => rmSync(place, { recursive: true }));

/** Opens these bytes as an archive. */
function openBytes(bytes: Uint8Array): Promise<OpenArchive> {
  const path = join(place, 'other.tar');
  writeFileSync(path, bytes);
  return openArchive(path);
}

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
    const manifest = Buffer.from(canonicalJson(change(json) as Json));
    const checksum = checksumOf(manifest);
    return Buffer.concat([
      memberOf('manifest.json', manifest),
      memberOf('manifest.sha256', checksum),
      ...members.map(({ path, bytes }) => memberOf(path, bytes)),
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
        memberOf('manifest.json', manifest),
        memberOf('manifest.sha256', checksumOf(manifest)),
        memberOf(INDEX, Buffer.alloc(0)),
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
