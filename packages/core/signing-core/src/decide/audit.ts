import type { Sha256 } from '../formats/digest.ts';
import type { AuditRequirement } from '../requirement.ts';
import type { NextStep, Outcome, Refusal } from '../verdict.ts';

/** A record that the log proves, of a signature. */
export type ProvenRecord = {
  /** The proof's own digest. */
  readonly proof: Sha256;
  readonly origin: string;
  readonly index: number;
  readonly size: number;
  /** The checkpoint's root hash, base64. */
  readonly root?: string;
  readonly witnesses: readonly string[];
};

/** What is known of the records of the evidence at hand, by the digest of each bundle. */
export type FoundRecords = {
  readonly proven: ReadonlyMap<Sha256, ProvenRecord>;
  /** Written, and not proven yet: why. */
  readonly waiting: ReadonlyMap<Sha256, string>;
  /** Proofs that do not hold. */
  readonly refused: ReadonlyMap<Sha256, readonly Refusal[]>;
};

/** What the decision about records rests on beside the records. */
type AuditContext = { readonly unreachable?: string; readonly next: NextStep; readonly wait: NextStep };

/**
 * Decides whether every signature that counts is recorded: a signature whose record nobody can prove may have been made outside.
 *
 * @param outcomes what became of the other requirements.
 */
export function decideAudit(
  { id, layer, log }: AuditRequirement,
  outcomes: readonly Outcome[],
  records: FoundRecords | undefined,
  context: AuditContext,
): Outcome {
  const unknown = outcomes.find(({ status }) => status === 'inconclusive');
  const used = [
    ...new Set(outcomes.filter(({ status }) => status === 'met' || status === 'waived').flatMap(({ evidence }) => evidence)),
  ];
  const refused = used.flatMap((evidence) => records?.refused.get(evidence) ?? []);
  const base = { requirement: id, layer, evidence: [], refused };
  if (used.length === 0) {
    if (unknown)
      return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: unknown.message, ...nextOf(unknown) };
    const message = 'no signature counts, so there is no record to prove';
    return { ...base, status: 'unmet', code: 'no-record', message, next: recordedRun(context) };
  }
  const proofs = used.flatMap((evidence) => records?.proven.get(evidence) ?? []);
  if (proofs.length === used.length) {
    return {
      ...base,
      status: 'met',
      code: 'record-proven',
      message: describe(proofs),
      evidence: proofs.map(({ proof }) => proof),
    };
  }
  const missing = used.filter((evidence) => !records?.proven.has(evidence));
  const waiting = missing.map((evidence) => records?.waiting.get(evidence));
  const outside = missing.find((evidence) => !records?.waiting.has(evidence));
  if (context.unreachable !== undefined) {
    return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: context.unreachable, next: context.next };
  }
  if (outside !== undefined) {
    const message = `the signature ${outside} has no record here that ${logNames(log.keys)} proves: it was made outside, or its run was stopped before it left the proof`;
    return { ...base, status: 'unmet', code: 'no-record', message, next: recordedRun(context) };
  }
  const message = `the record is written and not proven yet: ${waiting.find((why) => why !== undefined) ?? 'it is not ordered'}`;
  return { ...base, status: 'inconclusive', code: 'record-pending', message, next: context.wait };
}

function recordedRun({ next }: AuditContext): NextStep {
  return { ...next, text: `have these bytes signed by a run that records them; then ${next.text}` };
}

function nextOf({ next }: Outcome): { next?: NextStep } {
  return next === undefined ? {} : { next };
}

function describe(proofs: readonly ProvenRecord[]): string {
  const [first] = proofs;
  const witnesses = [...new Set(proofs.flatMap((proof) => proof.witnesses))].sort();
  const cosigned = witnesses.length === 0 ? '' : `, cosigned by ${witnesses.join(', ')}`;
  const indices = proofs.map(({ index }) => index).join(', ');
  return `recorded in ${first?.origin} at ${indices}, as its checkpoint of ${first?.size} records proves${cosigned}`;
}

function logNames(keys: readonly string[]): string {
  return [...new Set(keys.map((key) => key.split('+')[0]))].join(', ');
}
