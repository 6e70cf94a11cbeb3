import { type EvidenceBatches, type EvidenceStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBucket } from '../tests/memory-bucket.ts';
import { memoryTransactions } from '../tests/memory-transactions.ts';
import { releaseEvidence } from '../tests/release-evidence.ts';
import { copyEvidence } from './copy-evidence.ts';
import { createEvidenceStore } from './evidence-store.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { surveyEvidence } from './retention/survey-evidence.ts';

type Store = EvidenceStore & EvidenceBatches;
const newStore = (): Store => createEvidenceStore(createMemoryBlobStore());
const artifacts = ['app.tgz', 'lib.tgz'].map((name) => ({ name, digest: sha256(name) }));
const digests = artifacts.map(({ digest }) => digest);
const release = releaseEvidence(artifacts);
const ids = release.map(({ evidence }) => sha256(evidence));

let from: Store;
beforeEach(async () => {
  from = newStore();
  await from.putAll(release);
  await from.put(Buffer.from('about another artifact'), [sha256('other')]);
});

describe('the evidence of a release', () => {
  test('is what is listed for its artifacts, for its parts, and for the policy they name; and no more', async () => {
    const gathered = await gatherEvidence(from, digests.slice(0, 1));
    expect(gathered.map(({ id }) => id)).toEqual([...ids].sort());
    expect(gathered.find(({ id }) => id === ids[1])).toEqual({
      id: ids[1],
      bytes: release[1]!.evidence.length,
      subjects: [ids[0]],
    });
    expect(gathered.find(({ id }) => id === ids[0])?.subjects).toEqual([digests[0]]);
  });

  test('is found whole whatever is listed beside it: rubbish refers to nothing, and circles end', async () => {
    const rubbish = [Buffer.from('{"mediaType":"x"}'), Buffer.from('{'), Buffer.from([0xff]), new Uint8Array()];
    const more = await from.putAll(rubbish.map((evidence) => ({ evidence, subjects: digests })));
    await from.put(release[0]!.evidence, [ids[1]!]);
    const gathered = await gatherEvidence(from, digests);
    expect(gathered.map(({ id }) => id)).toEqual([...ids, ...more].sort());
  });

  test('that is listed and not there is unreachable, not left out', async () => {
    const get = async (id: Sha256): Promise<Uint8Array> => {
      if (id === ids[3]) throw new SignwrightError('unreachable', 'not there');
      return from.get(id);
    };
    await expect(gatherEvidence({ ...from, get }, digests)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a copy', () => {
  test('has the same evidence under the same subjects, and copies nothing twice', async () => {
    const to = newStore();
    const bytes = release.reduce((sum, { evidence }) => sum + evidence.length, 0);
    expect(await copyEvidence({ from, to, digests })).toEqual({ copied: 4, bytes, present: 0 });
    expect(await gatherEvidence(to, digests)).toEqual(await gatherEvidence(from, digests));
    expect(await to.list([sha256('other')])).toEqual(new Map());
    const readOnly = { ...to, put: undefined as never, putAll: undefined as never };
    expect(await copyEvidence({ from, to: readOnly, digests })).toEqual({ copied: 0, bytes: 0, present: 4 });
  });

  test('adds the subjects that a piece lacks', async () => {
    const to = newStore();
    await to.put(release[0]!.evidence, [digests[0]!]);
    expect(await copyEvidence({ from, to, digests })).toMatchObject({ copied: 4, present: 0 });
    expect((await to.list(digests)).get(digests[1]!)).toEqual([ids[0]]);
  });

  test('that was stopped goes on where it was', async () => {
    const big = Array.from({ length: 5 }, (_, i) => ({ evidence: Buffer.alloc(3 * 1024 * 1024, i), subjects: digests }));
    await from.putAll(big);
    const to = newStore();
    let left = 2;
    const failing: Store = {
      ...to,
      putAll: async (items) => {
        if (left-- === 0) throw new SignwrightError('unreachable', 'gone');
        return to.putAll(items);
      },
    };
    const copied: Sha256[] = [];
    const onCopied = (batch: readonly Sha256[]): void => void copied.push(...batch);
    await expect(copyEvidence({ from, to: failing, digests, onCopied })).rejects.toMatchObject({ code: 'unreachable' });
    expect(copied.length).toBeGreaterThan(0);
    expect(await copyEvidence({ from, to, digests })).toMatchObject({ copied: 9 - copied.length, present: copied.length });
  });

  test('goes into a store with transactions in few of them', async () => {
    const to = memoryTransactions();
    await copyEvidence({ from, to: createEvidenceStore(to.blobs, { transactions: to }), digests });
    expect(to.committed()).toBe(1);
  });

  test('asks for retention where it is copied to, and extends it where the evidence is there already', async () => {
    const bucket = memoryBucket(() => 0);
    const to = createEvidenceStore(bucket.blobs);
    await copyEvidence({ from, to, digests });
    const until = new Date('2040-01-01T00:00:00Z');
    expect(await copyEvidence({ from, to, digests, retainUntil: (id) => (id === ids[0] ? until : undefined) })).toMatchObject({
      copied: 1,
      present: 3,
    });
    expect((await surveyEvidence(bucket)).filter(({ retainUntil }) => retainUntil !== undefined)).toMatchObject([
      { id: ids[0], retainUntil: until },
    ]);
  });

  test('of nothing is nothing', async () => {
    expect(await copyEvidence({ from, to: newStore(), digests: [sha256('nowhere')] })).toEqual({
      copied: 0,
      bytes: 0,
      present: 0,
    });
  });
});
