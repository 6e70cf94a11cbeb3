import type { BlobStore, Sha256, Version } from '@signwright/signing-core';
import { hexOf, SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEvidenceStore } from './evidence-store.ts';

const subjects: Sha256[] = Array.from({ length: 300 }, (_, i) => sha256(`subject ${i}`));
const evidence: Uint8Array = new TextEncoder().encode('evidence');
const id = sha256(evidence);
const shardOf = (subject: Sha256): string => `index/${hexOf(subject).slice(0, 2)}`;
const blobOf = (digest: Sha256): string => `evidence/${hexOf(digest).slice(0, 2)}/${hexOf(digest).slice(2)}`;
const down = (): never => {
  throw new SignwrightError('unreachable', 'the store is down');
};

let blobs: BlobStore;
beforeEach(() => {
  blobs = createMemoryBlobStore();
});

/** The evidence store on the blobs, with some of their calls replaced. */
function storeWith(changes: Partial<BlobStore> = {}): ReturnType<typeof createEvidenceStore> {
  return createEvidenceStore({ ...blobs, ...changes });
}

describe('when the blob store fails', () => {
  test('evidence that could not be written is not listed', async () => {
    await expect(storeWith({ putIfAbsent: async () => down() }).put(evidence, subjects)).rejects.toMatchObject({
      code: 'unreachable',
    });
    expect((await storeWith().list(subjects)).size).toBe(0);
  });

  test.each(['failed', 'failed but persisted'])('at each write in turn (%s), putting again completes it', async (how) => {
    for (let failing = 0; ; failing++) {
      blobs = createMemoryBlobStore();
      const inner = blobs;
      let writes = 0;
      const flaky = async <T>(write: () => Promise<T>): Promise<T> => {
        if (writes++ !== failing) return write();
        if (how === 'failed but persisted') await write();
        return down();
      };
      const few = subjects.slice(0, 5);
      const put = storeWith({
        putIfAbsent: (key, bytes) => flaky(() => inner.putIfAbsent(key, bytes)),
        compareAndSwap: (key, expected, bytes) => flaky(() => inner.compareAndSwap(key, expected, bytes)),
      }).put(evidence, few);
      if (failing === 7) {
        await put;
        break;
      }
      await expect(put).rejects.toMatchObject({ code: 'unreachable' });
      for (const ids of (await storeWith().list(few)).values()) expect(await storeWith().get(ids[0]!)).toEqual(evidence);
      await storeWith().put(evidence, few);
      const listed = await storeWith().list(few);
      for (const subject of few) expect(listed.get(subject)).toEqual([id]);
    }
  });

  test('a list that cannot be told is unreachable, not empty', async () => {
    await storeWith().put(evidence, subjects);
    const get: BlobStore['get'] = async (key) => (key === shardOf(subjects[7]!) ? down() : blobs.get(key));
    await expect(storeWith({ get }).list(subjects)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('when the blob store lies', () => {
  test('a swap that says it lost though it won lists the evidence once', async () => {
    const compareAndSwap: BlobStore['compareAndSwap'] = async (key, expected, bytes) => {
      await blobs.compareAndSwap(key, expected, bytes);
      return undefined;
    };
    await storeWith({ compareAndSwap }).put(evidence, subjects.slice(0, 3));
    expect([...(await storeWith().list(subjects.slice(0, 3))).values()]).toEqual([[id], [id], [id]]);
  });

  test('swaps that never win end as unreachable, naming the shard', { timeout: 60_000 }, async () => {
    const key = shardOf(subjects[0]!);
    const compareAndSwap: BlobStore['compareAndSwap'] = async (...swap) =>
      swap[0] === key ? undefined : blobs.compareAndSwap(...swap);
    await expect(storeWith({ compareAndSwap }).put(evidence, [subjects[0]!])).rejects.toMatchObject({
      code: 'unreachable',
      where: key,
    });
  });

  test.each([
    ['other bytes', Buffer.from('other')],
    ['fewer bytes', evidence.subarray(1)],
    ['no bytes', new Uint8Array()],
  ])('evidence that comes back as %s is unreachable', async (_, bytes) => {
    await storeWith().put(evidence, []);
    const get = async (): Promise<{ bytes: Uint8Array; version: Version }> => ({ bytes, version: '1' });
    await expect(storeWith({ get }).get(id)).rejects.toMatchObject({
      code: 'unreachable',
      message: /other bytes/,
      where: blobOf(id),
    });
  });

  const [low, high] = [sha256('x'), sha256('y')].map(hexOf).sort() as [string, string];
  const subject = subjects[0]!;
  const hex = hexOf(subject);
  const line = (evidenceHex: string): string => `${hex} ${evidenceHex}\n`;
  test.each([
    ['cut short', line(low).slice(0, -1)],
    ['cut within a line', line(low) + line(high).slice(0, 80)],
    ['with an empty line', `${line(low)}\n`],
    ['empty lines only', '\n'],
    ['out of order', line(high) + line(low)],
    ['with a line twice', line(low) + line(low)],
    ['with upper-case digits', line(low).toUpperCase()],
    ['with Windows line ends', line(low).replace('\n', '\r\n')],
    ['with a third column', line(`${low} x`)],
    ['about subjects of another shard', line(low).replace(/^../, hex.startsWith('00') ? '01' : '00')],
    ['that is JSON', '{}'],
    ['that holds what looks like hex in wider characters', Buffer.from(line(low), 'utf16le').toString('latin1')],
  ])('an index %s is unreachable to readers and writers, naming the shard', async (_, content) => {
    await blobs.compareAndSwap(shardOf(subject), undefined, Buffer.from(content, 'latin1'));
    const refused = { code: 'unreachable', message: /damaged at line \d/, where: shardOf(subject) };
    await expect(storeWith().list([subject])).rejects.toMatchObject(refused);
    await expect(storeWith().put(evidence, [subject])).rejects.toMatchObject(refused);
    expect(Buffer.from((await blobs.get(shardOf(subject)))!.bytes).toString('latin1')).toBe(content);
  });
});

describe('what is written', () => {
  test('is the layout the README shows', async () => {
    const [one, other] = [sha256('1'), sha256('2')];
    await storeWith().put(Buffer.from('1'), [id]);
    await storeWith().put(Buffer.from('2'), [id]);
    expect(Buffer.from((await blobs.get(blobOf(one)))!.bytes).toString()).toBe('1');
    const lines = [one, other].map((each) => `${hexOf(id)} ${hexOf(each)}\n`).sort();
    expect(Buffer.from((await blobs.get(shardOf(id)))!.bytes).toString()).toBe(lines.join(''));
  });

  test('each shard is read once to list, and written once to put', async () => {
    const shards = new Set(subjects.map(shardOf));
    const keptShard = `kept/${hexOf(id).slice(0, 2)}`;
    const calls: string[] = [];
    const counting = storeWith({
      get(key) {
        calls.push(`get ${key}`);
        return blobs.get(key);
      },
      compareAndSwap(key, expected, bytes) {
        calls.push(`swap ${key}`);
        return blobs.compareAndSwap(key, expected, bytes);
      },
    });
    await counting.put(evidence, subjects);
    expect(calls.filter((call) => call.startsWith('swap')).sort()).toEqual(
      [...shards, keptShard].map((key) => `swap ${key}`).sort(),
    );
    calls.length = 0;
    await counting.list([...subjects, ...subjects]);
    expect(calls.sort()).toEqual([...shards].map((key) => `get ${key}`).sort());
  });

  test('nothing, where the same evidence is listed already', async () => {
    await storeWith().put(evidence, subjects);
    expect(await storeWith({ compareAndSwap: async () => down() }).put(evidence, subjects)).toBe(id);
  });
});

test.each(['sha256:abc', 'md5:x', `sha256:${'A'.repeat(64)}`, `sha256:${'../'.repeat(21)}x`])(
  '%s is no subject and no id',
  async (text) => {
    const digest = text as Sha256;
    for (const call of [
      () => storeWith().put(evidence, [digest]),
      () => storeWith().list([digest]),
      () => storeWith().get(digest),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'usage' });
    }
    expect(await blobs.get(blobOf(id))).toBeUndefined();
  },
);

test('evidence larger than can be read back is refused before anything is written', async () => {
  await expect(
    storeWith({ putIfAbsent: async () => down() }).put(new Uint8Array(64 * 1024 * 1024 + 1), []),
  ).rejects.toMatchObject({
    code: 'invalid-input',
  });
});
