import { type Compromise, readCompromise } from '../approvals/incident.ts';
import { isSha256, type Sha256 } from '../formats/digest.ts';
import type { FieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { RecordBase } from './record.ts';

/** Somebody of the `incident` role said what was compromised, and what was done: written before the evidence is published. */
export type IncidentRecord = RecordBase &
  Compromise & {
    readonly event: 'incident';
    /** The policy's name for the person, and what they signed with. */
    readonly person: string;
    readonly key: string;
    /** SHA-256 of the signature's bytes, and the digest of the bundle that carries it. */
    readonly signature: Sha256;
    readonly evidence: Sha256;
    /** As the timestamp authority attests, ISO 8601. */
    readonly signed: string;
    readonly reason: string;
    /** The evidence that lists what is affected. */
    readonly list: Sha256;
  };

/** The fields of an incident's record beside those of every record. */
export const INCIDENT_FIELDS = [
  'what',
  'id',
  'since',
  'until',
  'person',
  'key',
  'signature',
  'evidence',
  'signed',
  'reason',
  'list',
] as const;

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readIncidentRecord(read: FieldReader, value: JsonObject, base: RecordBase): IncidentRecord {
  const digest = (json: Json | undefined, path: string): Sha256 => {
    const text = read.text(json, path);
    return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
  };
  read.instant(value['signed'], 'signed');
  return {
    ...base,
    ...readCompromise(read, value, ''),
    event: 'incident',
    person: read.text(value['person'], 'person'),
    key: read.text(value['key'], 'key'),
    signature: digest(value['signature'], 'signature'),
    evidence: digest(value['evidence'], 'evidence'),
    signed: read.text(value['signed'], 'signed'),
    reason: read.text(value['reason'], 'reason'),
    list: digest(value['list'], 'list'),
  };
}
