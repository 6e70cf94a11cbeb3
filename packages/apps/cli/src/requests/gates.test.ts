import { createEvidenceStore } from '@signwright/evidence';
import { type EvidenceStore, parseSha256, type Sha256, SignwrightError, sha256, writeGate } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createMemoryBlobStore, createPeopleWorkspace, hasSshKeygen, type PeopleWorkspace } from '@signwright/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { gateLines, noteGate } from './gates.ts';

const JOBS = 'https://gitlab.acme.example/acme/app/-/jobs';
const request = sha256('request');
const emptyStore = (): EvidenceStore => createEvidenceStore(createMemoryBlobStore());
const HINT = '  (opens the job that waits, as the evidence store says; nobody vouches for it)';

describe('a job that waits for a request', () => {
  test('is kept once, however often it waits, and shown to whoever approves last', async () => {
    const store = emptyStore();
    for (let times = 0; times < 3; times++) expect(await noteGate(store, { request, url: `${JOBS}/302` })).toBe(true);
    expect((await store.list([request])).get(request)).toHaveLength(1);
    expect(await gateLines(store, request)).toEqual([`continue: ${JOBS}/302`, HINT]);
    expect(await gateLines(store, sha256('another'))).toEqual([]);
  });

  test('has another address when it is retried: the newest few are shown, the newest first', async () => {
    const store = emptyStore();
    for (const job of [7, 9, 1000, 11, 10, 99, 8]) await noteGate(store, { request, url: `${JOBS}/${job}` });
    expect(await gateLines(store, request)).toEqual([
      ...[1000, 99, 11, 10, 9].map((job) => `continue: ${JOBS}/${job}`),
      '  … and 2 older',
      HINT,
    ]);
  });

  test.each([
    ['without an address', undefined],
    ['at an address that is plain http', 'http://jenkins.acme.example/job/app/7/'],
    ['at an address that is none', 'job 7'],
    ['at an address with a secret', 'https://ann:secret@ci.acme.example/7'],
  ])('%s is not kept: nobody is sent there', async (_, url) => {
    const store = emptyStore();
    expect(await noteGate(store, { request, url })).toBe(false);
    expect((await store.list([request])).size).toBe(0);
  });

  test('is no gate of this request where it names another one, or is no gate at all', async () => {
    const store = emptyStore();
    await store.put(writeGate({ request: sha256('another'), url: `${JOBS}/1` }), [request]);
    await store.put(Buffer.concat([writeGate({ request, url: `${JOBS}/2` }), Buffer.from('\n')]), [request]);
    const forged = writeGate({ request, url: `${JOBS}/3` })
      .toString()
      .replace('https://gitlab', 'javascript:gitlab');
    await store.put(Buffer.from(forged), [request]);
    expect(await gateLines(store, request)).toEqual([]);
  });

  test('is not shown where the store cannot tell, and that is said', async () => {
    const lost: EvidenceStore = {
      ...emptyStore(),
      list: async () => {
        throw new SignwrightError('unreachable', 'the store is down');
      },
    };
    expect(await gateLines(lost, request)).toEqual(['  which jobs wait for it cannot be read: the store is down']);
  });
});

describe.skipIf(!hasSshKeygen).concurrent('signwright approve', () => {
  async function waiting(): Promise<{ here: PeopleWorkspace; id: Sha256; store: EvidenceStore }> {
    const here = await createPeopleWorkspace();
    onTestFinished(() => here.remove());
    const id = parseSha256(await here.asked());
    const store = createEvidenceStore(createDirectoryStore(here.path('.signwright/evidence')));
    await noteGate(store, { request: id, url: `${JOBS}/302` });
    return { here, id, store };
  }

  test('names the job that waits after the last approval, and not before', async () => {
    const { here, id } = await waiting();
    const first = await here.answer('ann', id);
    expect([first.status, first.stdout]).toEqual([0, expect.not.stringContaining('continue:')]);
    const last = await here.answer('cleo', id);
    expect([last.status, last.stdout]).toEqual([0, expect.stringContaining(`\ncontinue: ${JOBS}/302\n${HINT}\n`)]);
    const withdrawn = await here.answer('cleo', id, '--withdraw');
    expect([withdrawn.status, withdrawn.stdout]).toEqual([0, expect.not.stringContaining('continue:')]);
  });

  test('names it once all artifacts of the request are approved, not some', async () => {
    const { here, id } = await waiting();
    await here.answer('ann', id);
    const some = await here.answer('cleo', id, '--only', 'dist/a.tgz');
    expect([some.status, some.stdout]).toEqual([0, expect.not.stringContaining('continue:')]);
    const rest = await here.answer('cleo', id, '--only', 'dist/b.tgz');
    expect([rest.status, rest.stdout]).toEqual([0, expect.stringContaining(`continue: ${JOBS}/302`)]);
  });

  test('is kept in archives, changes no verdict, and is listed by its server', async () => {
    const { here, id } = await waiting();
    for (const who of ['ann', 'cleo'] as const) await here.answer(who, id);
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stderr: expect.not.stringContaining('refused') });
    expect(await here.done('evidence', 'list', 'dist')).toMatch(/gate .*gitlab\.acme\.example/);
    await here.done('evidence', 'export', 'dist', '--out', 'release.tar');
    expect(here.read('release.tar')).toContain('https://signwright.dev/gate/v1');
    expect((await here.run(['evidence', 'verify', 'release.tar', '--with-log'])).status).toBe(0);
    expect((await here.run(['evidence', 'verify'])).status).toBe(0);
    await here.done('evidence', 'prune');
    expect(await here.done('evidence', 'list', 'dist')).toContain('gitlab.acme.example');
  });
});
