import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { kindOf } from './kind-of.ts';
import { type PolicySnapshot, readSnapshot, recordReads, snapshotReader, writeSnapshot } from './policy-snapshot.ts';

const snapshot: PolicySnapshot = {
  digest: sha256('policy'),
  file: 'signwright.yaml',
  files: new Map([
    ['signwright.yaml', Buffer.from('version: 1\n')],
    ['trust/trusted-root.json', Buffer.from('{}')],
    ['../central/base.yaml', Buffer.from([0, 255, 10])],
  ]),
};
const written = writeSnapshot(snapshot);
const changed = (change: (text: string) => string): Buffer => Buffer.from(change(written.toString()));

describe('a policy snapshot', () => {
  test('is written as RFC 8785 and read back', () => {
    expect(written.toString()).toBe(
      `{"digest":"${sha256('policy')}","file":"signwright.yaml","files":{"../central/base.yaml":"AP8K","signwright.yaml":"dmVyc2lvbjogMQo=","trust/trusted-root.json":"e30="},"type":"https://signwright.dev/policy-snapshot/v1"}`,
    );
    expect(readSnapshot(written)).toEqual(snapshot);
    expect(kindOf(written)).toBe('policy-snapshot');
  });

  test('of the same files is the same bytes, in whatever order they were read', () => {
    expect(writeSnapshot({ ...snapshot, files: new Map([...snapshot.files].reverse()) })).toEqual(written);
  });

  test('of any files comes back as it was written, and is recognised', () => {
    const path = fc
      .stringMatching(/^(\.\.\/){0,3}[a-zé0-9][a-z0-9._-]{0,9}(\/[a-z0-9]{1,4}){0,3}$/)
      .map((text) => text.normalize('NFC'));
    fc.assert(
      fc.property(fc.dictionary(path, fc.uint8Array({ maxLength: 300 }), { minKeys: 1, noNullPrototype: true }), (files) => {
        const each = { digest: sha256('x'), file: Object.keys(files)[0]!, files: new Map(Object.entries(files)) };
        const bytes = writeSnapshot(each);
        const read = readSnapshot(bytes);
        for (const [name, content] of each.files) expect([...(read.files.get(name) ?? [])]).toEqual([...content]);
        expect(read.files.size).toBe(each.files.size);
        expect(writeSnapshot(read)).toEqual(bytes);
        expect(kindOf(bytes)).toBe('policy-snapshot');
      }),
    );
  });

  test.each<[string, (text: string) => string]>([
    ['with a line end', (text) => `${text}\n`],
    ['with a space', (text) => text.replace('":"', '": "')],
    ['in another order', (text) => text.replace(/("signwright.yaml":"[^"]*"),("trust[^,}]*)/, '$2,$1')],
    ['with a path by another spelling', (text) => text.replace('"trust/', '"\\u0074rust/')],
    ['with a file twice', (text) => text.replace('"trust/trusted-root.json":', '"signwright.yaml":')],
    ['with a file it does not have as the policy', (text) => text.replace('"file":"signwright.yaml"', '"file":"other.yaml"')],
    ['with an absolute path', (text) => text.replace('"trust/', '"/trust/')],
    ['with a path that climbs in the middle', (text) => text.replace('"trust/', '"trust/../')],
    ['with a path that climbs without end', (text) => text.replace('"../', `"${'../'.repeat(9)}`)],
    ['with a path that is only a way up', (text) => text.replace('../central/base.yaml', '../')],
    ['with a backslash in a path', (text) => text.replace('"trust/', '"trust\\\\')],
    ['with a line end in a path', (text) => text.replace('"trust/', '"trust\\n/')],
    ['with content that is not base64', (text) => text.replace('e30=', '{}')],
    ['with base64 in another encoding', (text) => text.replace('e30=', 'e31=')],
    ['with content that is a list', (text) => text.replace('"e30="', '[]')],
    ['with one more field', (text) => text.replace('"file":', '"extra":1,"file":')],
    ['without a digest', (text) => text.replace(/"digest":"[^"]*",/, '')],
    ['with a prototype', (text) => text.replace('"signwright.yaml":"d', '"__proto__":"d')],
    ['of another version', (text) => text.replace('snapshot/v1', 'snapshot/v2')],
    ['cut short', (text) => text.slice(0, -1)],
  ])('%s is refused', (_, change) => {
    expect(changed(change)).not.toEqual(written);
    expect(() => readSnapshot(changed(change))).toThrowError(
      expect.objectContaining({ name: 'SignwrightError', code: 'invalid-input' }),
    );
  });

  test('larger than can be read back is refused before anything of it is kept', () => {
    const files = new Map([['signwright.yaml', new Uint8Array(50 * 1024 * 1024)]]);
    expect(() => writeSnapshot({ ...snapshot, files })).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    expect(() => readSnapshot(new Uint8Array(64 * 1024 * 1024 + 1))).toThrowError(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });

  test('reads its files as they were, and misses what it never had', async () => {
    const read = snapshotReader(readSnapshot(written));
    expect(Buffer.from(await read('signwright.yaml')).toString()).toBe('version: 1\n');
    for (const path of ['trust/trusted-root.issuers.json', 'toString', './signwright.yaml']) {
      await expect(read(path)).rejects.toMatchObject({ code: 'configuration', cause: { code: 'ENOENT' } });
    }
  });

  test('is made of what was read, not of what was asked for in vain', async () => {
    const { read, files } = recordReads(snapshotReader(snapshot));
    await read('signwright.yaml');
    await expect(read('absent')).rejects.toMatchObject({ code: 'configuration' });
    expect([...files.keys()]).toEqual(['signwright.yaml']);
  });
});
