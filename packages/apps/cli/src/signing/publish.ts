import {
  type AuditLog,
  type EvidenceBatches,
  type EvidenceItem,
  type Receipt,
  type ReleaseName,
  releaseSubject,
  type Sha256,
  type SignedEvidence,
  SignwrightError,
  type Verified,
  type VerifiedStatement,
  writeReceipt,
} from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { retainedFor } from '../context/retained-for.ts';
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
 * Publishes what was signed and recorded: the statements with the proofs of their records and the policy they were signed under,
 * in one go, then what lies beside the files.
 *
 * @returns the statements.
 */
export async function publish(
  signed: readonly Signed[],
  { open, store, log, run, note }: Publication,
): Promise<(Verified | VerifiedStatement)[]> {
  const statements: Published[] = [];
  for (const { work, made, receipt } of signed) {
    if (!made.files) statements.push({ work, made: made.signed, receipt, proof: receipt && (await proofOf(receipt, log)) });
  }
  if (statements.length > 0) {
    const retained = statements.flatMap(({ work }) => retainUntil(work).retainUntil?.getTime() ?? []);
    const until = retained.length === 0 ? {} : { retainUntil: new Date(Math.max(...retained)) };
    await store.putAll([...statements.flatMap(itemsOf), { evidence: open.snapshot(), subjects: [open.policy.digest], ...until }]);
  }
  for (const one of statements) note(describe(one));
  for (const { work, made } of signed) if (made.files) note(await writeSidecars(work.definition, made.files, run));
  return statements.map(({ made }) => made.verified);
}

type Published = {
  readonly work: Work;
  readonly made: SignedEvidence;
  readonly receipt: Receipt | undefined;
  readonly proof: Uint8Array | undefined;
};

/**
 * A statement under the artifacts it is about, and the release it names, and its record under the statement itself, as whoever verifies
 * looks for them.
 */
function itemsOf({ work, made, receipt, proof }: Published): EvidenceItem[] {
  const until = retainUntil(work);
  const release = releaseOf(made);
  const digests: Sha256[] = work.artifacts.map(({ digest }) => digest);
  const subjects = [...new Set(digests), ...(release === undefined ? [] : [releaseSubject(release)])];
  const bundle = { evidence: made.bytes, subjects, ...until };
  if (receipt === undefined) return [bundle];
  return [
    bundle,
    { evidence: proof ?? writeReceipt({ ...receipt, evidence: made.evidence }), subjects: [made.evidence], ...until },
  ];
}

function releaseOf({ verified }: SignedEvidence): ReleaseName | undefined {
  if ('part' in verified) return verified.part.release;
  return verified.said.type === 'manifest' ? verified.said.manifest.release : undefined;
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
  const seconds = Math.max(0, ...artifacts.map(({ retain }) => retain ?? 0));
  return seconds === 0 ? {} : { retainUntil: retainedFor(seconds) };
}

function describe({ work: { definition, deed, artifacts }, made, receipt, proof }: Published): string {
  const signed = `${definition.id}: ${deed} ${artifacts.length}, evidence ${made.evidence}`;
  if (receipt === undefined) return signed;
  if (proof) return `${signed}, record ${receipt.record}`;
  return `${signed}, record ${receipt.record} written and not proven yet: until "signwright audit sequence" (and the witnesses) have run, the log's store could lose it unnoticed, so verify is inconclusive; "signwright wait" waits`;
}
