import { refuseUnenforced, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import { type OutcomeStatus, SignwrightError } from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { ciJob } from '../context/ci-job.ts';
import { collectAbout, judgeBy } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import { sourceContext } from '../context/source-context.ts';
import { EXIT } from '../exit.ts';
import { tellOfRequest } from '../notify/tell.ts';
import { printLines, printNote } from '../print-lines.ts';
import { type Askable, askForApprovals } from '../requests/ask-for-approvals.ts';
import { openRequest } from '../requests/open-request.ts';
import { standingLines } from '../requests/request-lines.ts';
import type { SharedOptions } from '../shared-options.ts';

export type RequestOptions = SharedOptions & {
  readonly digest?: string;
  readonly name?: string;
  /** Where no approval is needed, there is nothing to ask and nothing wrong: a pipeline asks for all it makes. */
  readonly ifAny?: true;
};

/**
 * `signwright request`: asks for the approvals that these artifacts need, and says who may give them and how. What was asked before
 * is not asked again.
 *
 * @returns 4 while approvals are missing, 1 where somebody rejected it, 3 where what was said is not known.
 */
export async function request(paths: string[], options: RequestOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = (await hashArtifacts(named, options, run)).flatMap((artifact) => askable(open, artifact, options));
  const store = await openEvidence(place, open);
  const evidence = await collectAbout(open, store, artifacts, options.environment);
  const environment = options.environment ?? 'default';
  const asked = await askForApprovals(artifacts, environment, await sourceContext(await ciJob()), store, evidence);
  if (asked === undefined && options.ifAny) {
    printLines(['no approval is needed']);
    return EXIT.allow;
  }
  if (asked === undefined) {
    throw new SignwrightError('usage', 'none of these artifacts needs an approval there', {
      where: open.file,
      next: '"signwright policy explain NAME" shows what the policy demands',
    });
  }
  if (!asked.before) await tellOfRequest(open, asked, note);
  const { artifacts: requested } = await openRequest(open, store, asked.id);
  const circumstances = { at: Date.now(), environment: options.environment, moment: 'release', askLog: true } as const;
  const verdicts = await judgeBy(open, evidence, requested, circumstances);
  run.watch?.verdicts(verdicts, open);
  run.watch?.request(asked.id);
  const approvals = verdicts.flatMap(({ outcomes }) => outcomes.filter(({ requirement }) => requirement.startsWith('approval:')));
  const has = (wanted: OutcomeStatus): boolean => approvals.some(({ status }) => status === wanted);
  const missing = has('unmet') || has('pending') || has('inconclusive');
  printLines([
    asked.id,
    ...standingLines(verdicts),
    ...(missing ? [`  approve: signwright approve ${asked.id}`] : ['  nothing is missing']),
  ]);
  if (asked.before) note('asked before: nobody is told again');
  if (has('unmet')) return EXIT.deny;
  if (has('inconclusive')) return EXIT.inconclusive;
  return has('pending') ? EXIT.pending : EXIT.allow;
}

function askable(open: OpenPolicy, artifact: ArtifactInHand, { environment }: RequestOptions): (Askable & ArtifactInHand)[] {
  const resolution = resolveArtifact(open.policy, { name: artifact.name, ...(environment === undefined ? {} : { environment }) });
  if (resolution.status !== 'required') return [];
  refuseUnenforced(resolution.unenforced);
  return [{ ...artifact, required: resolution }];
}
