import { lastAncestor } from '@signwright/authors';
import {
  type EvidenceStore,
  type IntentRecord,
  Refused,
  requirementsOf,
  type Sha256,
  SignwrightError,
  VERIFICATION_SUMMARY,
  type VerificationSummary,
  type VerifiedStatement,
  verifyEvidence,
  verifySummary,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { type RevocationJudge, revocationJudge } from '../context/open-revocation.ts';
import { readLogOf } from '../context/read-log.ts';
import type { CertifiedGroup } from './certified-groups.ts';

export type FindBase = {
  readonly open: OpenPolicy;
  readonly store: EvidenceStore;
  readonly environment: string;
  /** The repository's directory. */
  readonly git: string;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
};

const PAGE = 1000;
/** Verdicts that are looked through, at the most. */
const MOST_PAGES = 50;
/** Commits of which one is taken: older verdicts only make more people authors. */
const MOST_CANDIDATES = 200;

/**
 * Finds the commit of the last release that was allowed: of this repository, in this environment, under the same tiers, with duties
 * separated as they are now and nothing waived. The log says where to look; what counts is the verdict itself, by a verifier of the
 * policy, of a commit that is proven to be an ancestor. Nobody can choose it: without such a verdict the whole history is new.
 */
export async function findBase(group: CertifiedGroup, finding: FindBase): Promise<string | undefined> {
  const { open, git, signal, note } = finding;
  if (open.policy.audit === undefined) {
    note('the policy keeps no log, so nobody knows what was allowed last: the whole history counts as new');
    return undefined;
  }
  const candidates = await allowedCommits(group, finding);
  if (candidates.length === 0) {
    note('the log has no verdict that allowed a release of this before: the whole history counts as new');
    return undefined;
  }
  const { commit } = await lastAncestor({ directory: git, head: group.source.commit, candidates, signal });
  if (commit === undefined) note('nothing that was allowed before is an ancestor of this: the whole history counts as new');
  return commit;
}

/** The commits of earlier releases that were allowed, newest first. */
async function allowedCommits(group: CertifiedGroup, { open, store, environment, signal }: FindBase): Promise<string[]> {
  const apart = group.artifacts.flatMap(({ required }) =>
    requirementsOf(required.requirements, 'duties').flatMap((one) => one.apart),
  );
  const development = group.artifacts.some(({ required }) => required.environment.allowDevelopment);
  const products = new Map(group.artifacts.map(({ name }) => [productOf(name), new Set<string>()]));
  const commits = new Set<string>();
  const judge = await revocationJudge(open);
  for await (const evidence of loggedVerdicts(group, open, environment, signal)) {
    if (commits.size === MOST_CANDIDATES) break;
    const summary = await readSummary(evidence, { store, open, judge }, development);
    if (summary === undefined || !isBase(summary, group, environment, apart)) continue;
    const { commit = '' } = summary.source ?? {};
    const of = products.get(productOf(summary.resource.slice(0, summary.resource.lastIndexOf('@'))));
    if (of === undefined) continue;
    of.add(commit);
    commits.add(commit);
  }
  return [...commits].filter((commit) => [...products.values()].every((of) => of.has(commit)));
}

/**
 * What an artifact is, whichever version: its name but for the numbers. That something else was released from a commit says nothing of who
 * looked at this.
 */
export function productOf(name: string): string {
  return name.replace(/\d+/g, '#');
}

/** Whether a verdict of a verifier lets what came before its commit count as released: of the same, under no weaker demands. */
export function isBase(
  { result, source, waivers, tiers, ...summary }: VerificationSummary,
  { source: wanted, tiers: same }: Pick<CertifiedGroup, 'source' | 'tiers'>,
  environment: string,
  apart: readonly ('author' | 'requester')[],
): boolean {
  if (result !== 'PASSED' || source === undefined || summary.environment !== environment || waivers.length > 0) return false;
  if (source.commit.length !== wanted.commit.length || [...tiers].sort().join() !== same.join()) return false;
  if (!apart.every((one) => summary.apart.includes(one))) return false;
  const [a, b] = [source.repositoryId, wanted.repositoryId];
  return a === undefined || b === undefined ? source.repository === wanted.repository : a === b;
}

/** The evidence of verdicts that the log has of this repository, the newest first. */
async function* loggedVerdicts(
  { source }: CertifiedGroup,
  open: OpenPolicy,
  environment: string,
  signal: AbortSignal,
): AsyncGenerator<Sha256> {
  const { closeIndex, openIndex, search } = await import('@signwright/audit-log');
  const log = await readLogOf(open);
  const reader = await log.reader();
  const index = await openIndex({ file: log.indexFile, origin: log.origin, reader, reopen: () => log.reader(), signal });
  try {
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { event: 'intent', outcome: 'signed', environment } as const;
      const found = await search(index, query, { limit: PAGE, signal, ...(cursor === undefined ? {} : { cursor }) });
      for (const { record, result } of found.entries) {
        const said = (record as IntentRecord).statement;
        const passed = said?.type === VERIFICATION_SUMMARY && said.result === 'PASSED';
        const evidence = result !== undefined && 'evidence' in result.record ? result.record.evidence : undefined;
        if (passed && said.repository === source.repository && evidence !== undefined) yield evidence;
      }
      if (found.next === undefined) return;
      cursor = found.next;
    }
  } finally {
    closeIndex(index);
  }
}

/**
 * The verdict, where it is one of a verifier of the policy; anything else is none.
 *
 * @param development whether one that rests on a trial root will do.
 */
async function readSummary(
  id: Sha256,
  { store, open, judge }: { readonly store: EvidenceStore; readonly open: OpenPolicy; readonly judge: RevocationJudge },
  development: boolean,
): Promise<VerificationSummary | undefined> {
  try {
    const verified = await verifyEvidence(id, await store.get(id), evidenceTrust(open));
    if (!('said' in verified) || (verified.development && !development)) return undefined;
    // One that may be revoked moves the base back at the most.
    if ((await judge(verified)).revocation !== undefined) return undefined;
    const summary = verifySummary(verified satisfies VerifiedStatement, open.policy.verifiers);
    return summary.development && !development ? undefined : summary;
  } catch (error) {
    // Taken away or made up, it moves the base back at the most.
    if (error instanceof Refused) return undefined;
    if (error instanceof SignwrightError && ['unreachable', 'invalid-input'].includes(error.code)) return undefined;
    throw error;
  }
}
