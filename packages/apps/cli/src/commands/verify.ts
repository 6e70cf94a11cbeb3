import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { type Verdict, worstOf } from '@signwright/signing-core';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { parseInstant } from '../context/instant.ts';
import { collectAbout, judgeBy } from '../context/judge-artifacts.ts';
import { evidencePlace, openExistingEvidence } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import { exitOfVerdicts } from '../exit.ts';
import { tell } from '../notify/tell.ts';
import { printNote } from '../print-lines.ts';
import { printVerdicts } from '../print-verdicts.ts';
import type { SharedOptions } from '../shared-options.ts';

export type VerifyOptions = SharedOptions & { readonly at?: string; readonly digest?: string; readonly name?: string };

/** `signwright verify`: bytes → evidence → verdicts, by the policy and from nothing else. */
export async function verify(paths: string[], options: VerifyOptions, run: Run): Promise<number> {
  const now = new Date();
  const at = options.at === undefined ? now.getTime() : parseInstant(options.at, '--at');
  const open = await openPolicy(options, now);
  refuseUnenforced(unenforcedInRun(open.policy));

  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = await hashArtifacts(named, options, run);
  const evidence = await collectAbout(open, await openExistingEvidence(place), artifacts, options.environment);
  const verdicts = await judgeBy(open, evidence, artifacts, {
    at,
    ...(options.at === undefined ? {} : { latest: at }),
    environment: options.environment,
    moment: 'release',
    askLog: true,
  });

  printVerdicts(verdicts, options);
  const asked = ({ artifact, environment }: Verdict): boolean =>
    evidence.requests(artifact.digest).some(({ request }) => request.environment === environment);
  const worst = worstOf(verdicts.map(({ result }) => result));
  // Whoever wrote the request told of it.
  if (worst !== 'pending' || !verdicts.every((verdict) => verdict.result !== 'pending' || asked(verdict))) {
    await tell(open, verdicts, (line) => {
      if (!options.quiet) printNote(line);
    });
  }
  return exitOfVerdicts(verdicts);
}
