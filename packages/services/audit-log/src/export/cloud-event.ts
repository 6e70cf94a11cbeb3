import { RECORD } from '@signwright/signing-core';
import { type ExportedRecord, eventOf, jsonOf, textOf, timeOf } from './raw-record.ts';

/**
 * A CloudEvents 1.0 event in JSON: `id` is the record's and the same for ever, `source` the log's origin, `subject` the request.
 * `sequence` (an extension of the specification's own) orders them as the log does.
 */
export function toCloudEvent({ origin, entry, bytes }: ExportedRecord): object {
  const record = jsonOf(bytes);
  const time = timeOf(record);
  const subject = textOf(record, 'request');
  return {
    specversion: '1.0',
    id: entry.id,
    // A URI reference: an origin has no spaces, but nothing keeps it from having other characters.
    source: encodeURI(origin),
    type: `dev.signwright.record.${eventOf(record)}.v1`,
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
    ...(subject === undefined || subject === '' ? {} : { subject }),
    sequence: String(entry.index).padStart(16, '0'),
    ...(record === undefined
      ? { datacontenttype: 'application/octet-stream', data_base64: Buffer.from(bytes).toString('base64') }
      : {
          datacontenttype: 'application/json',
          ...(textOf(record, 'type') === RECORD ? { dataschema: RECORD } : {}),
          data: record,
        }),
  };
}
