import {
  type AuditLog,
  type EvidenceBatches,
  type EvidenceItem,
  type Receipt,
  type Sha256,
  type SignedPart,
  SignwrightError,
  type Verified,
  writeReceipt,
} from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { writeSidecars } from './prepare-sidecars.ts';
import type { Signed } from './sign-works.ts';
import type { SigningRun, Work } from './work.ts';

/** Where what was signed goes. */
export type Publication = {
  readonly open: OpenPolicy;
  readonly store: EvidenceBatches;
  readonly log: AuditLog | undefined;
  readonly run: SigningRun;
  readonly note: (line: string) => void;
};

/**
 * Publishes what was signed and recorded: the parts with the proofs of their records and the policy they were signed under, in one
 * go, then what lies beside the files.
 *
 * @returns the parts.
 */
export async function publish(signed: readonly Signed[], { open, store, log, run, note }: Publication): Promise<Verified[]> {
  const made: Verified[] = [];
  const items: EvidenceItem[] = [];
  for (const { work, made: one, receipt } of signed) {
    if (one.files) continue;
    items.push(...(await itemsOf(work, one.part, receipt, log)));
    made.push(one.part.verified);
  }
  if (items.length > 0) {
    const retained = items.flatMap(({ retainUntil }) => retainUntil?.getTime() ?? []);
    const until = retained.length === 0 ? {} : { retainUntil: new Date(Math.max(...retained)) };
    await store.putAll([...items, { evidence: open.snapshot(), subjects: [open.policy.digest], ...until }]);
  }
  for (const { work, made: one, receipt } of signed) {
    if (one.files) note(await writeSidecars(work.definition, one.files, run));
    else note(describe(work, one.part, receipt));
  }
  return made;
}

/** A part under the artifacts it is about, and its record under the part itself, as whoever verifies looks for them. */
async function itemsOf(
  work: Work,
  part: SignedPart,
  receipt: Receipt | undefined,
  log: AuditLog | undefined,
): Promise<EvidenceItem[]> {
  const until = retainUntil(work);
  const subjects: Sha256[] = [...new Set(work.artifacts.map(({ digest }) => digest))];
  const items: EvidenceItem[] = [{ evidence: part.bytes, subjects, ...until }];
  if (receipt === undefined) return items;
  const proof = (await proofOf(receipt, log)) ?? writeReceipt({ ...receipt, evidence: part.evidence });
  return [...items, { evidence: proof, subjects: [part.evidence], ...until }];
}

/** The record is durable; whoever cannot reach the log just now proves it later. */
async function proofOf(receipt: Receipt, log: AuditLog | undefined): Promise<Uint8Array | undefined> {
  try {
    return await log?.prove(receipt);
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'unreachable') return undefined;
    throw error;
  }
}

/** Until when its tiers want it kept. */
function retainUntil({ artifacts }: Work): { retainUntil?: Date } {
  const seconds = Math.max(0, ...artifacts.map(({ required }) => required.demands.retain ?? 0));
  return seconds === 0 ? {} : { retainUntil: new Date(Date.now() + seconds * 1000) };
}

function describe({ definition, artifacts }: Work, part: SignedPart, receipt: Receipt | undefined): string {
  const recorded = receipt === undefined ? '' : `, record ${receipt.record}`;
  return `${definition.id}: signed ${artifacts.length}, evidence ${part.evidence}${recorded}`;
}
