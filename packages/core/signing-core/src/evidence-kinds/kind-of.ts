import { REQUEST_END, REQUEST_START } from '../approvals/request.ts';
import { GATE_END, GATE_START } from './gate.ts';
import { SNAPSHOT_END, SNAPSHOT_START } from './policy-snapshot.ts';
import { RECEIPT_END, RECEIPT_START } from './receipt.ts';

/** What an evidence store holds. */
export type EvidenceKind =
  /** A Sigstore bundle, or what claims to be one: `verifyEvidence` tells. */
  | 'bundle'
  /** A C2SP tlog-proof: a record, and that it is in the log. */
  | 'record-proof'
  /** What the log gave for a record that is not proved yet; see `readReceipt`. */
  | 'receipt'
  /** What approvers are asked; see `readRequest`. */
  | 'request'
  /** A job that waits for a request; see `readGate`. */
  | 'gate'
  /** The files a policy was loaded from; see `readSnapshot`. */
  | 'policy-snapshot'
  /** A certificate revocation list in DER, which an archive keeps; see `parseCrl`. */
  | 'crl'
  /** Nothing that this version knows. */
  | 'unknown';

/** The first line of a record proof, with its end (https://c2sp.org/tlog-proof). */
export const TLOG_PROOF = 'c2sp.org/tlog-proof@v1\n';

const LONGEST_HEAD = 160;

/**
 * Tells by its content what a piece of evidence claims to be. Looks at both ends alone: our own formats have one encoding each, and
 * what is a JSON object and none of them is judged as a bundle. The claim is checked by whoever reads it.
 */
export function kindOf(bytes: Uint8Array): EvidenceKind {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const startsWith = (text: string): boolean => content.subarray(0, text.length).equals(Buffer.from(text));
  const endsWith = (text: string): boolean =>
    content.length >= text.length && content.subarray(content.length - text.length).equals(Buffer.from(text));
  if (startsWith(TLOG_PROOF)) return 'record-proof';
  if (startsWith(RECEIPT_START) && endsWith(RECEIPT_END)) return 'receipt';
  if (startsWith(REQUEST_START) && endsWith(REQUEST_END)) return 'request';
  if (GATE_START.test(content.subarray(0, LONGEST_HEAD).toString('latin1')) && endsWith(GATE_END)) return 'gate';
  if (startsWith(SNAPSHOT_START) && endsWith(SNAPSHOT_END)) return 'policy-snapshot';
  if (isSequence(content)) return 'crl';
  return isObject(content) ? 'bundle' : 'unknown';
}

/** Whether it is a DER SEQUENCE to its end, of DER SEQUENCEs as far as one sees: of what evidence is, a CRL alone. */
function isSequence(content: Buffer): boolean {
  const [tag, first = 0] = content;
  if (tag !== 0x30) return false;
  const more = first > 0x80 && first <= 0x84 ? first - 0x80 : 0;
  if (first === 0x80 || (first > 0x80 && more === 0) || content.length < 2 + more + 1) return false;
  const length = more === 0 ? first : content.readUIntBE(2, more);
  return content.length === 2 + more + length && content[2 + more] === 0x30;
}

/** Whether it begins as a JSON object does, after at most a little white space. */
function isObject(content: Buffer): boolean {
  return /^[ \t\r\n]{0,64}\{/.test(content.subarray(0, 65).toString('latin1'));
}
