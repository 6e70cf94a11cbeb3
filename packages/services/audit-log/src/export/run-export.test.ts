import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { SignwrightError } from '@signwright/signing-core';
import { largeRecordLog, mountTmpfs, whyNoMount } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportCursor } from './export-cursor.ts';
import type { ExportBatch, LogView } from './export-records.ts';
import { type ExportSink, openFileSink, postSink, streamSink } from './export-sinks.ts';
import { type ExportRun, runExport } from './run-export.ts';

const ORIGIN = 'log.example/acme';
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-export-'));
});
afterEach(() => rmSync(place, { recursive: true }));

const viewOf =
  (size: number): (() => Promise<LogView>) =>
  async () => ({ origin: ORIGIN, reader: largeRecordLog(size) });
const neverStopped = new AbortController().signal;
const cursorFile = (): string => join(place, 'cursor');
const outFile = (): string => join(place, 'out.jsonl');

/** Exports a log of so many records into the file. */
async function toFile(size: number, more: Partial<ExportRun> = {}): Promise<number> {
  const sink = more.sink ?? (await openFileSink(outFile()));
  try {
    return await runExport({
      open: viewOf(size),
      format: 'jsonl',
      cursor: exportCursor(cursorFile(), 'jsonl'),
      signal: neverStopped,
      ...more,
      sink,
    });
  } finally {
    await sink.close();
  }
}

function indices(text = readFileSync(outFile(), 'utf8')): number[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { index: number }).index);
}
const upTo = (size: number): number[] => Array.from({ length: size }, (_, at) => at);

describe('to a file', () => {
  test('each run appends what is new', async () => {
    for (const size of [0, 3, 3, 1200]) await toFile(size);
    expect(indices()).toEqual(upTo(1200));
    expect(await toFile(1200)).toBe(0);
  });

  test('begins where it is told, and only where no cursor says otherwise', async () => {
    await toFile(10, { from: 7 });
    await toFile(12, { from: 0 });
    expect(indices()).toEqual([7, 8, 9, 10, 11]);
  });

  test('the file and the cursor are their user’s alone', async () => {
    await toFile(3);
    for (const file of [outFile(), cursorFile()]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('a line that a crash has torn is cut off, wherever it was torn, and comes whole', async () => {
    await toFile(5);
    const whole = readFileSync(outFile());
    for (const torn of [1, 100, whole.length - 1]) {
      writeFileSync(outFile(), whole);
      appendFileSync(outFile(), whole.subarray(0, torn).toString().split('\n')[0]!);
      await toFile(5);
      expect(readFileSync(outFile())).toEqual(whole);
    }
    truncateSync(outFile(), whole.length - 10);
    await toFile(6);
    expect(indices()).toEqual([0, 1, 2, 3, 5]);
  });

  test('a torn line longer than any that is read at once', async () => {
    writeFileSync(outFile(), `{"index":0}\n${'x'.repeat(300_000)}`);
    await toFile(1);
    expect(indices()).toEqual([0, 0]);
    writeFileSync(outFile(), 'x'.repeat(300_000));
    rmSync(cursorFile());
    await toFile(1);
    expect(indices()).toEqual([0]);
  });

  test('a crash between the lines and the cursor brings lines again, with the same ids, and loses none', async () => {
    await toFile(600);
    const cursor = readFileSync(cursorFile());
    await toFile(1300);
    writeFileSync(cursorFile(), cursor);
    await toFile(1300);
    const lines = readFileSync(outFile(), 'utf8').trimEnd().split('\n');
    expect(new Set(lines).size).toBe(1300);
    expect(indices().slice(1300)).toEqual(upTo(1300).slice(600));
  });

  test('a cursor never speaks of lines that are not in the file', async () => {
    const sink = await openFileSink(outFile());
    let taken = 0;
    const failing: ExportSink = {
      async take(batch) {
        if (++taken === 3) throw new SignwrightError('unreachable', 'the disk is full');
        await sink.take(batch);
      },
      close: () => sink.close(),
    };
    await expect(toFile(2000, { sink: failing })).rejects.toMatchObject({ code: 'unreachable' });
    expect(JSON.parse(readFileSync(cursorFile(), 'utf8'))).toMatchObject({ next: 1000 });
    await toFile(2000);
    expect(indices()).toEqual(upTo(2000));
  });

  test('what is no regular file, or cannot be written, is refused by its name', async () => {
    mkdirSync(join(place, 'directory'));
    await expect(openFileSink(join(place, 'directory'))).rejects.toMatchObject({ code: 'unreachable' });
    symlinkSync('/dev/null', join(place, 'device'));
    await expect(openFileSink(join(place, 'device'))).rejects.toMatchObject({ code: 'configuration' });
    await expect(openFileSink(join(place, 'missing', 'out'))).rejects.toMatchObject({ code: 'unreachable', where: /missing/ });
  });
});

describe('the cursor', () => {
  test.each([
    ['junk', 'junk'],
    ['nothing', ''],
    ['a negative place', '{"version":1,"format":"jsonl","origin":"a","next":-1}'],
    ['a digest that is none', '{"version":1,"format":"jsonl","origin":"a","next":1,"last":"x"}'],
    ['another version', '{"version":2,"format":"jsonl","origin":"a","next":1}'],
    ['too much', ' '.repeat(5000)],
  ])('that holds %s is refused, and nothing is exported', async (_, text) => {
    writeFileSync(cursorFile(), text);
    await expect(toFile(3)).rejects.toMatchObject({ code: 'configuration', where: cursorFile() });
    expect(readFileSync(outFile(), 'utf8')).toBe('');
  });

  test('of another format or another log is refused', async () => {
    await toFile(3);
    await expect(toFile(3, { cursor: exportCursor(cursorFile(), 'ocsf') })).rejects.toMatchObject({ code: 'configuration' });
    const open = async (): Promise<LogView> => ({ origin: 'other.example', reader: largeRecordLog(5) });
    await expect(toFile(3, { open })).rejects.toMatchObject({ code: 'configuration', message: /log\.example/ });
  });

  test('of a log that was rolled back is evidence: the run stops', async () => {
    await toFile(30);
    await expect(toFile(20)).rejects.toMatchObject({ code: 'verification', message: /rewritten or rolled back/ });
  });
});

const whyNot = whyNoMount();
describe.skipIf(whyNot !== undefined)(`a disk that fills up${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
  test('stops the export, which goes on when there is space', async () => {
    const disk = join(place, 'disk');
    mkdirSync(disk);
    const unmount = mountTmpfs(disk, 'size=1m');
    try {
      const out = join(disk, 'out.jsonl');
      await expect(toFile(2000, { sink: await openFileSink(out) })).rejects.toMatchObject({ code: 'unreachable', where: out });
      const saved = JSON.parse(readFileSync(cursorFile(), 'utf8')) as { next: number };
      const kept = readFileSync(out, 'utf8').split('\n').length - 1;
      expect(kept).toBeGreaterThanOrEqual(saved.next);
      rmSync(out);
      await toFile(saved.next + 100, { sink: await openFileSink(out) });
      expect(indices(readFileSync(out, 'utf8'))).toEqual(upTo(saved.next + 100).slice(saved.next));
    } finally {
      unmount();
    }
  });
});

describe('to a stream', () => {
  test('writes lines no faster than they are read, and leaves the stream open', async () => {
    const stream = new PassThrough({ highWaterMark: 1024 });
    let most = 0;
    const chunks: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        most = Math.max(most, stream.readableLength);
        chunks.push(chunk);
      }
    })();
    await toFile(1200, { sink: streamSink(stream) });
    stream.end('');
    await reading;
    expect(indices(Buffer.concat(chunks).toString())).toEqual(upTo(1200));
  });

  test('that nobody reads any more ends the export, and the cursor stays behind', async () => {
    const stream = new Writable({ write: (_, __, done) => done(new Error('EPIPE')) });
    stream.on('error', () => undefined);
    await expect(toFile(10, { sink: streamSink(stream) })).rejects.toMatchObject({ code: 'unreachable', message: /EPIPE/ });
    expect(existsSync(cursorFile())).toBe(false);
  });
});

describe('to a collector', () => {
  test.each([
    ['jsonl', 'application/x-ndjson'],
    ['ocsf', 'application/x-ndjson'],
    ['cloudevents', 'application/cloudevents-batch+json'],
  ] as const)('%s is posted as %s; what is acknowledged does not come again', async (format, type) => {
    const bodies: string[] = [];
    let fail = true;
    const sink = postSink(async ({ body, headers }) => {
      expect(headers()['content-type']).toBe(type);
      if (bodies.length === 1 && fail) throw new SignwrightError('unreachable', 'collector.example did not take it');
      bodies.push(Buffer.from(body).toString());
    }, format);
    const cursor = exportCursor(cursorFile(), format);
    await expect(toFile(1200, { format, sink, cursor })).rejects.toMatchObject({ code: 'unreachable' });
    fail = false;
    await toFile(1200, { format, sink, cursor });
    const events = bodies.flatMap((body) =>
      format === 'cloudevents'
        ? (JSON.parse(body) as object[])
        : body
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as object),
    );
    expect(events).toHaveLength(1200);
  });
});

describe('an export that follows', () => {
  const sinkTo = (batches: ExportBatch[], onTake: () => void = () => undefined): ExportSink => ({
    async take(batch) {
      batches.push(batch);
      onTake();
    },
    close: async () => undefined,
  });

  test('takes what comes, in order, until it is stopped', async () => {
    const controller = new AbortController();
    const batches: ExportBatch[] = [];
    let size = 2;
    const open = async (): Promise<LogView> => viewOf(size++)();
    const sink = sinkTo(batches, () => {
      if (batches.length === 3) controller.abort();
    });
    expect(await toFile(0, { open, sink, followMs: 1000, signal: controller.signal })).toBe(4);
    expect(batches.map(({ after }) => after.next)).toEqual([2, 3, 4]);
  });

  test('is stopped at once, also while it waits', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const started = performance.now();
    await toFile(3, { sink: sinkTo([]), followMs: 3_600_000, signal: controller.signal });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('waits for a log or a collector that cannot be reached, and says so', async () => {
    const controller = new AbortController();
    const batches: ExportBatch[] = [];
    const troubles: string[] = [];
    let opens = 0;
    const open = async (): Promise<LogView> => {
      if (++opens === 2) throw new SignwrightError('unreachable', 'the bucket does not answer');
      return viewOf(opens)();
    };
    let takes = 0;
    const sink: ExportSink = {
      async take(batch) {
        if (++takes === 2) throw new SignwrightError('unreachable', 'the collector does not answer');
        batches.push(batch);
        if (batches.length === 2) controller.abort();
      },
      close: async () => undefined,
    };
    const onTrouble = (message: string): void => void troubles.push(message);
    await toFile(0, { open, sink, followMs: 1000, signal: controller.signal, onTrouble });
    expect(troubles).toEqual(['the bucket does not answer', 'the collector does not answer']);
    expect(batches.flatMap(({ lines }) => lines.map((line) => (JSON.parse(line) as { index: number }).index))).toEqual([
      0, 1, 2, 3,
    ]);
  });

  test('ends where the log was rolled back under it', async () => {
    let opens = 0;
    const open = async (): Promise<LogView> => viewOf(++opens === 1 ? 10 : 5)();
    await expect(toFile(0, { open, sink: sinkTo([]), followMs: 1000 })).rejects.toMatchObject({ code: 'verification' });
  });

  test('looks neither more than once a second nor less than once an hour', async () => {
    for (const followMs of [0, 999, 3_600_001, Number.NaN]) {
      await expect(toFile(1, { sink: sinkTo([]), followMs })).rejects.toMatchObject({ code: 'usage' });
    }
  });
});
