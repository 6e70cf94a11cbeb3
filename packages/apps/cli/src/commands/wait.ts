import { setTimeout as pause } from 'node:timers/promises';
import { refuseUnenforced, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import { type AuditLog, type EvidenceReceipt, type EvidenceStore, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { auditDefinition, openLogStore, openProver } from '../context/open-log.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { retainedFor } from '../context/retained-for.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { printLines, printNote } from '../print-lines.ts';
import type { SharedOptions } from '../shared-options.ts';

export type WaitOptions = SharedOptions & {
  readonly digest?: string;
  readonly name?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly every: number;
};

/**
 * `signwright wait`: asks the log for the proofs of records that were only written yet, until it has them all, and keeps each beside
 * the signature it is about.
 */
export async function wait(paths: string[], options: WaitOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const audit = auditDefinition(open);
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = await hashArtifacts(named, options, run);
  const store = await openEvidence(place, open);
  const log = await openProver(open, audit, await openLogStore(open, audit));
  const retained = retentionOf(open, artifacts, options.environment);

  const started = performance.now();
  const refused = new Set<string>();
  let proven = 0;
  for (;;) {
    const waiting = await receiptsOf(store, artifacts, open);
    const missing: EvidenceReceipt[] = [];
    for (const [part, receipts] of waiting) {
      const proof = await proofOf(log, receipts, refused);
      if (proof === 'not-yet') missing.push(receipts[0] as EvidenceReceipt);
      else if (proof !== 'none') {
        await store.put(proof, [part], retained);
        proven += 1;
      }
    }
    const lost = [...waiting].filter(([, receipts]) => receipts.every((one) => refused.has(idOf(one))));
    if (missing.length === 0) {
      for (const [part] of lost) printNote(`no receipt of ${part} fits the log: it was written to another one, or made up`);
      printLines([`${proven === 0 ? 'nothing to wait for' : `proven: ${proven}`}; "signwright verify" decides`]);
      return lost.length === 0 ? EXIT.allow : EXIT.deny;
    }
    const left = options.timeout * 1000 - (performance.now() - started);
    if (left <= 0) {
      printNote(
        `still waiting for ${missing.length} ${missing.length === 1 ? 'record' : 'records'}: ${whyOf(missing, audit.rule.count)}`,
      );
      return EXIT.inconclusive;
    }
    await pause(Math.min(left, options.every * 1000), undefined, { signal: run.signal }).catch(() => {
      throw new SignwrightError('cancelled', `stopped while waiting for ${missing.length} records`);
    });
  }
}

/**
 * The proof that any of a part's receipts leads to. Whoever can write to the evidence store can make up receipts; what the log does
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

/** The receipts of parts about these artifacts that nobody has proved yet, by part. */
async function receiptsOf(
  store: EvidenceStore,
  artifacts: readonly ArtifactInHand[],
  open: OpenPolicy,
): Promise<ReadonlyMap<Sha256, readonly EvidenceReceipt[]>> {
  const digests: Sha256[] = artifacts.map(({ digest }) => digest);
  const { records, unreachable } = await collectEvidence(store, digests, open);
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
