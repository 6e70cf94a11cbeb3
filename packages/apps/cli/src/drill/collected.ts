import { resolveArtifact } from '@signwright/policy';
import {
  AUTHORS,
  type CiPlatform,
  hexOf,
  type PersonRule,
  PLATFORM_APPROVALS,
  type PlatformAccount,
  prepareStatement,
  requirementsOf,
  SignwrightError,
  sha256,
  writeAuthors,
  writePlatformApprovals,
  writeStatement,
} from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { openPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import { openRecording } from '../records/open-recording.ts';
import { signAndPublish } from '../signing/sign-and-publish.ts';
import { prepareStatementWork } from '../signing/statement-work.ts';
import { definitionOf, workArtifact } from '../signing/work.ts';
import { COMMIT, claimsOf } from './claims.ts';
import { type DrillClock, withClock } from './clock.ts';
import type { Subject } from './subjects.ts';
import type { Workspace } from './workspace.ts';

const RUN = 'drill';
const PLATFORMS: readonly CiPlatform[] = ['gitlab', 'github', 'azure-devops', 'jenkins'];

/** What a verifier would have found out from a history and a platform: somebody of the drill wrote it, and these people clicked. */
export type Found = {
  readonly clicked: readonly PersonRule[];
  readonly approvers: readonly PersonRule[];
  /** The job that built it. */
  readonly builder: string;
};

/** As a verifier of the policy, signs what `signwright collect` would have signed, had there been a platform to ask. */
export async function signCollected(
  workspace: Workspace,
  subject: Subject,
  { clicked, approvers, builder }: Found,
  { clock, signal }: { readonly clock: DrillClock; readonly signal: AbortSignal },
): Promise<void> {
  await withClock(clock, async () => {
    const open = await openPolicy({ policy: workspace.path('signwright.yaml') }, new Date());
    const { name, digest, environment } = subject;
    const required = resolveArtifact(open.policy, { name, ...(environment === undefined ? {} : { environment }) });
    const [verifier] = open.policy.verifiers;
    if (required.status !== 'required' || verifier === undefined)
      throw new SignwrightError('policy', 'the policy names no verifier');
    const definition = definitionOf(open, verifier.by.id);
    const built = claimsOf(open.policy.signers.get(builder)?.rule.workloads[0]);
    await workspace.become(claimsOf(definition.rule.workloads[0]));
    const job = await ciJob(workspace.job(definition));
    const note = (): void => undefined;
    const timestamps = await openTimestamps(open, trustRootOf(open, note), note);
    const signing = { open, timestamps, trust: evidenceTrust(open), signers: createSigners(open, { job, signal }), job, signal };
    const about = {
      repository: built.repository,
      repositoryId: built.repository_id,
      commit: COMMIT,
      environment: environment ?? 'default',
    };
    const subjects = [{ name, sha256: hexOf(digest) }];
    const statements: { type: string; payload: Buffer }[] = [];
    if (requirementsOf(required.requirements, 'duties').length > 0) {
      const requester = requesterFor(approvers);
      const predicate = writeAuthors({
        ...about,
        authors: [],
        persons: ['drill-author'],
        emails: [],
        ...(requester === undefined ? {} : { requester }),
        retriers: [],
        unknown: { total: 0, first: [] },
        answers: [],
      });
      statements.push({ type: AUTHORS, payload: writeStatement({ predicateType: AUTHORS, subject: subjects, predicate }) });
    }
    for (const platform of PLATFORMS) {
      const accounts = clicked.flatMap((person) => accountOn(person, platform));
      if (accounts.length === 0) continue;
      const approvals = accounts.map((account) => ({
        account,
        decision: 'approve' as const,
        at: new Date().toISOString(),
        means: 'deployment' as const,
      }));
      const said = { platform, project: 'drill', run: RUN, approvals, answer: sha256('the drill') };
      const { commit, environment: to } = about;
      statements.push({
        type: PLATFORM_APPROVALS,
        payload: writePlatformApprovals(subjects, { commit, environment: to, ...said }),
      });
    }
    if (statements.length === 0) return;
    const works = [workArtifact({ name, digest, required })];
    const recording = openRecording(signing, {}, about.environment, note);
    const store = await openEvidence(evidencePlace(open, workspace.path('evidence')), open);
    const prepare = async () =>
      [
        await Promise.all(
          statements.map(({ type, payload }) =>
            prepareStatementWork(
              {
                definition,
                deed: 'told what is known of',
                artifacts: works,
                statement: { type, commit: COMMIT, repository: about.repository },
                prepare: (by) => prepareStatement(() => payload, by),
                check: () => undefined,
              },
              signing,
            ),
          ),
        ),
        [],
      ] as const;
    await signAndPublish(works, prepare, { run: signing, recording, store, note });
  });
}

/** Each person is told by their first account alone. */
function accountOn(person: PersonRule, platform: CiPlatform): PlatformAccount[] {
  const [first] = person.accounts;
  return first?.platform === platform ? [first] : [];
}

/** Somebody who is none of the approvers, where all of them have an account: else nobody could tell them from the requester. */
function requesterFor(approvers: readonly PersonRule[]): PlatformAccount | undefined {
  const platform =
    PLATFORMS.find((one) => approvers.every(({ accounts }) => accounts.some((account) => account.platform === one))) ??
    approvers[0]?.accounts[0]?.platform;
  if (platform === undefined) return undefined;
  return { platform, id: platform === 'azure-devops' ? '00000000-0000-4000-8000-00000000d411' : '999999999' };
}
