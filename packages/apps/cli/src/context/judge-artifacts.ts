import { judgeArtifact, resolveArtifact } from '@signwright/policy';
import {
  byExpiredRoot,
  type EvidenceStore,
  type Moment,
  type NegativeFacts,
  requirementsOf,
  type Sha256,
  SignwrightError,
  type Verdict,
} from '@signwright/signing-core';
import { type CollectedEvidence, collectEvidence } from './collect-evidence.ts';
import { negativeFacts } from './negative-facts.ts';
import type { OpenPolicy } from './open-policy.ts';
import { editionInUse } from './root-in-use.ts';
import { ruleDigests } from './rule-digests.ts';
import { vendorsOf } from './vendors-of.ts';

/** An artifact by its bytes and what the policy calls it. */
export type Judged = { readonly name: string; readonly digest: Sha256 };

/** When and where artifacts are judged. */
export type Circumstances = {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Evidence timestamped later does not count. */
  readonly latest?: number;
  readonly environment: string | undefined;
  readonly moment: Moment;
  /** Whether the log may be asked for rejections; an archive stands for itself. */
  readonly askLog: boolean;
};

/** Collects the evidence about artifacts from a store, and judges each. */
export async function judgeArtifacts(
  open: OpenPolicy,
  store: EvidenceStore,
  artifacts: readonly Judged[],
  circumstances: Circumstances,
): Promise<Verdict[]> {
  return judgeBy(open, await collectAbout(open, store, artifacts, circumstances.environment), artifacts, circumstances);
}

/** Collects the evidence about artifacts, and about the rules that match them. */
export async function collectAbout(
  open: OpenPolicy,
  store: EvidenceStore,
  artifacts: readonly Judged[],
  environment: string | undefined,
): Promise<CollectedEvidence> {
  const subjects = [...artifacts.map(({ digest }) => digest), ...ruleDigests(open.policy, artifacts, environment)];
  return collectEvidence(store, subjects, open);
}

/** Judges artifacts by evidence that was collected; asks the log for rejections where approvals are demanded and recorded. */
export async function judgeBy(
  open: OpenPolicy,
  evidence: CollectedEvidence,
  artifacts: readonly Judged[],
  { askLog, environment, ...circumstances }: Circumstances,
): Promise<Verdict[]> {
  const where = environment === undefined ? {} : { environment };
  const facts = await factsOf(open, artifacts, environment, circumstances.at, askLog);
  const edition = editionInUse(open.rootInUse);
  const verdicts: Verdict[] = [];
  for (const { name, digest } of artifacts) {
    const vendors = await evidence.byVendors(digest, vendorsOf(open.policy, name, environment));
    const verdict = judgeArtifact(
      open.policy,
      { name, digest, ...where },
      {
        ...(vendors.length === 0 ? {} : { vendors }),
        verified: evidence.verified(digest),
        refused: evidence.refused(digest),
        statements: evidence.statements([digest, ...ruleDigests(open.policy, [{ name }], environment)]),
        records: evidence.records,
        ...facts,
        ...requestOf(evidence, digest, environment),
        ...(evidence.unreachable === undefined ? {} : { unreachable: evidence.unreachable }),
        ...circumstances,
        anchored: open.anchored,
      },
    );
    verdicts.push(edition === undefined ? verdict : byExpiredRoot(verdict, edition, circumstances.at));
  }
  return verdicts;
}

type Facts = { readonly negative?: NegativeFacts; readonly unreviewed?: readonly Sha256[] };

async function factsOf(
  open: OpenPolicy,
  artifacts: readonly Judged[],
  environment: string | undefined,
  at: number,
  askLog: boolean,
): Promise<Facts> {
  const concerned = artifacts.filter(({ name }) => needsLog(open, name, environment)).map(({ digest }) => digest);
  if (concerned.length === 0) return {};
  if (askLog) return negativeFacts(open, concerned, environment ?? 'default', new Date(at));
  return { negative: { named: new Map(), unavailable: 'the log was not asked: an archive holds none (--with-log asks it)' } };
}

/** Whether what is demanded of it depends on what the log says was rejected. */
function needsLog({ policy }: OpenPolicy, name: string, environment: string | undefined): boolean {
  try {
    const resolution = resolveArtifact(policy, { name, ...(environment === undefined ? {} : { environment }) });
    if (resolution.status !== 'required') return false;
    return resolution.demands.audit !== undefined && requirementsOf(resolution.requirements, 'approval').length > 0;
  } catch (error) {
    if (error instanceof SignwrightError) return false;
    throw error;
  }
}

/** The request that asks for this artifact's approvals in this environment, where the store has one. */
function requestOf({ requests }: CollectedEvidence, digest: Sha256, environment = 'default'): { readonly request?: Sha256 } {
  const found = requests(digest).find(({ request }) => request.environment === environment);
  return found === undefined ? {} : { request: found.id };
}
