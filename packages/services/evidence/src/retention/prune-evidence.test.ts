import { type Clock, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { failAt, type MemoryBucket, memoryBucket } from '../../tests/memory-bucket.ts';
import { createEvidenceStore } from '../evidence-store.ts';
import { holdEvidence, liftHold } from './hold-evidence.ts';
import { type Pruned, type PruneOptions, pruneEvidence } from './prune-evidence.ts';
import { retentionEnforcement } from './retaining-blobs.ts';
import { surveyEvidence } from './survey-evidence.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-01-01T00:00:00Z');
const bytes = (text: string): Uint8Array => Buffer.from(text);
const subjects: Sha256[] = ['a', 'b', 'c', 'd'].map((name) => sha256(`subject ${name}`));

let now: number;
let bucket: MemoryBucket;
const clock: Clock = { now: () => new Date(now) };
const at = (days: number): Date => new Date(START + days * DAY);
const put = (text: string, until?: number, about: readonly Sha256[] = subjects): Promise<Sha256> =>
  createEvidenceStore(bucket.blobs, { clock }).put(bytes(text), about, until === undefined ? undefined : at(until));
const prune = (options: PruneOptions = {}): Promise<Pruned> => pruneEvidence(bucket, { clock, ...options });
/** What is listed, each of it held against its bytes. */
async function listed(): Promise<readonly string[]> {
  const store = createEvidenceStore(bucket.blobs);
  const ids = [...(await store.list(subjects)).values()].flat();
  return Promise.all(ids.map(async (id) => Buffer.from(await store.get(id)).toString()));
}

beforeEach(() => {
  now = START;
  bucket = memoryBucket(() => now);
});

describe('what is retained', () => {
  test('stays until its time, then goes from all its subjects at once, and nothing of it is left', async () => {
    const id = await put('kept', 10);
    now = at(10).getTime();
    expect(await prune()).toMatchObject({ removed: [], kept: { retained: 1 } });
    now += 1000;
    expect(await prune()).toMatchObject({ removed: [id], kept: { retained: 0 } });
    expect([...bucket.contents()].filter(([, text]) => text !== '')).toEqual([]);
    expect(await prune()).toMatchObject({ removed: [] });
  });

  test('is kept for the longest time that was asked, in whatever order', async () => {
    for (const until of [5, 20, 10, undefined]) await put('kept', until);
    now = at(15).getTime();
    expect((await prune()).removed).toEqual([]);
    await put('kept', 30);
    now = at(29).getTime();
    expect((await prune()).removed).toEqual([]);
    now = at(31).getTime();
    expect((await prune()).removed).toEqual([sha256('kept')]);
  });

  test('is passed on to the store, rounded up to what it can keep', async () => {
    const id = await put('kept', 10);
    await put('kept', 12);
    expect([...bucket.locks]).toEqual([[`evidence/${id.slice(7, 9)}/${id.slice(9)}`, at(12).getTime()]]);
    const store = createEvidenceStore(bucket.blobs, { clock });
    const late = new Date(at(12).getTime() + 1);
    await store.put(bytes('kept'), [], late);
    expect((await surveyEvidence(bucket))[0]?.retainUntil?.getTime()).toBe(at(12).getTime() + 1000);
  });

  test('is left alone by a run for an earlier time', async () => {
    const [first] = [await put('1', 10), await put('2', 20)];
    now = at(30).getTime();
    expect(await prune({ before: at(15) })).toMatchObject({ removed: [first], kept: { retained: 1 } });
    expect(await listed()).toEqual(['2', '2', '2', '2']);
  });

  test('is locked in the store for as long as was ever asked, also where the put that asked was stopped before it wrote', async () => {
    bucket.around = async ({ call }, take) => {
      if (call === 'putIfAbsent') throw new SignwrightError('unreachable', 'killed');
      take();
    };
    await expect(put('kept', 50)).rejects.toMatchObject({ code: 'unreachable' });
    bucket.around = async (_, take) => take();
    const id = await put('kept', 10);
    expect([...bucket.locks]).toEqual([[`evidence/${id.slice(7, 9)}/${id.slice(9)}`, at(50).getTime()]]);
  });

  test('may be about nothing, and goes all the same', async () => {
    const id = await put('about nothing', 10, []);
    now = at(11).getTime();
    expect((await prune()).removed).toEqual([id]);
    expect(bucket.contents().has(`evidence/${id.slice(7, 9)}/${id.slice(9)}`)).toBe(false);
  });
});

describe('what nobody asked to retain', () => {
  test('stays, unless that is asked for in so many words; then what was put again since stays', async () => {
    const old = await put('old');
    await put('used');
    now = at(100).getTime();
    await put('used');
    now = at(102).getTime();
    expect(await prune()).toMatchObject({ removed: [], kept: { unretained: 2 } });
    expect(await prune({ unretainedBefore: at(50) })).toMatchObject({ removed: [old], kept: { unretained: 1 } });
    expect(await listed()).toEqual(['used', 'used', 'used', 'used']);
  });

  test('stays where it is not known how old it is', async () => {
    await put('from before such things were recorded');
    for (const key of [...bucket.contents().keys()].filter((each) => each.startsWith('kept/')))
      await bucket.retaining.remove(key);
    now = at(1000).getTime();
    expect(await prune({ unretainedBefore: at(999) })).toMatchObject({ removed: [], kept: { 'unknown-age': 1 } });
    await put('from before such things were recorded');
    now = at(2000).getTime();
    expect((await prune({ unretainedBefore: at(1999) })).removed).toHaveLength(1);
  });
});

test('what was put within the last day stays: somebody may be putting it this moment', async () => {
  await put('put long ago for a short time', 1);
  now = at(20).getTime();
  await put('put long ago for a short time', 1);
  now += DAY - 1000;
  expect(await prune({ unretainedBefore: clock.now() })).toMatchObject({ removed: [], kept: { recent: 1 } });
  now += 1000;
  expect((await prune()).removed).toHaveLength(1);
});

describe('a run that is killed', () => {
  test.each([false, true])(
    'at any change (persisted: %s) leaves nothing listed without its bytes, and the next completes it',
    async (persisted) => {
      for (let index = 0; ; index++) {
        now = START;
        bucket = memoryBucket(() => now);
        for (const text of ['1', '2', '3']) await put(text, 10);
        await put('stays', 100);
        now = at(20).getTime();
        const failed = failAt(bucket, index, persisted);
        const outcome = await prune().catch((error: unknown) => error);
        const all = await listed();
        expect(all.filter((text) => text === 'stays')).toHaveLength(4);
        if (!failed()) {
          expect((outcome as Pruned).removed).toHaveLength(3);
          expect(index).toBeGreaterThan(10);
          break;
        }
        expect(outcome).toMatchObject({ code: 'unreachable' });
        now += 10 * 60 * 1000;
        await prune();
        expect(await listed()).toEqual(['stays', 'stays', 'stays', 'stays']);
        expect((await surveyEvidence(bucket)).map(({ id }) => id)).toEqual([sha256('stays')]);
        expect([...bucket.contents().keys()].filter((key) => key.startsWith('evidence/'))).toHaveLength(1);
      }
    },
  );

  test('is not taken over within ten minutes, and then by whoever puts the evidence again', async () => {
    const id = await put('1', 10);
    now = at(20).getTime();
    failAt(bucket, 0, false, ({ call }) => call === 'remove');
    await expect(prune()).rejects.toMatchObject({ code: 'unreachable' });
    expect(await surveyEvidence(bucket)).toMatchObject([{ id, subjects: 0, beingRemoved: true }]);
    expect(await prune()).toMatchObject({ removed: [], kept: { busy: 1 } });
    await expect(holdEvidence(bucket, 'case-1', [id], clock)).rejects.toMatchObject({
      code: 'unreachable',
      message: /being removed/,
    });
    now += 10 * 60 * 1000;
    await put('1', 50);
    expect(await listed()).toEqual(['1', '1', '1', '1']);
    expect(await prune()).toMatchObject({ removed: [], kept: { retained: 1, busy: 0 } });
  });

  test('stops by itself where it takes so long that another may have taken over', async () => {
    await put('1', 10);
    now = at(20).getTime();
    bucket.around = async (change, take) => {
      take();
      if (change.key.startsWith('kept/')) now += 6 * 60 * 1000;
    };
    await expect(prune()).rejects.toMatchObject({ code: 'unreachable', message: /too long/ });
    expect(await listed()).toEqual(['1', '1', '1', '1']);
  });
});

test('evidence that is put again while it is being removed is there afterwards', { timeout: 60_000 }, async () => {
  for (let index = 0; ; index++) {
    now = START;
    bucket = memoryBucket(() => now);
    await put('1', 10);
    now = at(20).getTime();
    let seen = 0;
    let putting: Promise<unknown> | undefined;
    bucket.around = async (_, take) => {
      const mine = putting === undefined;
      if (mine && seen++ === index) {
        putting = put('1', 100, subjects.slice(0, 2));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      take();
    };
    await prune();
    if (putting === undefined) break;
    await putting;
    const store = createEvidenceStore(bucket.blobs);
    for (const subject of subjects.slice(0, 2)) {
      const [id] = (await store.list([subject])).get(subject) ?? [];
      expect(Buffer.from(await store.get(id!)).toString()).toBe('1');
    }
    expect((await listed()).every((text) => text === '1')).toBe(true);
    expect((await surveyEvidence(bucket))[0]).toMatchObject({ beingRemoved: false, retainUntil: at(100) });
  }
});

describe('what the store itself keeps', () => {
  beforeEach(async () => {
    const id = await put('locked', 10);
    await put('free', 10);
    now = at(20).getTime();
    bucket.locks.set(`evidence/${id.slice(7, 9)}/${id.slice(9)}`, at(1000).getTime());
  });

  test('stays listed as it was, and is not touched where the store can tell', async () => {
    const before = bucket.contents();
    expect(await prune({ dryRun: true })).toMatchObject({ removed: [sha256('free')], kept: { locked: 1 } });
    expect(bucket.contents()).toEqual(before);
    expect(await prune()).toMatchObject({ removed: [sha256('free')], kept: { locked: 1 } });
    expect(await listed()).toEqual(['locked', 'locked', 'locked', 'locked']);
  });

  test('is listed again where that turns out only when it is to be removed', async () => {
    const { held: _, ...retaining } = bucket.retaining;
    expect(await pruneEvidence({ blobs: bucket.blobs, retaining }, { clock })).toMatchObject({
      removed: [sha256('free')],
      kept: { locked: 1 },
    });
    expect(await listed()).toEqual(['locked', 'locked', 'locked', 'locked']);
    expect(await surveyEvidence(bucket)).toMatchObject([{ beingRemoved: false, subjects: 4, retainUntil: at(10) }]);
  });
});

test('a dry run says what would go, and changes nothing', async () => {
  const id = await put('1', 10);
  await put('2', 100);
  now = at(20).getTime();
  const before = bucket.contents();
  bucket.around = async () => {
    throw new Error('a change');
  };
  expect(await prune({ dryRun: true })).toMatchObject({ removed: [id], kept: { retained: 1 } });
  expect(bucket.contents()).toEqual(before);
});

test('a store that cannot remove says so', async () => {
  await expect(pruneEvidence({ blobs: bucket.blobs }, { clock })).rejects.toMatchObject({
    code: 'configuration',
    message: /cannot remove evidence/,
  });
});

test.each([{ before: at(1) }, { unretainedBefore: at(1) }, { before: new Date('x') }])(
  'a time that has not come is refused: %o',
  async (options) => {
    await put('1', 10);
    await expect(prune(options)).rejects.toMatchObject({ code: 'usage' });
  },
);

test('a damaged record of what is kept stops everything: nothing is removed by a guess', async () => {
  const id = await put('1', 10);
  now = at(20).getTime();
  const key = `kept/${id.slice(7, 9)}`;
  const line = bucket.contents().get(key)!;
  const wrong = [
    line.slice(0, -1),
    line + line,
    line.replace(' 2026-01-11', ' 2026-13-11'),
    line.replace('-\n', 'held:\n'),
    line.replace('-\n', 'removing\n'),
    `${line}\n`,
  ];
  for (const text of wrong) {
    await bucket.retaining.remove(key);
    await bucket.blobs.compareAndSwap(key, undefined, bytes(text));
    expect(text).not.toBe(line);
    await expect(prune()).rejects.toMatchObject({ code: 'unreachable', where: key, message: /damaged at line/ });
    await expect(put('1', 20)).rejects.toMatchObject({ code: 'unreachable', where: key });
  }
});

test('whether a store keeps anyone from deleting is told as it is', async () => {
  expect(await retentionEnforcement(bucket)).toEqual({ enforced: 'compliance' });
  const only = (mode: string) => async (wanted: string) => {
    if (wanted !== mode) throw new SignwrightError('configuration', `no ${wanted} here`);
  };
  const locking = (checkLock: (mode: string) => Promise<void>) => ({
    blobs: bucket.blobs,
    retaining: { ...bucket.retaining, checkLock },
  });
  expect(await retentionEnforcement(locking(only('governance')))).toEqual({ enforced: 'governance' });
  expect(await retentionEnforcement(locking(only('neither')))).toEqual({ enforced: false, why: 'no governance here' });
  expect(await retentionEnforcement({ blobs: bucket.blobs })).toMatchObject({ enforced: false, why: /cannot keep anyone/ });
  const down = async (): Promise<void> => {
    throw new SignwrightError('unreachable', 'down');
  };
  await expect(retentionEnforcement(locking(down))).rejects.toMatchObject({ code: 'unreachable' });
});

test('whatever is put, held, lifted and pruned in whatever order: nothing goes before its time, nor from under a hold', {
  timeout: 60_000,
}, async () => {
  const piece = fc.integer({ min: 0, max: 3 });
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), piece, days: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }) }),
    fc.record({ do: fc.constant('hold' as const), lift: fc.boolean(), piece, name: fc.constantFrom('x', 'y') }),
    fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 15 }) }),
    fc.record({ do: fc.constant('prune' as const), unretained: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      now = START;
      bucket = memoryBucket(() => now);
      const model = new Map<string, { until: number | undefined; put: number; holds: Set<string> }>();
      for (const each of steps) {
        if (each.do === 'put') {
          const until = each.days === undefined ? undefined : now + each.days * DAY;
          await createEvidenceStore(bucket.blobs, { clock }).put(
            bytes(`${each.piece}`),
            subjects,
            until === undefined ? undefined : new Date(until),
          );
          const before = model.get(`${each.piece}`);
          const longest = Math.max(before?.until ?? 0, until ?? 0);
          model.set(`${each.piece}`, { put: now, holds: before?.holds ?? new Set(), until: longest === 0 ? undefined : longest });
        } else if (each.do === 'hold') {
          const known = model.get(`${each.piece}`);
          if (known === undefined) continue;
          const id = sha256(`${each.piece}`);
          if (each.lift) await liftHold(bucket, each.name, [id]);
          else await holdEvidence(bucket, each.name, [id], clock);
          known.holds[each.lift ? 'delete' : 'add'](each.name);
        } else if (each.do === 'wait') {
          now += each.days * DAY;
        } else {
          const unretainedBefore = new Date(now - 5 * DAY);
          await prune(each.unretained ? { unretainedBefore } : {});
          for (const [text, { until, put: last, holds }] of model) {
            const over = until === undefined ? each.unretained && last < now - 5 * DAY : until < now;
            if (over && holds.size === 0 && last + DAY <= now) model.delete(text);
          }
        }
        expect([...new Set(await listed())].sort()).toEqual([...model.keys()].sort());
        expect(await listed()).toHaveLength(model.size * subjects.length);
      }
    }),
    { numRuns: 60 },
  );
});
