import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SignwrightError } from '@signwright/signing-core';
import { blobStoreContract, type FakeS3, type S3Fault, startFakeS3 } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';

const KEY_ID = 'KEYIDOFTHETEST';
const SECRET = 'secret-of-the-test';
const TOKEN = 'session-token-of-the-test';

const bytes = (content: string): Uint8Array => Buffer.from(content);

let fake: FakeS3;
beforeEach(async () => {
  fake = await startFakeS3();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEY_ID);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
  vi.stubEnv('AWS_SESSION_TOKEN', TOKEN);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

function open(more: Partial<S3StoreOptions> = {}): ReturnType<typeof createS3Store> {
  return createS3Store({ bucket: 'acme-log', prefix: 'log', endpoint: fake.endpoint, pathStyle: true, ...more });
}

/** Does this to the first request that is a PUT (or whatever method), and lets all others pass. */
function once(fault: S3Fault, method = 'PUT', meanwhile: () => void = () => undefined): void {
  let done = false;
  fake.fault = (request) => {
    if (done || request.method !== method) return undefined;
    done = true;
    if (fault === 'drop') meanwhile();
    return fault;
  };
}

async function failureOf(work: Promise<unknown>): Promise<SignwrightError> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SignwrightError);
  const said = inspect(error, { depth: 10 });
  for (const secret of [KEY_ID, SECRET, TOKEN, 'Signature=', 'X-Amz-']) expect(said).not.toContain(secret);
  return error as SignwrightError;
}

blobStoreContract('the store on S3, against a fake of it,', () => ({ open }));

describe('a write whose answer was lost', () => {
  test('is recognised as ours, and was made once', async () => {
    once('drop after');
    expect(await open().putIfAbsent('a', bytes('mine'))).toBe(true);
    expect(await open().putIfAbsent('a', bytes('mine'))).toBe(false);
  });

  test('is not mistaken for another’s of the same bytes', async () => {
    const store = open();
    once('drop', 'PUT', () => fake.write('acme-log/log/a', bytes('same')));
    expect(await store.putIfAbsent('a', bytes('same'))).toBe(false);
  });

  test('is recognised in a swap, whose version can be swapped again', async () => {
    const store = open();
    const first = await store.compareAndSwap('a', undefined, bytes('1'));
    once('drop after');
    const second = await store.compareAndSwap('a', first, bytes('2'));
    expect(second).toBe((await store.get('a'))?.version);
    expect(await store.compareAndSwap('a', second, bytes('3'))).toBeDefined();
  });

  test('is unreachable, neither won nor lost, where another swap may have followed it', async () => {
    const store = open();
    const first = await store.compareAndSwap('a', undefined, bytes('1'));
    once('drop', 'PUT', () => fake.write('acme-log/log/a', bytes('2')));
    const error = await failureOf(store.compareAndSwap('a', first, bytes('2')));
    expect(error).toMatchObject({ code: 'unreachable', where: 's3://acme-log/log/a' });
    expect(error.message).toContain('does not tell whether it wrote');
  });

  test('is looked for before it is given up', async () => {
    fake.fault = ({ method }) => (method === 'PUT' ? 'drop after' : undefined);
    expect(await open().putIfAbsent('a', bytes('mine'))).toBe(true);
  });

  test('is unreachable where it is not found', async () => {
    fake.fault = ({ method }) => (method === 'PUT' ? 'drop' : undefined);
    const error = await failureOf(open().putIfAbsent('a', bytes('mine')));
    expect(error).toMatchObject({ code: 'unreachable' });
  });
});

test('a version stands for the bytes: swapped away and back, an earlier one is current again', async () => {
  const store = open();
  const first = await store.compareAndSwap('a', undefined, bytes('1'));
  const second = await store.compareAndSwap('a', first, bytes('2'));
  expect(await store.compareAndSwap('a', second, bytes('1'))).toBe(first);
  expect(await store.compareAndSwap('a', second, bytes('3'))).toBeUndefined();
  expect(await store.compareAndSwap('a', first, bytes('3'))).toBeDefined();
});

test('an ETag that a proxy made weak is refused: swaps by it would never succeed', async () => {
  await open().compareAndSwap('a', undefined, bytes('1'));
  fake.fault = () => ({ status: 200, headers: { etag: 'W/"1"' } });
  expect(await failureOf(open().get('a'))).toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('a weak one'),
  });
});

describe('what passes is waited for', () => {
  test.each<[string, S3Fault]>([
    ['another conditional write', { status: 409, code: 'ConditionalRequestConflict' }],
    ['a busy server', { status: 503, code: 'SlowDown' }],
    ['a defect of the server', { status: 500, code: 'InternalError' }],
    ['a broken connection', 'drop'],
  ])('%s', async (_, fault) => {
    const store = open();
    once(fault);
    expect(await store.putIfAbsent('a', bytes('mine'))).toBe(true);
    once(fault, 'GET');
    expect(Buffer.from((await store.get('a'))!.bytes).toString()).toBe('mine');
  });

  test('a body that ends early is read again', async () => {
    const store = open();
    await store.putIfAbsent('a', Buffer.alloc(100_000, 'x'));
    once('cut short', 'GET');
    expect((await store.get('a'))?.bytes).toHaveLength(100_000);
  });

  test('but not for ever: a server that stays busy is unreachable after six tries', async () => {
    fake.fault = () => ({ status: 503, code: 'SlowDown' });
    const error = await failureOf(open().get('a'));
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(error.message).toContain('is not available (SlowDown, request FAKE0123)');
    expect(fake.requests).toHaveLength(6);
  });
});

describe('the deadline', () => {
  test.each<[string, S3Fault, (store: ReturnType<typeof open>) => Promise<unknown>]>([
    ['a put', 'hang', (store) => store.putIfAbsent('b', bytes('1'))],
    ['a swap', 'hang', (store) => store.compareAndSwap('b', undefined, bytes('1'))],
    ['a get', 'hang', (store) => store.get('a')],
    ['a get whose body never ends', 'drip', (store) => store.get('a')],
  ])('ends %s', async (_, fault, call) => {
    await open().putIfAbsent('a', bytes('1'));
    fake.fault = () => fault;
    const started = performance.now();
    const error = await failureOf(call(open({ deadline: 600 })));
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(error.next).toContain('run again');
  });

  test('holds for what issues credentials too', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
    const error = await failureOf(open({ deadline: 300 }).get('a'));
    expect(error).toMatchObject({ code: 'unreachable' });
    silent.closeAllConnections();
    silent.close();
  });

  test('a server that is silent once is asked again within it', async () => {
    once('hang');
    expect(await open({ deadline: 1500 }).putIfAbsent('a', bytes('1'))).toBe(true);
  });
});

describe('what cannot be', () => {
  const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toUTCString();

  test.each<[string, S3Fault, string, string, string]>([
    [
      'a missing bucket',
      { status: 404, code: 'NoSuchBucket' },
      'configuration',
      'there is no bucket acme-log',
      'make the bucket',
    ],
    ['denied access', { status: 403, code: 'AccessDenied' }, 'configuration', 'may not do s3:', 'grant s3:'],
    [
      'an unknown key',
      { status: 403, code: 'InvalidAccessKeyId', message: KEY_ID },
      'configuration',
      'are not accepted',
      'check',
    ],
    ['a wrong secret', { status: 403, code: 'SignatureDoesNotMatch' }, 'configuration', 'are not accepted', 'secret'],
    ['an expired token', { status: 400, code: 'ExpiredToken', message: TOKEN }, 'unreachable', 'have expired', 'get new ones'],
    [
      'a clock that is behind',
      { status: 403, code: 'RequestTimeTooSkewed', headers: { date: minutesAgo(-62) } },
      'configuration',
      'clock is 62 minutes behind',
      'set the clock',
    ],
    [
      'a clock that is ahead',
      { status: 403, code: 'RequestTimeTooSkewed', headers: { date: minutesAgo(20) } },
      'configuration',
      'clock is 20 minutes ahead of',
      'set the clock',
    ],
    [
      'a bucket elsewhere',
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      'configuration',
      'acme-log is in the region eu-west-3',
      'region=eu-west-3',
    ],
    [
      'a region signed wrongly',
      { status: 400, code: 'AuthorizationHeaderMalformed' },
      'configuration',
      'another region',
      'region=',
    ],
    ['a server without conditions', { status: 501, code: 'NotImplemented' }, 'configuration', 'conditional writes', 'MinIO'],
    ['a full server', { status: 507, code: 'XMinioStorageFull' }, 'unreachable', 'is full', 'free space'],
    ['an archived blob', { status: 403, code: 'InvalidObjectState' }, 'configuration', 'moved to an archive', 'restore it'],
    ['what we have never heard of', { status: 400, code: 'Whatever' }, 'configuration', 'refused (Whatever', 'documentation'],
    ['no S3 at all', { status: 404 }, 'configuration', 'no bucket', 'endpoint'],
  ])('%s is said, with what to do', async (_, fault, code, message, next) => {
    fake.fault = () => fault;
    const calls = [
      () => open().get('a'),
      () => open().putIfAbsent('a', bytes('1')),
      () => open().compareAndSwap('a', '"etag"', bytes('1')),
    ];
    for (const call of calls) {
      const error = await failureOf(call());
      expect({ code: error.code, where: error.where }).toEqual({ code, where: 's3://acme-log/log/a' });
      expect(error.message).toContain(message);
      expect(error.next).toContain(next);
    }
  });

  test('credentials that expire midway are said; what was acknowledged is there', async () => {
    const store = open();
    expect(await store.putIfAbsent('a', bytes('1'))).toBe(true);
    fake.fault = () => ({ status: 400, code: 'ExpiredToken' });
    expect(await failureOf(store.putIfAbsent('b', bytes('1')))).toMatchObject({ code: 'unreachable' });
    fake.fault = () => undefined;
    expect(await open().get('a')).toBeDefined();
  });

  test('credentials that can be renewed are, before they expire', async () => {
    let issued = 0;
    const issuer = createServer((_, response) => {
      const Expiration = new Date(Date.now() + 60_000).toISOString();
      issued += 1;
      response.end(JSON.stringify({ AccessKeyId: `ISSUED${issued}`, SecretAccessKey: SECRET, Token: TOKEN, Expiration }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`);
    const store = open();
    await store.get('a');
    await store.get('a');
    const signers = fake.requests.map(({ headers }) => /Credential=(ISSUED\d+)/.exec(headers.authorization ?? '')?.[1]);
    expect(new Set(signers).size).toBe(2);
    issuer.closeAllConnections();
    issuer.close();
  });

  test('no credentials, or no region, is said before anything is sent', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const none = await failureOf(open().get('a'));
    expect(none).toMatchObject({ code: 'configuration', next: expect.stringContaining('AWS_WEB_IDENTITY_TOKEN_FILE') });
    const nowhere = await failureOf(createS3Store({ bucket: 'acme-log' }).get('a'));
    expect(nowhere).toMatchObject({ code: 'configuration', next: expect.stringContaining('AWS_REGION') });
    expect(fake.requests).toHaveLength(0);
  });

  test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL_SSO_OIDC'])(
    'an endpoint without TLS in %s is not asked, for the store or for credentials',
    async (name) => {
      vi.stubEnv(name, 'http://s3.acme.example');
      const error = await failureOf(open({ endpoint: undefined, region: 'eu-west-3' }).get('a'));
      expect(error).toMatchObject({
        code: 'configuration',
        message: `${name} is http://s3.acme.example, which is not https`,
        next: expect.stringContaining('use https'),
      });
    },
  );

  test('a Node that verifies no certificate is refused', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const error = await failureOf(open({ endpoint: undefined, region: 'eu-west-3' }).get('a'));
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0') });
  });

  test('a blob that somebody deleted in a bucket with versions is damage, not absence', async () => {
    fake.fault = () => ({ status: 404, code: 'NoSuchKey', headers: { 'x-amz-delete-marker': 'true' } });
    expect(await failureOf(open().get('a'))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('somebody deleted it'),
    });
  });

  test.each<[string, S3Fault | undefined]>([
    ['told in advance', undefined],
    ['found out', 'without length'],
  ])('a blob larger than any we write is not read to its end: %s', async (_, fault) => {
    fake.write('acme-log/log/a', Buffer.alloc(64 * 1024 * 1024 + 1));
    fake.fault = () => fault;
    expect((await failureOf(open().get('a'))).message).toContain('larger than 67108864 bytes');
  });
});

describe('a server that ignores conditions', () => {
  test.each([
    ['If-None-Match', (store: ReturnType<typeof open>) => store.putIfAbsent('b', bytes('1'))],
    [
      'If-Match',
      async (store: ReturnType<typeof open>) => store.compareAndSwap('a', (await store.get('a'))?.version, bytes('2')),
    ],
  ])('is found out by its first write: %s', async (condition, call) => {
    await open().compareAndSwap('a', undefined, bytes('1'));
    fake.fault = () => 'ignore conditions';
    const error = await failureOf(call(open()));
    expect(error.code).toBe('configuration');
    expect(error.message).toContain(`ignores ${condition.replaceAll('-', '')}`);
  });

  test('is looked for once: later writes are one request', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('1'));
    const before = fake.requests.length;
    await store.putIfAbsent('b', bytes('2'));
    expect(fake.requests.length - before).toBe(1);
  });
});

test('start-up does not pay for the SDK: it is loaded when a store is first used', () => {
  const code = `
    const { createS3Store } = await import(${JSON.stringify(new URL('s3-store.ts', import.meta.url).href)});
    createS3Store({ bucket: 'acme-log' });
    const { Module } = await import('node:module');
    console.log(Object.keys(Module._cache).filter((path) => path.includes('@aws-sdk')).length);`;
  const said = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  expect(said).toBe('0\n');
});
