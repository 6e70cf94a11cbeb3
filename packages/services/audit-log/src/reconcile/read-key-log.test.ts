import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonItems } from './json-items.ts';
import type { KeyLogTally, KeyUse } from './key-use.ts';
import { type KeyLogFormat, readKeyLog } from './read-key-log.ts';

async function* chunked(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function usesIn(bytes: Uint8Array | string, format: KeyLogFormat, key: string, size?: number): Promise<KeyUse[]> {
  const uses: KeyUse[] = [];
  const chunks = chunked(Buffer.from(bytes), size);
  for await (const use of readKeyLog(chunks, { format, key, what: 'the log' })) uses.push(use);
  return uses;
}

const vector = (name: string): Buffer => readFileSync(new URL(`./vectors/${name}`, import.meta.url));

const LOGS: { readonly [format in KeyLogFormat]: { file: string; key: string; by: string; algorithm?: string } } = {
  cloudtrail: {
    file: 'cloudtrail.json',
    key: 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
    by: 'arn:aws:sts::111122223333:assumed-role/release/ci',
    algorithm: 'ECDSA_SHA_256',
  },
  google: {
    file: 'google-audit-log.jsonl',
    key: 'projects/acme/locations/europe-west3/keyRings/release/cryptoKeys/sign',
    by: 'ci@acme.iam.gserviceaccount.com',
  },
  azure: {
    file: 'azure-audit-event.json',
    key: 'https://acmevault.vault.azure.net/keys/release/0123456789abcdef0123456789abcdef',
    by: '11111111-2222-3333-4444-555555555555',
    algorithm: 'ES256',
  },
};
const FORMATS = Object.keys(LOGS) as KeyLogFormat[];

describe.each(FORMATS)('a log of %s', (format) => {
  const { file, key, by, algorithm } = LOGS[format];

  test('gives the uses of one key to sign, and which of them failed', async () => {
    const uses = await usesIn(vector(file), format, key);
    expect(uses.map(({ at, outcome }) => [new Date(at).toISOString().slice(0, 19), outcome])).toEqual([
      ['2026-03-07T22:36:44', 'done'],
      ['2026-03-07T22:40:00', 'done'],
      [format === 'cloudtrail' ? '2026-03-07T22:42:00' : '2026-03-07T22:41:00', 'failed'],
    ]);
    expect(uses[0]).toMatchObject({ by, ...(algorithm === undefined ? {} : { algorithm }) });
    expect(new Set(uses.map(({ id }) => id)).size).toBe(3);
  });

  test('counts the entries that are about the key, and names the others that it saw', async () => {
    const read = async (name: string): Promise<KeyLogTally> => {
      const tally = { entries: 0, about: 0, others: new Set<string>() };
      for await (const _ of readKeyLog(chunked(vector(file)), { format, key: name, what: 'the log', tally }));
      return tally;
    };
    const [own, wrong] = [await read(key), await read('none')];
    expect(own.about).toBeGreaterThanOrEqual(3);
    expect(own.entries).toBeGreaterThanOrEqual(own.about);
    expect(wrong).toMatchObject({ entries: own.entries, about: 0 });
    expect([...wrong.others].some((name) => name.toLowerCase().includes(key.split('/').at(-1) as string))).toBe(true);
  });

  test('is the same packed with gzip, in chunks of any size, as JSON Lines, as an array', async () => {
    const uses = await usesIn(vector(file), format, key);
    const entries: object[] = [];
    const list = { cloudtrail: 'Records', google: 'entries', azure: 'records' }[format];
    for await (const entry of jsonItems(chunked(vector(file)), list, 'the log')) entries.push(entry);
    const lines = entries.map((entry) => JSON.stringify(entry)).join('\n');
    for (const form of [
      lines,
      `${lines}\r\n`,
      JSON.stringify(entries),
      JSON.stringify({ a: [1], [list]: entries, b: {} }, null, 2),
    ]) {
      expect(await usesIn(form, format, key, 7)).toEqual(uses);
      expect(await usesIn(gzipSync(form), format, key, 1)).toEqual(uses);
      expect(await usesIn(`\ufeff${form}`, format, key)).toEqual(uses);
    }
  });

  test.each([
    ['of another service', '{"message": "hello"}'],
    ['that is no JSON', 'Sign 2026-03-07'],
    ['of numbers', '[1, 2]'],
    ['that ends in the middle', undefined],
  ])('a file %s is refused', async (_, text) => {
    const bytes = text ?? vector(file).subarray(0, 900);
    await expect(usesIn(bytes, format, key)).rejects.toMatchObject({ code: 'invalid-input', message: /the log/ });
  });

  test('a file that is damaged where it is packed is refused', async () => {
    const packed = gzipSync(vector(file));
    await expect(usesIn(packed.subarray(0, packed.length - 20), format, key)).rejects.toMatchObject({ code: 'invalid-input' });
    packed[30] = (packed[30] as number) ^ 0xff;
    await expect(usesIn(packed, format, key)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('an empty file has no uses', async () => {
    expect(await usesIn('', format, key)).toEqual([]);
  });
});

describe('a key is found by each of its names', () => {
  test('of AWS: id, ARN in any region, alias as it was asked for', async () => {
    const log = vector('cloudtrail.json');
    expect(await usesIn(log, 'cloudtrail', '0987dcba-09fe-87dc-65ba-ab0987654321')).toHaveLength(3);
    expect(await usesIn(log, 'cloudtrail', 'alias/release')).toHaveLength(1);
    expect(await usesIn(log, 'cloudtrail', '0987dcba')).toEqual([]);
  });

  test('of Google: a version, or all', async () => {
    const log = vector('google-audit-log.jsonl');
    expect(await usesIn(log, 'google', `${LOGS.google.key}/cryptoKeyVersions/2`)).toHaveLength(1);
    expect(await usesIn(log, 'google', LOGS.google.key.slice(0, -1))).toEqual([]);
  });

  test('of Azure: a version, or all', async () => {
    const log = vector('azure-audit-event.json');
    expect(await usesIn(log, 'azure', 'https://ACMEVAULT.vault.azure.net/keys/release')).toHaveLength(3);
    expect(await usesIn(log, 'azure', 'https://acmevault.vault.azure.net/keys/rele')).toEqual([]);
  });
});

describe('entries that lack what they must have are refused, with their number', () => {
  const [first] = (JSON.parse(vector('cloudtrail.json').toString()) as { Records: [{ [name: string]: unknown }] }).Records;
  test.each([
    ['an id', { eventID: undefined }, /entry 2 of the log .* no eventID/],
    ['a time', { eventTime: undefined }, /eventTime is no time/],
    ['a time that exists', { eventTime: 'yesterday' }, /eventTime is no time/],
    ['a key, though it succeeded', { requestParameters: null, resources: null }, /names no key/],
  ])('%s', async (_, change, message) => {
    const records = [first, { ...first, ...change }];
    await expect(usesIn(JSON.stringify({ Records: records }), 'cloudtrail', LOGS.cloudtrail.key)).rejects.toMatchObject({
      code: 'invalid-input',
      message,
    });
  });
});

describe('hostile files', () => {
  test('an entry that never ends is not read into memory', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"Records":[{"a":"');
      for (;;) yield Buffer.alloc(65_536, 0x61);
    }
    const uses = readKeyLog(endless(), { format: 'cloudtrail', key: 'k', what: 'the log' });
    await expect(uses.next()).rejects.toMatchObject({ code: 'invalid-input', message: /more than 1048576 bytes/ });
  });

  test('a file is closed, whether it was read to its end or not', async () => {
    for (const text of ['[]', '[{"eventSource":"a","eventName":"b"}', '[1]']) {
      for (const bytes of [Buffer.from(text), gzipSync(text)]) {
        let closed = false;
        const file = async function* (): AsyncGenerator<Uint8Array> {
          try {
            yield bytes;
            yield Buffer.alloc(0);
          } finally {
            closed = true;
          }
        };
        const uses = readKeyLog(file(), { format: 'cloudtrail', key: 'k', what: 'the log' });
        await uses.next().catch(() => undefined);
        await uses.return(undefined);
        expect(closed).toBe(true);
      }
    }
  });

  test('a small file that unpacks to a large one costs no memory', async () => {
    const packed = gzipSync(Buffer.concat([Buffer.from('['), Buffer.alloc(100 * 1024 * 1024, 0x20), Buffer.from(']')]));
    const before = process.memoryUsage().rss;
    expect(await usesIn(packed, 'cloudtrail', 'k')).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  });

  test('lists within entries, and strings that look like structure, are no entries', async () => {
    const tricky = {
      eventSource: 's3.amazonaws.com',
      eventName: '"Records":[{',
      Records: [{ x: 1 }],
      a: { Records: [2] },
      b: '\\"}]',
    };
    const items: object[] = [];
    for await (const item of jsonItems(chunked(Buffer.from(JSON.stringify([tricky, tricky]))), 'Records', 'it')) items.push(item);
    expect(items).toEqual([tricky, tricky]);
  });

  test('any objects come out as they went in, however they are put together and cut', async () => {
    // A key "__proto__" is refused, however deep it is.
    const object = fc
      .dictionary(
        fc.string().filter((key) => key !== 'list'),
        fc.jsonValue({ maxDepth: 3 }),
      )
      .filter((one) => !JSON.stringify(one).includes('__proto__'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(2),
        async (objects, size, form) => {
          const text = [
            JSON.stringify(objects),
            objects.map((one) => JSON.stringify(one)).join('\n'),
            JSON.stringify({ before: 'list', list: objects, after: [{}] }),
          ][form] as string;
          const items: object[] = [];
          for await (const item of jsonItems(chunked(Buffer.from(text), size), 'list', 'it')) items.push(item);
          expect(items).toEqual(JSON.parse(JSON.stringify(objects)));
        },
      ),
    );
  });
});
