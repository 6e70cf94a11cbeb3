import type { EvidenceStore, Sha256 } from '@signwright/signing-core';
import { sha256 } from '@signwright/signing-core';
import { beforeEach, describe, expect, test } from 'vitest';

const subject = (name: string): Sha256 => sha256(`subject ${name}`);
const bytes = (content: string): Uint8Array => Buffer.from(content);

/** Several views of one store, as several processes have: each call of `open` is one more. */
export type OpenEvidenceStore = { open: () => EvidenceStore };

/**
 * Registers the tests that every EvidenceStore must pass.
 *
 * @param make makes a new, empty store for each test.
 */
export function evidenceStoreContract(name: string, make: () => OpenEvidenceStore | Promise<OpenEvidenceStore>): void {
  describe(`${name} keeps the contract of EvidenceStore`, () => {
    let one: EvidenceStore;
    let other: EvidenceStore;
    beforeEach(async () => {
      const { open } = await make();
      one = open();
      other = open();
    });

    test('evidence is named by its digest and comes back as it was put', async () => {
      const id = await one.put(bytes('evidence'), [subject('a')]);
      expect(id).toBe(sha256('evidence'));
      expect(Buffer.from(await other.get(id)).toString()).toBe('evidence');
    });

    test('it is listed under each of its subjects and no other', async () => {
      const id = await one.put(bytes('evidence'), [subject('a'), subject('b')]);
      const listed = await other.list([subject('a'), subject('b'), subject('c')]);
      expect([...listed.keys()].sort()).toEqual([subject('a'), subject('b')].sort());
      expect([...listed.values()]).toEqual([[id], [id]]);
    });

    test('a subject lists all its evidence, each once', async () => {
      const ids = [await one.put(bytes('1'), [subject('a')]), await other.put(bytes('2'), [subject('a')])];
      await one.put(bytes('1'), [subject('a'), subject('a')]);
      const listed = await one.list([subject('a'), subject('a')]);
      expect([...listed.get(subject('a'))!].sort()).toEqual(ids.sort());
    });

    test('the same evidence may gain subjects later', async () => {
      const id = await one.put(bytes('evidence'), [subject('a')]);
      expect(await other.put(bytes('evidence'), [subject('b')])).toBe(id);
      const listed = await one.list([subject('a'), subject('b')]);
      expect([...listed.values()]).toEqual([[id], [id]]);
    });

    test('evidence about nothing is kept all the same', async () => {
      const id = await one.put(bytes('evidence'), []);
      expect(await one.get(id)).toHaveLength(8);
      expect((await one.list([])).size).toBe(0);
    });

    test('evidence may be asked to be kept until a time, and later for longer or shorter', async () => {
      const [soon, late] = [new Date('2031-01-01T00:00:00Z'), new Date('2039-01-01T00:00:00Z')];
      const id = await one.put(bytes('evidence'), [subject('a')], soon);
      for (const until of [late, soon, undefined]) expect(await other.put(bytes('evidence'), [subject('a')], until)).toBe(id);
      expect((await one.list([subject('a')])).get(subject('a'))).toEqual([id]);
      expect(Buffer.from(await one.get(id)).toString()).toBe('evidence');
    });

    test('what was never put is unreachable, not empty', async () => {
      await expect(one.get(sha256('never put'))).rejects.toMatchObject({ name: 'SignwrightError', code: 'unreachable' });
    });

    test('writers at once lose nothing', async () => {
      const subjects = Array.from({ length: 40 }, (_, i) => subject(`${i}`));
      const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? one : other).put(bytes(`${i}`), subjects)));
      const listed = await one.list(subjects);
      for (const each of subjects) expect([...(listed.get(each) ?? [])].sort()).toEqual([...ids].sort());
    });
  });
}
