import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { createS3Store } from '@signwright/storage';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describePeer } from './peers.ts';
import { CREDENTIALS, s3Server } from './s3-server.ts';

const PROCESSES = 16;

/** What a process was told by the store, which no other may be told and which must be there afterwards. */
type Acknowledged = { readonly counts: number[]; readonly segments: Map<number, string[]> };

/**
 * What each process does, over and over: count one further in a blob they all swap, and write the first free of numbered keys, as
 * jobs do with the segments of a log. It says what was acknowledged, once it is.
 */
const WORK = `
  const { createS3Store } = await import('@signwright/storage');
  const [bucket, endpoint, name, rounds] = process.argv.slice(1);
  const store = createS3Store({ bucket, endpoint, pathStyle: true });
  let free = 0;
  for (let round = 0; round < rounds; round++) {
    let counted;
    for (;;) {
      const blob = await store.get('count');
      counted = blob === undefined ? 1 : Number(Buffer.from(blob.bytes).toString()) + 1;
      if ((await store.compareAndSwap('count', blob?.version, Buffer.from(String(counted)))) !== undefined) break;
    }
    console.log('count', counted);
    // As the head of a log does, it says from where on there may be a free number.
    free = Math.max(free, counted - 64);
    const content = name + '/' + round;
    while (!(await store.putIfAbsent('segments/' + String(free).padStart(12, '0'), Buffer.from(content)))) free++;
    console.log('segment', free, content);
  }`;

/** Takes the conditions out of every write; one that is sent again, by which a store finds out such a server, is refused. */
const WITHOUT_CONDITIONS = `
  const { S3Client } = await import('@aws-sdk/client-s3');
  const send = S3Client.prototype.send;
  const sent = new Set();
  S3Client.prototype.send = function (command, ...rest) {
    const mark = command.input.Metadata?.['signwright-write'];
    if (sent.has(mark)) return Promise.reject(Object.assign(new Error(), { name: 'PreconditionFailed' }));
    if (mark !== undefined) sent.add(mark);
    delete command.input.IfMatch;
    delete command.input.IfNoneMatch;
    return send.call(this, command, ...rest);
  };`;

beforeAll(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

describePeer('minio', `${PROCESSES} processes on one bucket`, () => {
  const server = s3Server('minio');
  let names = 0;

  function start(bucket: string, rounds: number, told: Acknowledged, before = ''): ChildProcess {
    names += 1;
    const args = ['--conditions=source', '--input-type=module', '--eval', before + WORK, bucket, server.endpoint, `p${names}`];
    const child = spawn(process.execPath, [...args, String(rounds)], {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, value, content = ''] = line.split(' ');
      if (what === 'count') told.counts.push(Number(value));
      else told.segments.set(Number(value), [...(told.segments.get(Number(value)) ?? []), content]);
    });
    return child;
  }

  async function runToTheEnd(children: readonly ChildProcess[]): Promise<void> {
    const codes = await Promise.all(children.map(async (child) => ((await once(child, 'close')) as [number | null])[0]));
    expect(codes).toEqual(codes.map(() => 0));
  }

  /** How much of what was acknowledged is not there. */
  async function lost(bucket: string, { counts, segments }: Acknowledged): Promise<{ counts: number; segments: number }> {
    const store = createS3Store({ bucket, endpoint: server.endpoint, pathStyle: true });
    const text = async (key: string): Promise<string> => Buffer.from((await store.get(key))?.bytes ?? []).toString();
    const count = Number(await text('count'));
    let overwritten = 0;
    for (const [number, contents] of segments) {
      const kept = await text(`segments/${String(number).padStart(12, '0')}`);
      overwritten += contents.filter((content) => content !== kept).length;
    }
    return { counts: counts.length - new Set(counts.filter((each) => each <= count)).size, segments: overwritten };
  }

  it('lose nothing, and leave no number out', { timeout: 300_000 }, async () => {
    const bucket = await server.createBucket();
    const told: Acknowledged = { counts: [], segments: new Map() };
    await runToTheEnd(Array.from({ length: PROCESSES }, () => start(bucket, 5, told)));
    expect(told.counts).toHaveLength(PROCESSES * 5);
    expect(await lost(bucket, told)).toEqual({ counts: 0, segments: 0 });
    expect([...told.segments.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: PROCESSES * 5 }, (_, i) => i));
  });

  it('killed at any moment lose nothing that was acknowledged', { timeout: 300_000 }, async () => {
    const bucket = await server.createBucket();
    const told: Acknowledged = { counts: [], segments: new Map() };
    const kills = 32;
    let killed = 0;
    await Promise.all(
      Array.from({ length: PROCESSES }, async () => {
        while (killed < kills) {
          killed += 1;
          const child = start(bucket, 1_000, told);
          await once(child.stdout!, 'data');
          await wait(Math.random() * 1_000);
          child.kill('SIGKILL');
          await once(child, 'close');
        }
        await runToTheEnd([start(bucket, 3, told)]);
      }),
    );
    expect(told.counts.length).toBeGreaterThanOrEqual(kills + PROCESSES * 3);
    expect(await lost(bucket, told)).toEqual({ counts: 0, segments: 0 });
  });

  it('without the conditions lose both: so the tests above can fail', { timeout: 300_000 }, async () => {
    const bucket = await server.createBucket();
    const told: Acknowledged = { counts: [], segments: new Map() };
    await runToTheEnd(Array.from({ length: PROCESSES }, () => start(bucket, 5, told, WITHOUT_CONDITIONS)));
    const { counts, segments } = await lost(bucket, told);
    expect(counts).toBeGreaterThan(0);
    expect(segments).toBeGreaterThan(0);
  });
});
