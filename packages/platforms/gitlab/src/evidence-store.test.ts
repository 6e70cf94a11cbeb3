import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type EvidenceItem, hexOf, type Sha256, type SignwrightError, sha256 } from '@signwright/signing-core';
import { evidenceStoreContract, type FakeGitlab, GITLAB_PROJECT as PROJECT, startFakeGitlab } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGitlabEvidenceStore, type GitlabEvidenceOptions } from './evidence-store.ts';

type Store = ReturnType<typeof createGitlabEvidenceStore>;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const subjectsOf = (count: number, of = 'subject'): Sha256[] => Array.from({ length: count }, (_, i) => sha256(`${of} ${i}`));

let fake: FakeGitlab;
beforeEach(async () => {
  fake = await startFakeGitlab();
});
afterEach(() => fake.close());

function open(options: Partial<GitlabEvidenceOptions> = {}): Store {
  return createGitlabEvidenceStore({
    project: { host: fake.host, path: PROJECT },
    token: { kind: 'job', variable: 'CI_JOB_TOKEN', value: 'job' },
    ...options,
  });
}

describe.each([true, false])('where duplicates are allowed: %s', (allowed) => {
  evidenceStoreContract('evidence in generic packages of the fake GitLab', () => {
    fake.duplicatesAllowed = allowed;
    return { open };
  });
});

const uploads = (): readonly string[] => fake.asked.filter(({ method }) => method === 'PUT').map(({ path }) => path);

describe('what is uploaded', () => {
  test('are the bytes themselves, and not the form they would be sent in', async () => {
    await open().put(bytes('evidence'), [sha256('a')]);
    const id = hexOf(sha256('evidence'));
    const [piece, index] = ['signwright-evidence', 'signwright-index'].map((name) =>
      fake.packages.find((each) => each.name === name),
    );
    expect(piece).toMatchObject({ version: id.slice(0, 2), files: [{ name: id.slice(2), bytes: Buffer.from('evidence') }] });
    expect(index?.version).toBe(hexOf(sha256('a')).slice(0, 2));
    expect(index?.files[0]?.bytes.toString()).toBe(`${hexOf(sha256('a'))} ${id}\n`);
    expect(index?.files[0]?.name).toBe(hexOf(sha256(index!.files[0]!.bytes)));
  });

  test.each([
    [1, 2],
    [16, 17],
    [17, 17],
    [10_000, 17],
  ])('for %d artifacts are at most %d files', { timeout: 60_000 }, async (count, most) => {
    const subjects = subjectsOf(count);
    await open().put(bytes('evidence'), subjects);
    expect(uploads().length).toBeLessThanOrEqual(most);
    const listed = await open().list(subjects);
    expect(listed.size).toBe(count);
    expect(new Set([...listed.values()].flat())).toEqual(new Set([sha256('evidence')]));
  });

  test('for several pieces at once are one file each and one set of listings', async () => {
    const subjects = subjectsOf(100);
    const items: EvidenceItem[] = ['part', 'snapshot', 'part'].map((text) => ({ evidence: bytes(text), subjects }));
    expect(await open().putAll([...items, { evidence: bytes('proof'), subjects: [sha256('part')] }])).toEqual(
      ['part', 'snapshot', 'part', 'proof'].map(sha256),
    );
    expect(uploads().length).toBeLessThanOrEqual(3 + 16);
    expect((await open().list([sha256('part')])).get(sha256('part'))).toEqual([sha256('proof')]);
    expect((await open().list(subjects)).get(subjects[5]!)).toEqual([sha256('part'), sha256('snapshot')].sort());
  });

  test('is nothing where it is there already', async () => {
    await open().put(bytes('evidence'), subjectsOf(3));
    const before = uploads().length;
    await open().put(bytes('evidence'), subjectsOf(3));
    expect(uploads()).toHaveLength(before);
  });

  test('is refused before anything is sent where a subject is none or it is too large', async () => {
    await expect(open().put(bytes('x'), ['sha256:../x'])).rejects.toMatchObject({ code: 'usage' });
    await expect(open().put(new Uint8Array(64 * 1024 * 1024 + 1), [])).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(open().get('sha256:x')).rejects.toMatchObject({ code: 'usage' });
    await expect(open().list(['sha256:x'])).rejects.toMatchObject({ code: 'usage' });
    expect(fake.asked).toEqual([]);
  });
});

test('many jobs that put at once lose none of one another’s listings, page after page', { timeout: 60_000 }, async () => {
  const subject = sha256('shared');
  const ids: Sha256[] = [];
  for (let round = 0; round < 5; round++) {
    ids.push(...(await Promise.all(Array.from({ length: 30 }, (_, i) => open().put(bytes(`${round} ${i}`), [subject])))));
  }
  for (let i = 0; i < 130; i++) fake.packages.push({ id: 100_000 + i, name: 'signwright-index', version: `x${i}`, files: [] });
  fake.packages.push({ id: 200_000, name: 'other-signwright-index', version: hexOf(subject).slice(0, 2), files: [] });
  expect((await open().list([subject])).get(subject)).toEqual([...ids].sort());
});

test('two packages of the same version, as a race may leave them, are both read', async () => {
  const subject = sha256('a');
  await open().put(bytes('1'), [subject]);
  const [first] = fake.packages.filter(({ name }) => name === 'signwright-index');
  fake.packages.push({ ...first!, id: 999_999, files: [...first!.files] });
  expect((await open().list([subject])).get(subject)).toEqual([sha256('1')]);
});

test('the token is sent as what it is', async () => {
  await open().list([sha256('a')]);
  await open({ token: { kind: 'private', variable: 'GITLAB_TOKEN', value: 'mine' } }).list([sha256('a')]);
  expect(fake.asked.map(({ headers }) => [headers['job-token'], headers['private-token']])).toEqual([
    ['job', undefined],
    [undefined, 'mine'],
  ]);
});

test('retention cannot be enforced there, and it says so', async () => {
  expect(await open().enforcement()).toMatchObject({
    enforced: false,
    why: expect.stringContaining(`gitlab://${fake.host}/${PROJECT}`),
  });
});

describe('redirects', () => {
  let storage: Server;
  let seen: { url: string | undefined; headers: object }[];
  beforeEach(async () => {
    seen = [];
    storage = createServer((request, response) => {
      seen.push({ url: request.url, headers: request.headers });
      response.end(fake.packages.flatMap(({ files }) => files).find(({ id }) => `/${id}?signature=s` === request.url)?.bytes);
    });
    await new Promise<void>((resolve) => void storage.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise<void>((resolve) => void storage.close(() => resolve())));

  test('to object storage are followed, and the token does not go there', async () => {
    await open().put(bytes('evidence'), [sha256('a')]);
    fake.storage = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
    expect(Buffer.from(await open().get(sha256('evidence'))).toString()).toBe('evidence');
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toMatch(/token|job/);
  });

  test.each([
    ['to another host by http', 'http://storage.example/x'],
    ['to a file', 'file:///etc/passwd'],
    ['with a password', 'https://a:b@storage.example/x'],
    ['to nowhere', 'http://'],
  ])('%s are not followed', async (_, location) => {
    fake.fault = (_asked, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    await expect(open().get(sha256('x'))).rejects.toMatchObject({
      code: 'unreachable',
      message: /redirects to what is no https/,
    });
  });

  test('without end are given up', async () => {
    fake.fault = (asked, response) => {
      response.writeHead(307, { location: asked.path }).end();
      return true;
    };
    await expect(open().get(sha256('x'))).rejects.toMatchObject({ code: 'unreachable', message: /more than 3 times/ });
    expect(fake.asked).toHaveLength(4);
  });

  test('of a write are not followed', async () => {
    fake.fault = ({ method, path }, response) => {
      if (method === 'PUT') response.writeHead(301, { location: path }).end();
      return method === 'PUT';
    };
    await expect(open().put(bytes('x'), [])).rejects.toMatchObject({ code: 'unreachable', message: /redirects a write/ });
  });
});

describe('when GitLab', () => {
  const answering = (status: number, body: string, times = Number.POSITIVE_INFINITY, headers = {}) => {
    let left = times;
    fake.fault = (_, response) => {
      if (left-- <= 0) return false;
      response.writeHead(status, headers).end(body);
      return true;
    };
  };
  const all = (store = open()): (() => Promise<unknown>)[] => [
    () => store.put(bytes('x'), [sha256('a')]),
    () => store.list([sha256('a')]),
    () => store.get(sha256('y')),
  ];

  test.each([429, 500, 502, 503, 504])('answers %i for a while, it is asked again', async (status) => {
    answering(status, 'later', 2, { 'retry-after': '0' });
    await open().put(bytes('x'), [sha256('a')]);
    answering(status, 'later', 2, { 'retry-after': '0' });
    expect((await open().list([sha256('a')])).size).toBe(1);
  });

  test.each([
    [429, 'unreachable', /asked too often/],
    [500, 'unreachable', /status 500/],
    [418, 'unreachable', /status 418/],
    [401, 'configuration', /CI_JOB_TOKEN is not accepted/],
    [403, 'configuration', /CI_JOB_TOKEN may not/],
    [413, 'configuration', /larger than it takes/],
  ])('answers %i for good, it says what that means', { timeout: 20_000 }, async (status, code, message) => {
    answering(status, '{"message":"job"}', undefined, { 'retry-after': '0' });
    for (const call of all()) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'SignwrightError', code, message, where: `gitlab://${fake.host}/${PROJECT}` });
      expect((error as SignwrightError).next).toBeTruthy();
    }
  });

  test('says that the token has expired, it is a matter of getting another', async () => {
    answering(401, '{"error":"invalid_token","error_description":"Token is expired."}');
    await expect(open().get(sha256('x'))).rejects.toMatchObject({ code: 'unreachable', message: /has expired/ });
  });

  test('has no such project, writing and listing say so', async () => {
    const store = open({ project: { host: fake.host, path: 'acme/other' } });
    const refused = { code: 'configuration', message: /no such project/ };
    await expect(store.put(bytes('x'), [sha256('a')])).rejects.toMatchObject(refused);
    await expect(store.list([sha256('a')])).rejects.toMatchObject(refused);
    await expect(store.get(sha256('x'))).rejects.toMatchObject({ code: 'unreachable', message: /is not there/ });
  });

  test('lets the token read alone, putting is refused and nothing is listed', async () => {
    const token = { kind: 'private', variable: 'GITLAB_TOKEN', value: 'reader' } as const;
    await expect(open({ token }).put(bytes('x'), [sha256('a')])).rejects.toMatchObject({
      code: 'configuration',
      message: /GITLAB_TOKEN may not/,
    });
    expect(await open({ token }).list([sha256('a')])).toEqual(new Map());
  });

  test('never answers, the call ends at its deadline', async () => {
    fake.fault = () => true;
    for (const call of all(open({ timeoutMs: 200 }))) {
      const began = performance.now();
      await expect(call()).rejects.toMatchObject({ code: 'unreachable', message: /no answer within 0.2 s/ });
      expect(performance.now() - began).toBeLessThan(3000);
    }
  });

  test('begins to answer and stops, or never ends, the call ends all the same', async () => {
    fake.fault = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('[');
      return true;
    };
    await expect(open({ timeoutMs: 200 }).list([sha256('a')])).rejects.toMatchObject({
      code: 'unreachable',
      message: /no answer/,
    });
    fake.fault = (_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, '[');
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
      return true;
    };
    await expect(open().list([sha256('a')])).rejects.toMatchObject({ code: 'unreachable', message: /larger than 8388608 bytes/ });
    await expect(open().get(sha256('a'))).rejects.toMatchObject({ code: 'unreachable', message: /larger than 67108864 bytes/ });
  });

  test('asks to wait for longer than anyone would, the deadline stands', async () => {
    answering(429, '', undefined, { 'retry-after': '100000' });
    await expect(open({ timeoutMs: 300 }).get(sha256('x'))).rejects.toMatchObject({
      code: 'unreachable',
      message: /no answer within/,
    });
  });

  test.each(['<html>sign in</html>', '{"a":1,"a":2}', '"text"', '[1]', '[null]', '', '[{"id":1}'])(
    'answers %j in place of a list, nothing is taken from it',
    async (body) => {
      answering(200, body);
      await expect(open().list([sha256('a')])).rejects.toMatchObject({
        code: 'unreachable',
        message: /not answer as GitLab does/,
      });
    },
  );

  test('hangs up, it is unreachable; so is a host without anyone', async () => {
    fake.fault = (_, response) => Boolean(response.destroy());
    await expect(open().list([sha256('a')])).rejects.toMatchObject({
      code: 'unreachable',
      next: expect.stringContaining('network'),
    });
    await expect(open({ project: { host: '127.0.0.1:1', path: PROJECT } }).list([sha256('a')])).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  test('lists pages without end, it is given up', { timeout: 60_000 }, async () => {
    const page = JSON.stringify(
      Array.from({ length: 100 }, (_, id) => ({ id, name: 'x', version: '1', package_type: 'generic' })),
    );
    answering(200, page);
    await expect(open().list([sha256('a')])).rejects.toMatchObject({ code: 'unreachable', message: /more than 100000/ });
  });

  test('stores other bytes than were sent, putting fails', async () => {
    fake.fault = ({ method, path }, response) => {
      if (method !== 'PUT' || !path.includes('evidence')) return false;
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ file_sha256: hexOf(sha256('other')) }));
      return true;
    };
    await expect(open().put(bytes('x'), [sha256('a')])).rejects.toMatchObject({
      code: 'unreachable',
      message: /stored as other bytes/,
    });
    expect(fake.packages.filter(({ name }) => name === 'signwright-index')).toEqual([]);
  });

  test('has other bytes under a name than it should, it is noticed, and mended where it may be', async () => {
    await open().put(bytes('x'), [sha256('a')]);
    for (const { files } of fake.packages) files[0]!.bytes = Buffer.from('changed');
    await expect(open().get(sha256('x'))).rejects.toMatchObject({ code: 'unreachable', message: /other bytes/ });
    await expect(open().list([sha256('a')])).rejects.toMatchObject({ code: 'unreachable', message: /other bytes/ });
    fake.duplicatesAllowed = false;
    await expect(open().put(bytes('x'), [sha256('a')])).rejects.toMatchObject({ code: 'unreachable' });
    fake.duplicatesAllowed = true;
    await open().put(bytes('x'), [sha256('a')]);
    expect((await open().list([sha256('a')])).get(sha256('a'))).toEqual([sha256('x')]);
    expect(Buffer.from(await open().get(sha256('x'))).toString()).toBe('x');
  });

  test('names a listing that is not there, it cannot tell what is listed', async () => {
    await open().put(bytes('x'), [sha256('a')]);
    fake.fault = ({ path }, response) => {
      const missing = path.includes('/generic/signwright-index/');
      if (missing) response.writeHead(404).end('{}');
      return missing;
    };
    await expect(open().list([sha256('a')])).rejects.toMatchObject({ code: 'unreachable', message: /named and is not there/ });
  });

  const [subject, other] = [hexOf(sha256('a')), hexOf(sha256('b'))];
  test.each([
    ['without its last line end', `${subject} ${other}`],
    ['out of order', `${subject} f${other.slice(1)}\n${subject} 0${other.slice(1)}\n`],
    ['with upper case', `${subject} ${other.toUpperCase()}\n`],
    ['about others', `${subject.slice(0, 1)}${subject.slice(1, 2) === '0' ? '1' : '0'}${subject.slice(2)} ${other}\n`],
    ['that is JSON', '{}\n'],
  ])('holds a listing %s, it cannot be told what is listed', async (_, text) => {
    const content = Buffer.from(text);
    const file = { id: 1, name: hexOf(sha256(content)), bytes: content };
    fake.packages.push({ id: 2, name: 'signwright-index', version: subject.slice(0, 2), files: [file] });
    await expect(open().list([sha256('a')])).rejects.toMatchObject({ code: 'unreachable', message: /other lines|does not end/ });
  });

  test('says what it likes, no error repeats the token or carries it', async () => {
    const token = { kind: 'private', variable: 'GITLAB_TOKEN', value: 'glpat-secret' } as const;
    for (const [status, body] of [
      [500, 'glpat-secret'],
      [403, 'glpat-secret'],
      [200, 'glpat-secret'],
    ] as const) {
      answering(status, body, undefined, { 'retry-after': '0' });
      for (const call of all(open({ token })).slice(0, 2)) {
        const error = await call().catch((thrown: unknown) => thrown);
        const chain: unknown[] = [];
        for (let each = error; each instanceof Error; each = each.cause)
          chain.push(each.message, each.stack, { ...each, cause: undefined });
        expect(chain.length).toBeGreaterThan(0);
        expect(JSON.stringify(chain)).not.toContain('glpat-secret');
      }
    }
  });
});
