import type { Sha256 } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { type Affected, type AffectedSignature, affectedOf } from './affected.ts';
import { affectedInEvidence } from './affected-in-evidence.ts';
import { affectedInLog, recordsOfStatements } from './affected-in-log.ts';
import type { Scope } from './scope.ts';

/**
 * Finds all that a compromise affects, in the evidence and in the log. What could not be looked at is in `unread`, and hides nothing
 * of the rest.
 */
export async function findAffected(
  open: OpenPolicy,
  scope: Scope,
  options: { readonly evidence?: string; readonly signal: AbortSignal },
): Promise<Affected> {
  const { signatures: recorded = [], unread, limits } = await affectedInLog(open, scope, options.signal);
  const kept = await affectedInEvidence(open, scope, { ...options, recorded });
  const isOthers = ({ evidence }: AffectedSignature): boolean => evidence !== undefined && kept.others.has(evidence);
  const united = unite(
    kept.signatures,
    recorded.filter((one) => !isOthers(one)),
  );
  const loose = united.flatMap(({ standing, evidence }) => (standing === 'not-recorded' ? (evidence ?? []) : []));
  // What could not be read of the log is told already.
  const named = unread.length > 0 ? new Map<Sha256, Sha256>() : await recordsOfStatements(open, new Set(loose), options.signal);
  const signatures = united.map((one) => withRecord(one, one.evidence === undefined ? undefined : named.get(one.evidence)));
  const affected = new Set<Sha256>(signatures.flatMap(({ evidence }) => evidence ?? []));
  const verdicts = kept.verdicts.flatMap(({ inputs, ...verdict }) => {
    const rests = inputs.filter((input) => affected.has(input));
    return rests.length === 0 ? [] : [{ ...verdict, rests }];
  });
  return { ...affectedOf(signatures, verdicts), unread: [...kept.unread, ...unread], limits: [...kept.limits, ...limits] };
}

function withRecord(one: AffectedSignature, record: Sha256 | undefined): AffectedSignature {
  return record === undefined || one.standing !== 'not-recorded' ? one : { ...one, record, standing: 'recorded' };
}

/** A signature in the evidence and its record are one. */
function unite(kept: readonly AffectedSignature[], recorded: readonly AffectedSignature[]): AffectedSignature[] {
  const inEvidence = new Map(kept.map((one) => [one.evidence, one]));
  const both = new Set<Sha256 | undefined>();
  const united = recorded.map((one) => {
    const there = one.evidence === undefined ? undefined : inEvidence.get(one.evidence);
    if (there === undefined) return one;
    both.add(one.evidence);
    return { ...one, ...(there.doubt === undefined ? {} : { doubt: there.doubt }) };
  });
  return [...united, ...kept.filter(({ evidence }) => !both.has(evidence))];
}
