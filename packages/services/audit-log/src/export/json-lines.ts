import { type ExportedRecord, jsonOf } from './raw-record.ts';

/** `{"index", "id", "origin", "record"}`; `bytes` in base64 in place of `record` where it is no JSON. */
export function toJsonLine({ origin, entry, bytes }: ExportedRecord): object {
  const record = jsonOf(bytes);
  const content = record === undefined ? { bytes: Buffer.from(bytes).toString('base64') } : { record };
  return { index: entry.index, id: entry.id, origin, ...content };
}
