import { canonicalDigest, canonicalJson, type JsonObject, openCheckpoint, SignwrightError } from '@signwright/signing-core';
import { createEditableBlobStore, type EditableBlobStore, testAuditLog } from '@signwright/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './open-audit-log.ts';
import { openLogReader } from './open-log-reader.ts';

/** A log whose appends return when they are in order, so that what is written is the same each time. */
async function openOrdered(options: AuditLogOptions): Promise<AuditLog> {
  const log = await openAuditLog(options);
  return {
    ...log,
    async append(records) {
      const receipts = await log.append(records);
      await log.settled();
      return receipts;
    },
  };
}

const { signer, job, keys, clock, open, sealBy, origin } = testAuditLog();
const record = (content: string | number): Buffer => Buffer.from(JSON.stringify({ content }));

let blobs: EditableBlobStore;
beforeEach(() => {
  blobs = createEditableBlobStore();
});

/** One more process with the log key. */
const opened = (changes: Partial<AuditLogOptions> = {}): Promise<AuditLog> =>
  openOrdered({ blobs, keys, clock, witnesses: [], count: 0, signer, segments: { open, seal: sealBy(signer) }, ...changes });

async function headJson(): Promise<JsonObject & { next: number; tail: { segment: number; index: number; counts: number[] } }> {
  return JSON.parse(Buffer.from((await blobs.get('head'))!.bytes).toString());
}

/** Puts a head in place as somebody would who knows how heads are written, and has not the log key. */
async function forge(changes: JsonObject): Promise<void> {
  const { digest: _, ...head } = { ...(await headJson()), ...changes };
  blobs.edit('head', Buffer.from(canonicalJson({ ...head, digest: canonicalDigest(head as JsonObject) })));
}

describe('a head that does not hold is refused by everyone, by name, before anything is written', () => {
  const refusedEverywhere = async (message: RegExp): Promise<void> => {
    const before = blobs.keys();
    const refused = {
      name: 'SignwrightError',
      code: 'verification',
      message: expect.stringMatching(message),
      next: expect.stringMatching(/./),
    };
    await expect((await opened()).append([record('more')])).rejects.toMatchObject(refused);
    await expect((await opened()).sequence()).rejects.toMatchObject(refused);
    await expect((await opened({ segments: { open, seal: sealBy(job) } })).append([record('more')])).rejects.toMatchObject(
      refused,
    );
    await expect(openLogReader({ blobs, keys })).rejects.toMatchObject(refused);
    expect(blobs.keys()).toEqual(before);
  };

  beforeEach(async () => {
    await (await opened()).append(Array.from({ length: 300 }, (_, i) => record(i)));
    await (await opened()).append([record('last')]);
  });

  test('one that is no JSON, or no head', async () => {
    blobs.edit('head', Buffer.from('{'));
    await refusedEverywhere(/damaged at head: the head: is not JSON/);
    blobs.edit('head', Buffer.from('{}'));
    await refusedEverywhere(/it is no https:\/\/signwright.dev\/log-head\/v1/);
  });

  test('one whose checkpoint somebody else signed', async () => {
    const other = testAuditLog('other');
    const theirs = createEditableBlobStore();
    const log = await openOrdered({
      blobs: theirs,
      keys: other.keys,
      clock,
      witnesses: [],
      count: 0,
      signer: other.signer,
      segments: { open: other.open, seal: other.sealBy(other.signer) },
    });
    await log.append([record('theirs')]);
    blobs.edit('head', (await theirs.get('head'))!.bytes);
    await refusedEverywhere(/of the log "other".*expected was "log.example\/releases"/);
  });

  test('one whose key is none of the log’s any more', async () => {
    const renewed = testAuditLog('renewed');
    const next = { keys: [{ ...renewed.keys[0]!, name: origin }] };
    await expect(openLogReader({ blobs, keys: next.keys })).rejects.toMatchObject({ code: 'verification' });
    await expect(openLogReader({ blobs, keys: [...next.keys, ...keys] })).resolves.toMatchObject({ size: 301 });
  });

  test('one with another root under the same signature', async () => {
    const { checkpoint } = await headJson();
    const { root, note } = openCheckpoint(Buffer.from(checkpoint as string), keys, 'head');
    const forged = note.text.replace(root.toString('base64'), Buffer.alloc(32).toString('base64'));
    await forge({ checkpoint: (checkpoint as string).replace(note.text, forged) });
    await refusedEverywhere(/signature .* does not hold/);
  });

  test('one whose edge leads to another root', async () => {
    const { edge } = await headJson();
    const [lowest, ...others] = edge as string[];
    const bytes = Buffer.from(lowest!, 'base64');
    bytes[0]! ^= 1;
    await forge({ edge: [bytes.toString('base64'), ...others] });
    await refusedEverywhere(/edge does not lead to the root of its checkpoint of 301 records/);
  });

  test('one whose edge, counts or tail contradict its size', async () => {
    const { tail, edge, next } = await headJson();
    for (const changes of [
      { edge: [] },
      { edge: [...(edge as string[]), ''] },
      { next: next + 1 },
      { tail: { ...tail, counts: tail.counts.map((count, i) => count + (i === 0 ? 1 : 0)) } },
      { tail: { ...tail, segment: tail.segment + 1 } },
      { tiles: 2 },
      { groups: 1 },
    ]) {
      const before = (await blobs.get('head'))!.bytes;
      await forge(changes);
      await refusedEverywhere(/its (edge|newest segments) /);
      blobs.edit('head', before);
    }
  });

  test('one with a byte more or less', async () => {
    const { bytes } = (await blobs.get('head'))!;
    blobs.edit('head', Buffer.concat([bytes, Buffer.from('\n')]));
    await refusedEverywhere(/it is not as a head is written/);
    blobs.edit('head', Buffer.from(Buffer.from(bytes).toString().replace('"tiles":1', '"tiles":0')));
    await refusedEverywhere(/it is not as a head is written/);
  });

  test('none, where a checkpoint was published', async () => {
    await (await opened()).publish();
    blobs.edit('head', undefined);
    await refusedEverywhere(/rolled back to 0 records in 0 segments; the published checkpoint has 301/);
  });

  test('an older one than was published', async () => {
    const { bytes } = (await blobs.get('head'))!;
    const log = await opened();
    await log.append([record('newer')]);
    await log.publish();
    blobs.edit('head', bytes);
    await refusedEverywhere(/rolled back to 301 records .* has 302/);
  });

  test('one of another history with the same number of records', async () => {
    await (await opened()).publish();
    const published = (await blobs.get('checkpoint'))!.bytes;
    const before = blobs.copy();
    blobs.restore(new Map());
    await (await opened()).append(Array.from({ length: 301 }, (_, i) => record(`other ${i}`)));
    blobs.edit('checkpoint', published);
    await refusedEverywhere(/another root than the published checkpoint has for the same 301 records/);
    blobs.restore(before);
  });
});

describe('a process that saw the log', () => {
  test('refuses an older head, though nothing was published', async () => {
    const log = await opened();
    await log.append([record(1)]);
    const older = (await blobs.get('head'))!.bytes;
    await log.append([record(2)]);
    blobs.edit('head', older);
    await expect(log.sequence()).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/rolled back to 1 .* this process saw 2/),
    });
  });

  test('refuses another history of the same size', async () => {
    const log = await opened();
    await log.append([record(1)]);
    blobs.restore(new Map());
    await (await opened()).append([record('other')]);
    await expect(log.sequence()).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/another root than this process saw/),
    });
  });
});

describe('what nobody signed in a head is held against the segments before anything is ordered', () => {
  beforeEach(async () => {
    const log = await opened();
    for (const content of ['a', 'b', 'c']) await log.append([record(content)]);
    await (await opened({ segments: { open, seal: sealBy(job) } })).append([record('waiting')]);
  });
  const refused = async (message: RegExp): Promise<void> => {
    await expect((await opened()).sequence()).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(message),
    });
  };

  test('a segment that is said to be refused, and is not, would be left out', async () => {
    const jobs = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
    await jobs.append([record('left out')]);
    const { next, tail } = await headJson();
    await forge({ next: next + 1, tail: { ...tail, counts: [...tail.counts, 0] } });
    await refused(/says that segments\/000000000004 has 0 records; it has 1/);
  });

  test('a segment that is said to wait, and was ordered, would be taken twice', async () => {
    const { next, tail } = await headJson();
    const [first = 0, second = 0, third = 0] = tail.counts;
    await forge({ next: next - 1, tail: { ...tail, counts: [first, second + 1, third] } });
    await refused(/its newest records are not those of segments\/000000000002/);
    await forge({ next: next - 1, tail: { ...tail, counts: [first, second, third + 1] } });
    await refused(/says that segments\/000000000002 has 2 records; it has 1/);
  });

  test('a segment that is not there', async () => {
    blobs.edit('segments/000000000003', undefined);
    await refused(/accounts for segments\/000000000003, which is missing/);
  });

  test('a segment with other records than were ordered', async () => {
    blobs.edit('segments/000000000003', await sealBy(signer)([record('other')]));
    await refused(/newest records are not those of segments\/000000000003/);
  });

  test('a job appends nothing behind a segment that is missing', async () => {
    blobs.edit('segments/000000000003', undefined);
    const jobs = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
    await expect(jobs.append([record('more')])).rejects.toMatchObject({ code: 'verification' });
  });
});

test('a signer that is none of the log’s keys opens nothing', async () => {
  await expect(opened({ signer: job })).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/is none of the log's/),
  });
  await expect(opened({ keys: [] })).rejects.toThrow(SignwrightError);
});
