import { type LogRecord, sha256, writeRecord } from '@signwright/signing-core';
import { largeRecordLog, numberedIntent, numberedResult, recordLog, testApproval } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import type { LogReader } from '../search/log-entry.ts';
import { EXPORT_FORMATS, type ExportFormat, type ExportPosition, exportRecords } from './export-records.ts';

const ORIGIN = 'log.example/acme';
const START: ExportPosition = { origin: ORIGIN, next: 0 };

async function linesOf(reader: LogReader, format: ExportFormat, from = START): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of exportRecords({ origin: ORIGIN, reader }, format, from)) lines.push(...batch.lines);
  return lines;
}

test('JSON Lines have the record whole, its index, its id and its log', async () => {
  const [line] = await linesOf(recordLog([numberedIntent(1)]), 'jsonl');
  expect(JSON.parse(line!)).toEqual({
    index: 0,
    id: sha256(writeRecord(numberedIntent(1))),
    origin: ORIGIN,
    record: JSON.parse(writeRecord(numberedIntent(1)).toString()),
  });
});

test('CloudEvents have what CloudEvents 1.0 requires, a stable id, and the log’s order', async () => {
  const lines = await linesOf(
    recordLog([numberedIntent(1), numberedResult(1), testApproval('no', { said: 'reject' })]),
    'cloudevents',
  );
  const [intent, result, approval] = lines.map((line) => JSON.parse(line));
  expect(intent).toEqual({
    specversion: '1.0',
    id: sha256(writeRecord(numberedIntent(1))),
    source: ORIGIN,
    type: 'dev.signwright.record.intent.v1',
    time: '2026-01-01T00:00:30.000Z',
    subject: numberedIntent(1).request,
    sequence: '0000000000000000',
    datacontenttype: 'application/json',
    dataschema: 'https://signwright.dev/record/v1',
    data: JSON.parse(writeRecord(numberedIntent(1)).toString()),
  });
  expect(result).toMatchObject({ type: 'dev.signwright.record.result.v1', sequence: '0000000000000001' });
  expect(approval).toMatchObject({
    type: 'dev.signwright.record.approval.v1',
    time: '2026-11-22T12:00:00.000Z',
    subject: sha256('request no'),
    dataschema: 'https://signwright.dev/record/v1',
    data: { said: 'reject', person: 'ann', evidence: sha256('evidence no') },
  });
  // CloudEvents 1.0, attribute names: lower-case letters and digits.
  for (const name of Object.keys(intent)) expect(name).toMatch(/^[a-z0-9]+$|^data_base64$/);
});

describe.each(EXPORT_FORMATS)('as %s', (format) => {
  test('every record is a line, whatever is in it, and a line has nothing that a log or terminal would obey', async () => {
    const hostile: (LogRecord | Uint8Array)[] = [
      Buffer.from([0xff, 0x00]),
      Buffer.alloc(0),
      Buffer.from('[1]'),
      Buffer.from('{"a":1,"a":2}'),
      Buffer.from('{"event":"Key Created\\n","time":"tomorrow","request":7}'),
      Buffer.from('{"event":"key-created","time":"2026-01-01T00:00:00Z"}'),
      { ...numberedIntent(1), host: 'a\n\u001b[31m\u2028\u202e\u0085##vso[task.complete]', address: '::1%eth0' },
    ];
    const lines = await linesOf(recordLog(hostile), format);
    expect(lines).toHaveLength(hostile.length);
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow();
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|##/u);
    }
    expect(JSON.stringify(JSON.parse(lines.at(-1)!))).toContain('##vso[task.complete]');
  });

  test('an event of a later version keeps its name and its content', async () => {
    const [line] = await linesOf(recordLog([Buffer.from('{"event":"key-created","fingerprint":"abc"}')]), format);
    expect(line).toContain('key-created');
    expect(line).toContain('abc');
  });

  test('an export that goes on has what one at once has', async () => {
    const log = largeRecordLog(1200);
    const whole = await linesOf(log, format);
    const parts: string[] = [];
    let position = START;
    for (const size of [1, 2, 700, 1200]) {
      const reader: LogReader = { size, records: (from, to) => log.records(from, to) };
      for await (const { lines, after } of exportRecords({ origin: ORIGIN, reader }, format, position)) {
        parts.push(...lines);
        position = after;
      }
    }
    expect(parts).toEqual(whole);
    expect(position).toMatchObject({ origin: ORIGIN, next: 1200 });
  });
});

test('batches are bounded by lines and by bytes, and say where they end', async () => {
  const ends: number[] = [];
  for await (const { lines, after } of exportRecords({ origin: ORIGIN, reader: largeRecordLog(1100) }, 'jsonl', START)) {
    expect(lines.length).toBeLessThanOrEqual(500);
    ends.push(after.next);
  }
  expect(ends).toEqual([500, 1000, 1100]);
  const large = recordLog(Array.from({ length: 100 }, () => Buffer.from(JSON.stringify({ a: 'x'.repeat(60_000) }))));
  for await (const { lines } of exportRecords({ origin: ORIGIN, reader: large }, 'jsonl', START)) {
    expect(lines.join('').length).toBeLessThan(1024 * 1024 + 70_000);
  }
});

describe('nothing is exported from a log', () => {
  const log = largeRecordLog(20);
  async function position(): Promise<ExportPosition> {
    let after = START;
    for await (const batch of exportRecords({ origin: ORIGIN, reader: log }, 'jsonl', START)) after = batch.after;
    return after;
  }

  test('of another name', async () => {
    const other = linesOf(log, 'jsonl', { origin: 'other.example', next: 0 });
    await expect(other).rejects.toMatchObject({ code: 'configuration', message: /other\.example/ });
  });

  test('that is shorter than what was exported', async () => {
    await expect(linesOf(largeRecordLog(19), 'jsonl', await position())).rejects.toMatchObject({ code: 'verification' });
  });

  test('whose last exported record is another now', async () => {
    const records = [...Array.from({ length: 19 }, (_, at) => numberedIntent(at)), numberedIntent(99), numberedIntent(100)];
    await expect(linesOf(recordLog(records), 'jsonl', await position())).rejects.toMatchObject({
      code: 'verification',
      message: /record 19/,
    });
  });

  test('once it was stopped', async () => {
    const batches = exportRecords({ origin: ORIGIN, reader: log }, 'jsonl', START, AbortSignal.abort());
    await expect(batches.next()).rejects.toMatchObject({ code: 'cancelled' });
  });
});
