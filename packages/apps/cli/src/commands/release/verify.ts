import { type ReleaseJudgement, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { parseReleaseName, resultOf } from '@signwright/signing-core';
import { hashArtifacts, nameArtifacts } from '../../context/artifacts-in-hand.ts';
import { parseInstant } from '../../context/instant.ts';
import { evidencePlace, openExistingEvidence } from '../../context/open-evidence.ts';
import { openPolicy } from '../../context/open-policy.ts';
import { storeDirectories } from '../../context/open-store.ts';
import { checkRootInUse } from '../../context/root-in-use.ts';
import type { Run } from '../../context/run.ts';
import { EXIT, exitOfVerdicts } from '../../exit.ts';
import { tell } from '../../notify/tell.ts';
import { printNote } from '../../print-lines.ts';
import { printVerdicts } from '../../print-verdicts.ts';
import { askedOf } from '../../releases/asked-of.ts';
import { judgeInRelease } from '../../releases/judge-in-release.ts';
import { outcomeLines } from '../../releases/standing-lines.ts';
import type { SharedOptions } from '../../shared-options.ts';

export type ReleaseVerifyOptions = SharedOptions & { readonly at?: string; readonly digest?: string; readonly name?: string };

/**
 * `signwright release verify`: the manifest → its parts → each artifact by the policy. Without paths all artifacts of the release are
 * judged, by their digests; files that are given must be of it.
 */
export async function releaseVerify(name: string, paths: string[], options: ReleaseVerifyOptions, run: Run): Promise<number> {
  const release = parseReleaseName(name);
  const now = new Date();
  const at = options.at === undefined ? now.getTime() : parseInstant(options.at, '--at');
  const when = { at, ...(options.at === undefined ? {} : { latest: at }) };
  const open = await openPolicy(options, now);
  refuseUnenforced(unenforcedInRun(open.policy));

  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  checkRootInUse(open.rootInUse, { at, note, signing: false });

  const place = evidencePlace(open, options.evidence);
  const inHand = paths.length > 0 || options.digest !== undefined;
  const named = inHand ? await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run) : undefined;
  const artifacts = named && (await hashArtifacts(named, options, run));
  const asked = askedOf(release, options, open, when);
  const circumstances = { ...when, environment: options.environment, moment: 'release', askLog: true } as const;
  const store = await openExistingEvidence(place);
  const { judgement, verdicts } = await judgeInRelease(open, store, asked, artifacts, circumstances);

  printVerdicts(verdicts, options);
  if (verdicts.length === 0) return withoutManifest(judgement);
  await tell(open, verdicts, note);
  return exitOfVerdicts(verdicts);
}

/** Without files and without a manifest there is nothing to judge: what keeps it so is told. */
function withoutManifest({ outcome }: ReleaseJudgement): number {
  printNote(outcomeLines(outcome).join('\n'));
  return EXIT[resultOf([outcome])];
}
