import { PROVENANCE } from '../attestations/predicate-types.ts';
import type { FoundRecords } from '../decide/audit.ts';
import type { Outcome, Verdict } from '../verdict.ts';
import type { Verified, VerifiedStatement } from '../verify-evidence.ts';
import type { VerificationSummary } from './verification-summary.ts';

/** What a verdict was reached from. */
export type SummaryGrounds = {
  /** The verifier's id, as the policy has it. */
  readonly verifier: string;
  readonly verified: readonly Verified[];
  readonly statements: readonly VerifiedStatement[];
  readonly records?: FoundRecords;
  /** Whom the policy keeps apart here. */
  readonly apart: VerificationSummary['apart'];
};

/**
 * A verdict as its verifier may sign it: PASSED for an allow and FAILED for a deny, where it was anchored and blocks.
 *
 * @returns nothing for a verdict that nobody may sign: one that is open, only observed, or without an anchor.
 */
export function summarise(verdict: Verdict, grounds: SummaryGrounds): VerificationSummary | undefined {
  const { result, anchored, enforced, outcomes } = verdict;
  if (!anchored || !enforced || (result !== 'allow' && result !== 'deny')) return undefined;
  const passed = result === 'allow';
  const used = new Set(outcomes.flatMap(({ evidence }) => evidence));
  const expires = outcomes.flatMap((outcome) => outcome.expires ?? []).sort()[0];
  const separated = outcomes.some(({ code }) => code === 'duties-separated');
  return {
    verifier: grounds.verifier,
    timeVerified: verdict.at,
    resource: `${verdict.artifact.name}@${verdict.artifact.digest}`,
    policy: verdict.policy,
    inputs: [...used].sort(),
    result: passed ? 'PASSED' : 'FAILED',
    levels: [passed ? (isProvenanceMet(outcomes, grounds) ? 'SLSA_BUILD_LEVEL_1' : 'SLSA_BUILD_LEVEL_0') : 'FAILED'],
    environment: verdict.environment,
    tiers: verdict.tiers,
    requirements: verdict.requirements,
    ...(passed && expires !== undefined ? { expires } : {}),
    waivers: outcomes
      .filter(({ code }) => code === 'waived')
      .map(({ requirement, evidence }) => ({ requirement, evidence: [...evidence].sort() })),
    apart: separated ? grounds.apart : [],
    ...sourceOf(outcomes, grounds),
    ...logOf(used, grounds),
    development: verdict.development,
  };
}

function isProvenanceMet(outcomes: readonly Outcome[], { statements }: SummaryGrounds): boolean {
  const met = new Set(outcomes.filter(({ code }) => code === 'attestation-verified').flatMap(({ evidence }) => evidence));
  return statements.some(({ evidence, statement }) => met.has(evidence) && statement.predicateType === PROVENANCE);
}

/** The one source that the certificates of the signatures that count name; nothing where they name none, or several. */
function sourceOf(outcomes: readonly Outcome[], { verified }: SummaryGrounds): Pick<VerificationSummary, 'source'> {
  const signed = new Set(outcomes.filter(({ code }) => code === 'signature-verified').flatMap(({ evidence }) => evidence));
  const sources = verified.flatMap(({ evidence, author }) => {
    if (!signed.has(evidence) || author.type !== 'certificate' || author.commit === undefined) return [];
    const { repository, 'repository-id': repositoryId } = author.claims;
    const where = {
      ...(repository === undefined ? {} : { repository }),
      ...(repositoryId === undefined ? {} : { repositoryId }),
    };
    return [{ ...where, commit: author.commit }];
  });
  const [source] = sources;
  const one = new Set(sources.map(({ commit, ...where }) => JSON.stringify([commit, where]))).size === 1;
  return source !== undefined && one ? { source } : {};
}

function logOf(used: ReadonlySet<string>, { records }: SummaryGrounds): Pick<VerificationSummary, 'log'> {
  const proven = [...(records?.proven ?? [])].filter(([evidence]) => used.has(evidence)).map(([, record]) => record);
  const [newest] = proven.sort((a, b) => b.size - a.size);
  if (newest === undefined) return {};
  const { origin, size, root } = newest;
  return { log: { origin, size, ...(root === undefined ? {} : { root }) } };
}
