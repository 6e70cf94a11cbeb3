import { refuseUnenforced, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import { type Sha256, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { ciJob } from '../context/ci-job.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { judgeBy } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { ruleDigests } from '../context/rule-digests.ts';
import type { Run } from '../context/run.ts';
import { sourceContext } from '../context/source-context.ts';
import { EXIT } from '../exit.ts';
import { tell } from '../notify/tell.ts';
import { printLines, printNote } from '../print-lines.ts';
import { type Askable, askForApprovals } from '../requests/ask-for-approvals.ts';
import { openRequest } from '../requests/open-request.ts';
import { standingLines } from '../requests/request-lines.ts';
import type { SharedOptions } from '../shared-options.ts';

export type RequestOptions = SharedOptions & { readonly digest?: string; readonly name?: string };

/**
 * `signwright request`: asks for the approvals that these artifacts need, and says who may give them and how. What was asked before
 * is not asked again.
 *
 * @returns 4 while approvals are missing.
 */
export async function request(paths: string[], options: RequestOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = (await hashArtifacts(named, options, run)).flatMap((artifact) => askable(open, artifact, options));
  const store = await openEvidence(place, open);
  const digests: Sha256[] = artifacts.map(({ digest }) => digest);
  const subjects = [...digests, ...ruleDigests(open.policy, artifacts, options.environment)];
  const evidence = await collectEvidence(store, subjects, open);
  const environment = options.environment ?? 'default';
  const asked = await askForApprovals(artifacts, environment, await sourceContext(await ciJob()), store, evidence);
  if (asked === undefined) {
    throw new SignwrightError('usage', 'none of these artifacts needs an approval there', {
      where: open.file,
      next: '"signwright policy explain NAME" shows what the policy demands',
    });
  }
  const { artifacts: requested } = await openRequest(open, store, asked.id);
  const circumstances = { at: Date.now(), environment: options.environment, moment: 'release', askLog: true } as const;
  const verdicts = await judgeBy(open, evidence, requested, circumstances);
  const approvals = verdicts.flatMap(({ outcomes }) => outcomes.filter(({ requirement }) => requirement.startsWith('approval:')));
  const missing = approvals.some(({ status }) => status !== 'met' && status !== 'waived');
  printLines([
    asked.id,
    ...standingLines(verdicts),
    ...(missing ? [`  approve: signwright approve ${asked.id}`] : ['  nothing is missing']),
  ]);
  if (asked.before && !options.quiet) printNote('asked before: nobody is asked again');
  if (missing && !asked.before) await tell(open, verdicts, (line) => printNote(line));
  return missing ? EXIT.pending : EXIT.allow;
}

function askable(open: OpenPolicy, artifact: ArtifactInHand, { environment }: RequestOptions): (Askable & ArtifactInHand)[] {
  const resolution = resolveArtifact(open.policy, { name: artifact.name, ...(environment === undefined ? {} : { environment }) });
  if (resolution.status !== 'required') return [];
  refuseUnenforced(resolution.unenforced);
  return [{ ...artifact, required: resolution }];
}
