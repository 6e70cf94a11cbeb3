import {
  expectFault,
  type FakeGitlabPublishing,
  GITLAB_PUBLISHER,
  GITLAB_PUBLISHING_PROJECT,
  GITLAB_PUBLISHING_TOKEN,
  PLATFORM_FAULTS,
  startFakeGitlabPublishing,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commentOnMergeRequest } from './comment.ts';
import type { GitlabPublishOptions } from './open-publishing.ts';
import { linkFromRelease } from './release-link.ts';
import { setStatusCheck } from './status-check.ts';

const MARKER = '<!-- signwright verify:production -->\n\n';
const ARCHIVE = {
  tag: 'v1/2',
  name: 'Signwright evidence',
  url: 'https://gitlab.acme.example/acme/app/-/jobs/3/artifacts/raw/e.tar',
};
let fake: FakeGitlabPublishing;
let options: GitlabPublishOptions;

beforeEach(async () => {
  fake = await startFakeGitlabPublishing();
  options = {
    project: { host: fake.host, path: GITLAB_PUBLISHING_PROJECT },
    token: { kind: 'private', variable: 'SIGNWRIGHT_GITLAB_TOKEN', value: GITLAB_PUBLISHING_TOKEN },
    timeoutMs: 5_000,
  };
});
afterEach(() => fake.close());

const comment = (body: string, key = 'verify:production') => commentOnMergeRequest(options, { mergeRequest: 7, key, body });
const bodies = () => fake.comments.map(({ body }) => body);
const writes = () => fake.asked.filter(({ method }) => method !== 'GET').length;

describe('a comment on a merge request', () => {
  test('is made once, updated after, and not touched where nothing changed', async () => {
    expect(await comment('denied')).toBe('made');
    expect(await comment('allowed')).toBe('updated');
    expect(await comment('allowed')).toBe('unchanged');
    expect(bodies()).toEqual([`${MARKER}allowed`]);
    expect(writes()).toBe(2);
  });

  test('is one for each key', async () => {
    await comment('allowed');
    await comment('3 listed', 'plan:production');
    await comment('2 listed', 'plan:production');
    expect(bodies()).toEqual([`${MARKER}allowed`, '<!-- signwright plan:production -->\n\n2 listed']);
  });

  test('is found among many', async () => {
    const talk = Array.from({ length: 250 }, (_, id) => ({ id: id + 1, body: 'hm', system: id % 2 === 0, author: { id: 5 } }));
    fake.comments.push(...talk.slice(0, 220));
    await comment('denied');
    fake.comments.push(...talk.slice(220));
    expect(await comment('allowed')).toBe('updated');
  });

  test('is not taken for one that somebody else, or GitLab, wrote with its marker, or that quotes it', async () => {
    const not = [
      { id: 1, body: `${MARKER}allowed by eve`, system: false, author: { id: GITLAB_PUBLISHER + 1 } },
      { id: 2, body: `${MARKER}x`, system: true, author: { id: GITLAB_PUBLISHER } },
      { id: 3, body: `> ${MARKER}`, system: false, author: { id: GITLAB_PUBLISHER } },
    ];
    fake.comments.push(...not);
    expect(await comment('denied')).toBe('made');
    expect(fake.comments.slice(0, 3)).toEqual(not);
  });

  test('has no line that GitLab would do', async () => {
    await comment('/approve\n\n  /merge\n> /close\na/b');
    expect(bodies()[0]).toBe(`${MARKER}&#47;approve\n\n  &#47;merge\n> &#47;close\na/b`);
    expect(await comment('/approve\n\n  /merge\n> /close\na/b')).toBe('unchanged');
  });

  test('that is too long ends with a whole line, and says where the rest is', async () => {
    await comment('- a line\n'.repeat(40_000));
    expect(bodies()[0]?.length).toBeLessThan(201_000);
    expect(bodies()[0]).toMatch(/- a line\n\n… the rest is in the artifacts of the job\.\n$/);
  });

  test('with a key that could end its marker is refused', async () => {
    await expect(comment('x', 'a --> <b>')).rejects.toMatchObject({ code: 'usage' });
    expect(fake.asked).toEqual([]);
  });

  test('is not made again where there are more comments than are read', async () => {
    fake.comments.push(
      ...Array.from({ length: 3001 }, (_, id) => ({ id: id + 1, body: 'hm', system: false, author: { id: 5 } })),
    );
    await expect(comment('x')).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('more comments') });
    expect(writes()).toBe(0);
  });
});

describe('an external status check', () => {
  const set = (status: 'passed' | 'failed' | 'pending', commit = fake.head) =>
    setStatusCheck(options, { mergeRequest: 7, commit, check: 12, status });

  test('is set to what it is told', async () => {
    fake.licensed = [12];
    for (const status of ['pending', 'failed', 'passed'] as const) await set(status);
    expect(fake.checks).toEqual(['12 pending', '12 failed', '12 passed']);
  });

  test('says what it needs where the licence has none, or the commit is not the newest', async () => {
    await expect(set('passed')).rejects.toMatchObject({
      code: 'configuration',
      next: expect.stringContaining('GitLab Ultimate'),
    });
    fake.licensed = [12];
    await expect(set('passed', 'b'.repeat(40))).rejects.toMatchObject({ message: expect.stringContaining('status 409') });
    expect(fake.checks).toEqual([]);
  });
});

describe('a link from a release', () => {
  test('is not made where the tag has no release', async () => {
    expect(await linkFromRelease(options, ARCHIVE)).toBe('no release');
    expect(writes()).toBe(0);
  });

  test('is made once, left alone, and led elsewhere after', async () => {
    fake.releases.set('1.2.0', [{ id: 1, name: 'app.tgz', url: 'https://x.example/app.tgz', link_type: 'package' }]);
    const link = (url = ARCHIVE.url) => linkFromRelease(options, { ...ARCHIVE, tag: '1.2.0', url });
    expect([await link(), await link(), await link(`${ARCHIVE.url}2`)]).toEqual(['made', 'unchanged', 'updated']);
    expect(fake.releases.get('1.2.0')).toMatchObject([
      { name: 'app.tgz' },
      { name: ARCHIVE.name, url: `${ARCHIVE.url}2`, link_type: 'other' },
    ]);
  });
});

describe('a GitLab that fails', () => {
  const calls = {
    'is not commented on': [() => comment('x'), /scope api.*role Reporter/],
    'is not told of a check': [
      () => setStatusCheck(options, { mergeRequest: 7, commit: fake.head, check: 12, status: 'passed' }),
      /Ultimate.*scope api.*role Developer/,
    ],
    'gets no link': [() => linkFromRelease(options, ARCHIVE), /scope api.*role Developer/],
  } as const;

  /** What is no failure: a tag without a release, and a check of which nothing is read. */
  const ANSWERS = ['gets no link missing', 'is not told of a check another shape'];

  describe.each(Object.entries(calls))('%s', (name, [call, permission]) => {
    const faults = [...PLATFORM_FAULTS, ['elsewhere', 'unreachable'] as const];
    test.each(faults.filter(([fault]) => !ANSWERS.includes(`${name} ${fault}`)))('%s: %s', async (fault, code) => {
      options = { ...options, timeoutMs: fault === 'silent' ? 300 : 5_000 };
      const set = (which: FakeGitlabPublishing['fault']): void => {
        fake.fault = which;
      };
      const faulty = { fault: set, leaked: fake.leaked, secrets: [GITLAB_PUBLISHING_TOKEN], permission };
      await expectFault(faulty, [fault, code], call);
    });
  });

  test('a token that may only read is told so', async () => {
    fake.scope = 'read_api';
    await expect(comment('x')).rejects.toMatchObject({ code: 'configuration', next: expect.stringContaining('scope api') });
  });
});
