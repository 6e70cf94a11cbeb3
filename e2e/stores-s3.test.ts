import { inspect } from 'node:util';
import { createS3Store, type S3StoreOptions } from '@signwright/storage';
import { blobStoreContract, retainingContract } from '@signwright/testkit';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describePeer } from './peers.ts';
import { CREDENTIALS, type S3Server, s3Server } from './s3-server.ts';

const bytes = (content: string): Uint8Array => Buffer.from(content);

beforeAll(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

type Store = ReturnType<typeof createS3Store>;

function open(server: S3Server, bucket: string, more: Partial<S3StoreOptions> = {}): Store {
  return createS3Store({ bucket, endpoint: server.endpoint, pathStyle: true, ...more });
}

for (const name of ['minio', 'moto_server'] as const) {
  describePeer(name, `blobs on ${name}`, () => {
    const server = s3Server(name);
    let prefixes = 0;
    let bucket: Promise<string> | undefined;

    blobStoreContract(`the store on ${name}`, async () => {
      bucket ??= server.createBucket();
      prefixes += 1;
      const options = { prefix: `some/prefix-${prefixes}` };
      const made = await bucket;
      return { open: () => open(server, made, options) };
    });

    retainingContract(`the store on ${name}`, 'compliance', async () =>
      open(server, await server.createBucket(true), { retain: { mode: 'compliance' } }),
    );

    it('are objects of exactly their bytes, at their keys', async () => {
      const made = await server.createBucket();
      await open(server, made, { prefix: 'log' }).putIfAbsent('tile/0/000', bytes('a tile'));
      expect(await (await server.request('GET', `/${made}/log/tile/0/000`)).text()).toBe('a tile');
    });

    it('in a bucket without Object Lock are refused where a lock is demanded, and the bucket is named', async () => {
      const made = await server.createBucket();
      const store = open(server, made, { retain: { mode: 'compliance', seconds: 60 } });
      const refused = {
        code: 'configuration',
        message: expect.stringContaining(`the bucket ${made} has no Object Lock, which a bucket gets at its creation only`),
      };
      await expect(store.checkLock('compliance')).rejects.toMatchObject(refused);
      await expect(store.putIfAbsent('a', bytes('1'))).rejects.toMatchObject(refused);
      await open(server, made).putIfAbsent('a', bytes('1'));
      await expect(store.hold('a', true)).rejects.toMatchObject(refused);
    });

    it('in no bucket are refused, and it is named', async () => {
      const store = open(server, 'no-such-bucket');
      const refused = { code: 'configuration', message: expect.stringContaining('there is no bucket no-such-bucket') };
      await expect(store.get('a')).rejects.toMatchObject(refused);
      await expect(store.putIfAbsent('a', bytes('1'))).rejects.toMatchObject(refused);
      await expect(store.checkLock('compliance')).rejects.toMatchObject({ code: 'configuration' });
    });
  });
}

describePeer('minio', 'a lock on MinIO', () => {
  const server = s3Server('minio');

  it('that is weaker than demanded is no lock', async () => {
    const bucket = await server.createBucket(true);
    await open(server, bucket, { retain: { mode: 'governance' } }).checkLock('governance');
    await open(server, bucket, { retain: { mode: 'compliance' } }).checkLock('governance');
    for (const retain of [undefined, { mode: 'governance' } as const]) {
      await expect(open(server, bucket, { retain }).checkLock('compliance')).rejects.toMatchObject({ code: 'configuration' });
    }
  });

  it('stands on every write of a store that retains, each version of its own', async () => {
    const bucket = await server.createBucket(true);
    const store = open(server, bucket, { prefix: 'log', retain: { mode: 'compliance', seconds: 3600 } });
    const version = await store.compareAndSwap('head', undefined, bytes('1'));
    await store.compareAndSwap('head', version, bytes('2'));
    await store.putIfAbsent('once', bytes('3'), new Date(Date.now() + 7_200_000));
    await store.putIfAbsent('short', bytes('3'), new Date(Date.now() + 1_000));
    for (const [key, hours] of [
      ['head', 1],
      ['once', 2],
      ['short', 1],
    ] as const) {
      const head = await server.request('HEAD', `/${bucket}/log/${key}`);
      expect(head.headers.get('x-amz-object-lock-mode')).toBe('COMPLIANCE');
      const left = Date.parse(head.headers.get('x-amz-object-lock-retain-until-date') ?? '') - Date.now();
      expect(Math.abs(left - hours * 3_600_000)).toBeLessThan(10_000);
    }
    const listed = await (await server.request('GET', `/${bucket}?versions&prefix=log%2Fhead`)).text();
    const versions = [...listed.matchAll(/<VersionId>([^<]+)</g)].map(([, id]) => id);
    expect(versions).toHaveLength(2);
    // By the server, and whoever asks: these are its root's credentials.
    for (const id of versions) {
      const removed = await server.request('DELETE', `/${bucket}/log/head?versionId=${id}`, {
        'x-amz-bypass-governance-retention': 'true',
      });
      expect(removed.ok).toBe(false);
    }
  });

  it('in governance mode is not passed by us, though these credentials could', async () => {
    const bucket = await server.createBucket(true);
    const store = open(server, bucket, { retain: { mode: 'governance' } });
    await store.putIfAbsent('a', bytes('1'), new Date(Date.now() + 3_600_000));
    expect(await store.remove('a')).toBe('held');
    const [, id] = /<VersionId>([^<]+)</.exec(await (await server.request('GET', `/${bucket}?versions`)).text()) ?? [];
    const bypassed = await server.request('DELETE', `/${bucket}/a?versionId=${id}`, {
      'x-amz-bypass-governance-retention': 'true',
    });
    expect(bypassed.status).toBe(204);
  });

  it('is not held where there is nothing', async () => {
    const store = open(server, await server.createBucket(true));
    await expect(store.hold('a', true)).rejects.toMatchObject({ code: 'unreachable', where: expect.stringMatching(/\/a$/) });
  });

  it('does not keep others from hiding a blob, which is said as damage', async () => {
    const bucket = await server.createBucket(true);
    const store = open(server, bucket, { retain: { mode: 'compliance', seconds: 60 } });
    await store.putIfAbsent('a', bytes('1'));
    expect((await server.request('DELETE', `/${bucket}/a`)).status).toBe(204);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unreachable', next: expect.stringContaining('delete marker') });
    expect(await store.remove('a')).toBe('held');
  });
});

describePeer('minio', 'MinIO refuses', () => {
  const server = s3Server('minio');
  afterEach(() => {
    vi.useRealTimers();
    for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  });

  it.each([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'another-secret' }],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'another-key' }],
    ['a session token of nobody', { AWS_SESSION_TOKEN: 'another-token' }],
  ])('%s, and none of it is in the message', async (_, environment) => {
    const bucket = await server.createBucket();
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const error = await open(server, bucket)
      .get('a')
      .catch((thrown: unknown) => thrown);
    vi.stubEnv('AWS_SESSION_TOKEN', undefined);
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('not accepted') });
    expect(inspect(error, { depth: 10 })).not.toMatch(/another|e2e-secret|e2e-access/);
  });

  it('a clock that is an hour behind', async () => {
    const bucket = await server.createBucket();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    await expect(open(server, bucket).putIfAbsent('a', bytes('1'))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('clock is 60 minutes behind'),
    });
  });

  it('nothing where it is not: that is unreachable, soon', async () => {
    const bucket = await server.createBucket();
    const gone = open({ ...server, endpoint: 'http://127.0.0.1:1' }, bucket, { deadline: 2_000 });
    const started = performance.now();
    await expect(gone.putIfAbsent('a', bytes('1'))).rejects.toMatchObject({ code: 'unreachable' });
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});
