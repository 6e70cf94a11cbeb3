import { setTimeout as pause } from 'node:timers/promises';
import { refuseUnenforced, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import { type EvidenceReceipt, type EvidenceStore, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { auditDefinition, openLogStore, openProver } from '../context/open-log.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { retainedFor } from '../context/retained-for.ts';
import type { Run } from '../context/run.ts';
import { EXIT, messageWithPlace } from '../exit.ts';
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
  const failed = new Map<Sha256, SignwrightError>();
  let proven = 0;
  for (;;) {
    const waiting = await receiptsOf(store, artifacts, open);
    const missing: EvidenceReceipt[] = [];
    for (const receipt of waiting.filter(({ evidence }) => !failed.has(evidence))) {
      try {
        const proof = await log.prove(receipt);
        if (proof === undefined) missing.push(receipt);
        else {
          await store.put(proof, [receipt.evidence], retained);
          proven += 1;
        }
      } catch (error) {
        // Whoever can write to the evidence store can make up a receipt; it must not keep the others waiting.
        if (!(error instanceof SignwrightError) || error.code !== 'verification') throw error;
        failed.set(receipt.evidence, error);
        printNote(`the receipt of ${receipt.evidence} does not hold: ${messageWithPlace(error)}`);
      }
    }
    if (missing.length === 0) {
      const [failure] = failed.values();
      if (failure && proven === 0) throw failure;
      printLines([`${proven === 0 ? 'nothing to wait for' : `proven: ${proven}`}; "signwright verify" decides`]);
      return EXIT.allow;
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

/** The receipts of parts about these artifacts that nobody has proved yet. */
async function receiptsOf(
  store: EvidenceStore,
  artifacts: readonly ArtifactInHand[],
  open: OpenPolicy,
): Promise<EvidenceReceipt[]> {
  const digests: Sha256[] = artifacts.map(({ digest }) => digest);
  const { records, unreachable } = await collectEvidence(store, digests, open);
  if (unreachable !== undefined) throw new SignwrightError('unreachable', unreachable);
  return [...records.receipts].flatMap(([part, receipt]) => (records.proven.has(part) ? [] : [receipt]));
}

function whyOf([first]: readonly EvidenceReceipt[], witnesses: number): string {
  const cosigned = witnesses === 0 ? '' : `, and ${witnesses} of its witnesses to cosign ("signwright audit witness")`;
  return `${first?.origin} has yet to order segment ${first?.segment} ("signwright audit sequence", where its key is)${cosigned}`;
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
