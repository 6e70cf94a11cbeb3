import { SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { isSha256, type Sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type Json, type JsonObject, parseStrictJson } from '../formats/strict-json.ts';
import type { Receipt } from '../ports/audit-log.ts';

/** The type of a receipt as it is kept beside the evidence its record names. */
const RECEIPT = 'https://signwright.dev/receipt/v1';

/** A receipt of the log for the RESULT that names a piece of evidence; the piece's digest beside it. */
export type EvidenceReceipt = Receipt & { readonly evidence: Sha256 };

/** How the one encoding begins and ends: RFC 8785 sorts the keys. */
export const RECEIPT_START = '{"evidence":"sha256:';
export const RECEIPT_END: string = `,"type":"${RECEIPT}"}`;

const MAX_RECEIPT = 4096;
const MAX_ORIGIN = 255;
/** A log's name, as signed notes have it: no space, no plus, and nothing that is not seen (https://c2sp.org/signed-note). */
const ORIGIN = /^[^\s+\p{C}\p{Z}]+$/u;

/** The bytes of a receipt, RFC 8785. @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function writeReceipt(receipt: EvidenceReceipt): Buffer {
  const { origin, record, segment, place, evidence } = receipt;
  const json = { type: RECEIPT, origin, record, segment, place, evidence };
  checkReceipt(json);
  return Buffer.from(canonicalJson(json));
}

/**
 * Reads a receipt. It proves nothing: whoever wrote it may have made it up. With it the log can be asked for the proof.
 *
 * @throws SignwrightError `invalid-input` for anything but the bytes {@link writeReceipt} makes.
 */
export function readReceipt(bytes: Uint8Array): EvidenceReceipt {
  const json = parseStrictJson(bytes, { what: 'the receipt', maxBytes: MAX_RECEIPT, maxDepth: 1 });
  const receipt = checkReceipt(json);
  if (!Buffer.from(canonicalJson(json)).equals(bytes)) {
    throw new SignwrightError('invalid-input', 'the receipt: it is not in its canonical form (RFC 8785)');
  }
  return receipt;
}

function checkReceipt(json: Json): EvidenceReceipt {
  const read = fieldReader('the receipt');
  const fields: JsonObject = read.object(json, '', ['type', 'origin', 'record', 'segment', 'place', 'evidence']);
  const digest = (key: string): Sha256 => {
    const text = read.text(fields[key], key);
    return isSha256(text) ? text : read.fail(key, 'is not a SHA-256 digest');
  };
  const count = (key: string): number => {
    const number = fields[key];
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
      ? number
      : read.fail(key, 'must be a whole number from 0');
  };
  if (read.text(fields['type'], 'type') !== RECEIPT) read.fail('type', `is not ${RECEIPT}`);
  const origin = read.text(fields['origin'], 'origin');
  if (!ORIGIN.test(origin) || origin.length > MAX_ORIGIN) read.fail('origin', 'is not the name of a log');
  return { origin, record: digest('record'), segment: count('segment'), place: count('place'), evidence: digest('evidence') };
}
