import { canonicalJson } from '../formats/canonical-json.ts';
import { type ApprovalRecord, type IntentRecord, MAX_RECORD, RECORD, type RefusalRecord } from './record.ts';
import { writeRecord } from './write-record.ts';

/** Bytes that `type`, and a slice's `,"slice":{"number":…,"of":…}`, take at the most. */
const OVERHEAD = 64 + RECORD.length;

/**
 * Writes a record in as many slices as its artifacts need, for a record has less than 64 KiB; one that fits is one record without
 * `slice`. Artifacts keep their order.
 *
 * @throws SignwrightError `invalid-input` where one artifact alone does not fit.
 */
export function writeSliced(record: IntentRecord | RefusalRecord | ApprovalRecord): Buffer[] {
  const empty = Buffer.byteLength(canonicalJson({ ...record, artifacts: [] })) + OVERHEAD;
  const slices: (typeof record.artifacts)[number][][] = [[]];
  let size = empty;
  for (const artifact of record.artifacts) {
    const more = Buffer.byteLength(canonicalJson(artifact)) + 1;
    if (size + more >= MAX_RECORD && (slices.at(-1)?.length ?? 0) > 0) {
      slices.push([]);
      size = empty;
    }
    slices.at(-1)?.push(artifact);
    size += more;
  }
  const of = slices.length;
  return slices.map((artifacts, index) =>
    writeRecord({ ...record, artifacts, ...(of === 1 ? {} : { slice: { number: index + 1, of } }) } as typeof record),
  );
}
