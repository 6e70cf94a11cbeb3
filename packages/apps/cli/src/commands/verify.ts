import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { parseInstant } from '../context/instant.ts';
import { judgeArtifacts } from '../context/judge-artifacts.ts';
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
  const verdicts = await judgeArtifacts(open, await openExistingEvidence(place), artifacts, {
    at,
    ...(options.at === undefined ? {} : { latest: at }),
    environment: options.environment,
    moment: 'release',
    askLog: true,
  });

  printVerdicts(verdicts, options);
  await tell(open, verdicts, (line) => {
    if (!options.quiet) printNote(line);
  });
  return exitOfVerdicts(verdicts);
}
