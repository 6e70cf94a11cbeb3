import { resolveArtifact } from '@signwright/policy';
import { type AuditLog, type EvidenceReceipt, type EvidenceStore, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { auditDefinition, openLogStore, openProver } from '../context/open-log.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { retainedFor } from '../context/retained-for.ts';
import { ruleDigests } from '../context/rule-digests.ts';
import { EXIT } from '../exit.ts';
import { printNote } from '../print-lines.ts';

/** The proofs of what was recorded about some artifacts. */
export type Proofs = {
  /** Asks the log for those that are missing, and keeps what it gives. */
  gather(): Promise<Gathered>;
};

export type Gathered = {
  /** How many were kept since the beginning. */
  readonly proven: number;
  /** Whether a receipt fits no record of the log. */
  readonly lost: boolean;
  /** Why some are not there yet, and the exit code it means. */
  readonly waiting?: { readonly lines: readonly string[]; readonly exit: number };
};

/** Opens the policy's log for its proofs; nothing where the policy keeps none. */
export async function openProofs(
  open: OpenPolicy,
  store: EvidenceStore,
  artifacts: readonly ArtifactInHand[],
  environment: string | undefined,
): Promise<Proofs | undefined> {
  if (open.policy.audit === undefined) return undefined;
  const audit = auditDefinition(open);
  const log = await openProver(open, audit, await openLogStore(open, audit));
  const retained = retentionOf(open, artifacts, environment);
  const refused = new Set<string>();
  const told = new Set<Sha256>();
  let proven = 0;
  return {
    async gather() {
      const waiting = await receiptsOf(store, artifacts, open, environment);
      const missing: EvidenceReceipt[] = [];
      for (const [evidence, receipts] of waiting) {
        const proof = await proofOf(log, receipts, refused);
        if (proof === 'not-yet') missing.push(receipts[0] as EvidenceReceipt);
        else if (proof !== 'none') {
          await store.put(proof, [evidence], retained);
          proven += 1;
        }
      }
      const lost = [...waiting].filter(([, receipts]) => receipts.every((one) => refused.has(idOf(one))));
      for (const [evidence] of lost) {
        if (!told.has(evidence)) printNote(`no receipt of ${evidence} fits the log: it was written to another one, or made up`);
        told.add(evidence);
      }
      const found = { proven, lost: lost.length > 0 };
      if (missing.length === 0) return found;
      const what = missing.length === 1 ? 'record' : 'records';
      const line = `still waiting for ${missing.length} ${what}: ${whyOf(missing, audit.rule.count)}`;
      return { ...found, waiting: { lines: [line], exit: EXIT.inconclusive } };
    },
  };
}

/**
 * The proof that any of the receipts leads to. Whoever can write to the evidence store can make up receipts; what the log does
 * not know keeps none of the others from being proved, and is asked for once.
 */
async function proofOf(
  log: Pick<AuditLog, 'prove'>,
  receipts: readonly EvidenceReceipt[],
  refused: Set<string>,
): Promise<Uint8Array | 'not-yet' | 'none'> {
  let waits = false;
  for (const receipt of receipts.filter((one) => !refused.has(idOf(one)))) {
    try {
      const proof = await log.prove(receipt);
      if (proof !== undefined) return proof;
      waits = true;
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code !== 'verification') throw error;
      refused.add(idOf(receipt));
    }
  }
  return waits ? 'not-yet' : 'none';
}

function idOf({ segment, place, record }: EvidenceReceipt): string {
  return `${segment} ${place} ${record}`;
}

/** The receipts of parts and statements about these artifacts that nobody has proved yet, by their evidence. */
async function receiptsOf(
  store: EvidenceStore,
  artifacts: readonly ArtifactInHand[],
  open: OpenPolicy,
  environment: string | undefined,
): Promise<ReadonlyMap<Sha256, readonly EvidenceReceipt[]>> {
  const subjects = [...artifacts.map(({ digest }) => digest), ...ruleDigests(open.policy, artifacts, environment)];
  const { records, unreachable } = await collectEvidence(store, subjects, open);
  if (unreachable !== undefined) throw new SignwrightError('unreachable', unreachable);
  return new Map([...records.receipts].filter(([part]) => !records.proven.has(part)));
}

function whyOf([first]: readonly EvidenceReceipt[], witnesses: number): string {
  const where = `${first?.origin} has it in segment ${first?.segment}`;
  if (witnesses === 0) return `${where}, which is not in order yet ("signwright audit sequence", where its key is)`;
  return `${where}; it must be in order ("signwright audit sequence") and ${witnesses} of the witnesses must have cosigned ("signwright audit witness")`;
}

function retentionOf(
  { policy }: OpenPolicy,
  artifacts: readonly ArtifactInHand[],
  environment: string | undefined,
): Date | undefined {
  const seconds = artifacts.map(({ name }) => {
    const resolution = resolveArtifact(policy, { name, ...(environment === undefined ? {} : { environment }) });
    return resolution.status === 'required' ? (resolution.demands.retain ?? 0) : 0;
  });
  const longest = Math.max(0, ...seconds);
  return longest === 0 ? undefined : retainedFor(longest);
}
