import {
  type ApprovalRecord,
  type EvidenceReceipt,
  type FoundRecords,
  keyOfPerson,
  kindOf,
  type LogKey,
  type LogRule,
  logKeySpan,
  type ProofTrust,
  type ProvenRecord,
  parseVerifierKey,
  type ReadRecord,
  type Refusal,
  type ResultRecord,
  readReceipt,
  type Said,
  type Sha256,
  SignwrightError,
  type Verified,
  type VerifiedStatement,
  verifyRecordProof,
} from '@signwright/signing-core';
import { type EvidenceReader, mostOf } from './evidence-reader.ts';

/** What the store keeps of records beside the parts: proofs, and receipts that proofs can be had for. */
export type StoredRecords = FoundRecords & { readonly receipts: ReadonlyMap<Sha256, readonly EvidenceReceipt[]> };

export const noRecords: StoredRecords = { receipts: new Map(), proven: new Map(), waiting: new Map(), refused: new Map() };

/** Whom proofs must convince, as the policy says it. */
export function proofTrustOf({ keys, spans, witnesses, count }: LogRule): ProofTrust {
  return {
    keys: keys.map((key) => ({ ...parseVerifierKey(key, 'audit.verifier-keys', 'log'), ...spans?.[key] })),
    witnesses: witnesses.map((key) => parseVerifierKey(key, 'audit.witnesses', 'witness')),
    count,
  };
}

type Recorded = Verified | VerifiedStatement;

/** What the proofs and receipts kept beside parts and statements say of them, offline. */
export async function findRecords(reader: EvidenceReader, made: readonly Recorded[], rule: LogRule): Promise<StoredRecords> {
  const trust = proofTrustOf(rule);
  const proven = new Map<Sha256, ProvenRecord>();
  const waiting = new Map<Sha256, string>();
  const receipts = new Map<Sha256, EvidenceReceipt[]>();
  const refused = new Map<Sha256, Refusal[]>();
  const listed = (await reader.list(made.map(({ evidence }) => evidence))) ?? new Map<Sha256, readonly Sha256[]>();
  for (const verified of made) {
    const part = verified.evidence;
    for (const id of mostOf(listed.get(part) ?? [], `records of ${part}`)) {
      const bytes = await reader.get(id);
      const found = bytes === undefined ? undefined : readAbout(verified, id, bytes, trust);
      if (found === undefined) continue;
      if ('proof' in found) proven.set(part, found);
      else if ('code' in found) refused.set(part, [...(refused.get(part) ?? []), found]);
      else {
        waiting.set(part, found.why);
        if (found.receipt) receipts.set(part, [...(receipts.get(part) ?? []), found.receipt]);
      }
    }
  }
  return { proven, waiting, receipts, refused };
}

type Waiting = { readonly why: string; readonly receipt?: EvidenceReceipt };

function readAbout(
  part: Recorded,
  id: Sha256,
  bytes: Uint8Array,
  trust: ProofTrust,
): ProvenRecord | Refusal | Waiting | undefined {
  try {
    switch (kindOf(bytes)) {
      case 'record-proof':
        return readProof(part, id, bytes, trust);
      case 'receipt': {
        const receipt = readReceipt(bytes);
        const { evidence, origin, segment } = receipt;
        if (evidence !== part.evidence || !trust.keys.some(({ name }) => name === origin)) return undefined;
        return { why: `${origin} has it in segment ${segment}, and nobody has proved yet that it is in order there`, receipt };
      }
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof SignwrightError) || !['invalid-input', 'verification'].includes(error.code)) throw error;
    return { evidence: id, code: 'bad-proof', message: error.message };
  }
}

function readProof(part: Recorded, id: Sha256, bytes: Uint8Array, trust: ProofTrust): ProvenRecord | Refusal | Waiting {
  const { status, record, index, checkpoint, signedBy, witnesses } = verifyRecordProof(bytes, trust);
  const { origin, size, root } = checkpoint;
  const said = record.record;
  if (!isSigned(said) || said.evidence !== part.evidence) {
    return { evidence: id, code: 'bad-proof', message: 'it proves another record than that of this signature' };
  }
  const differs = said.event === 'approval' ? whatDiffersOfPerson(said, part) : whatDiffers(said, part);
  if (differs !== undefined) {
    return {
      evidence: id,
      code: 'bad-proof',
      message: `the record names this signature, and its ${differs} is not that of what was signed`,
    };
  }
  const ended = whyEnded(signedBy, part.time.at);
  if (ended !== undefined) return { evidence: id, code: 'bad-proof', message: ended };
  if (status === 'not-witnessed') {
    return { why: `${origin} has ordered it, and ${witnesses.length} of ${trust.count} witnesses have cosigned` };
  }
  return { proof: id, origin, index, size, root: root.toString('base64'), witnesses: witnesses.map(({ name }) => name) };
}

/**
 * Why a checkpoint cannot be one with a record of what was signed at that instant: all keys that signed it had ended. Whoever has an old
 * key can sign a log of their own, and no authority's time on a new signature is before the key's end.
 */
function whyEnded(signedBy: readonly LogKey[], at: number): string | undefined {
  if (signedBy.some(({ until }) => until === undefined || at < until)) return undefined;
  const spans = signedBy.map((key) => `${key.text}, which ${logKeySpan(key)}`).join('; ');
  return `its checkpoint is signed by ${spans}, and what it proves was signed at ${new Date(at).toISOString()}`;
}

type SignedRecord = (ResultRecord & { readonly evidence: Sha256; readonly signed: string }) | ApprovalRecord;

function isSigned(said: ReadRecord['record']): said is SignedRecord {
  return said.event === 'approval' || (said.event === 'result' && said.outcome === 'signed' && 'evidence' in said);
}

/** What a record says of a signature that the signature itself does not: whoever wrote it did not make it. */
function whatDiffers(said: SignedRecord & { readonly event: 'result' }, made: Recorded): string | undefined {
  const { author, time } = made;
  if (author.type === 'ssh') return 'key';
  if (author.type === 'key' ? said.signer.key !== author.keyId : said.signer.certificate === undefined) return 'key';
  const contents = 'part' in made ? made.part : made.said.type === 'manifest' ? made.said.manifest : undefined;
  if (contents !== undefined) {
    if (said.signer.id !== contents.signer) return 'signer';
    if (said.environment !== contents.environment) return 'environment';
    if (said.policy.digest !== contents.policy.digest) return 'policy';
  }
  return Date.parse(said.signed) === time.at ? undefined : 'time';
}

function whatDiffersOfPerson(said: ApprovalRecord, made: Recorded): string | undefined {
  const { author, time } = made;
  if ('part' in made || made.said.type === 'manifest' || author.type === 'key') return 'key';
  if (said.key !== keyOfPerson(author)) return 'key';
  const statement = saidBy(made.said);
  if (statement === undefined || said.said !== statement.said) return 'kind';
  if (said.person !== statement.person) return 'person';
  if (statement.environment !== undefined && said.environment !== statement.environment) return 'environment';
  return Date.parse(said.signed) === time.at ? undefined : 'time';
}

type SaidByPerson = { readonly said: ApprovalRecord['said']; readonly person: string; readonly environment?: string };

/** What a record must tell of a person's statement. */
function saidBy(said: Said): SaidByPerson | undefined {
  switch (said.type) {
    case 'approval':
      return { said: said.approval.decision, person: said.approval.person, environment: said.approval.environment };
    case 'waiver': {
      const { breakGlass, person, environment } = said.waiver;
      return { said: breakGlass ? 'break-glass' : 'waive', person, environment };
    }
    case 'review':
      return { said: 'review', person: said.review.person };
    default:
      return undefined;
  }
}
