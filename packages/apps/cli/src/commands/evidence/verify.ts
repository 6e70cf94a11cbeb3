import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { type EvidenceStore, parseReleaseName, type Verdict } from '@signwright/signing-core';
import { parseInstant } from '../../context/instant.ts';
import { type Circumstances, type Judged, judgeBy } from '../../context/judge-artifacts.ts';
import type { OpenPolicy } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { exitOfVerdicts } from '../../exit.ts';
import { printNote } from '../../print-lines.ts';
import { printVerdicts } from '../../print-verdicts.ts';
import { askedOf } from '../../releases/asked-of.ts';
import { judgeInRelease } from '../../releases/judge-in-release.ts';
import type { Format } from '../../shared-options.ts';
import { checkStore } from './check.ts';
import { type ChosenPolicy, choosePolicy } from './choose-policy.ts';
import { inArchive, inStore } from './evidence-to-judge.ts';

export type EvidenceVerifyOptions = {
  /** All arguments are files, and their evidence is in a store. */
  readonly store?: true;
  readonly policy?: string;
  readonly evidence?: string;
  readonly anchor?: string;
  /** The policy's log is asked for rejections. */
  readonly withLog?: true;
  /** The release whose artifacts they must be. */
  readonly release?: string;
  readonly environment?: string;
  readonly at?: string;
  readonly output: Format;
  readonly quiet?: true;
};

/**
 * `signwright evidence verify ARCHIVE`: verdicts from an archive alone, by the policy kept in it; with no network and no other file.
 * `--store FILES` does the same from a store. Without either, the store itself is checked: that all it lists is there, unchanged.
 */
export async function evidenceVerify(args: string[], options: EvidenceVerifyOptions, run: Run): Promise<number> {
  const archive = options.store ? undefined : args[0];
  const files = options.store ? args : args.slice(1);
  if (archive === undefined && files.length === 0) return checkStore(options);
  const at = options.at === undefined ? Date.now() : parseInstant(options.at, '--at');
  const latest = options.at === undefined ? {} : { latest: at };

  const { store, artifacts, about, place } =
    archive === undefined ? await inStore(files, options, run) : await inArchive(archive, files, options, run);
  const { policy, anchor } = options;
  const chosen = await choosePolicy(store, about, {
    named: artifacts,
    environment: options.environment,
    place,
    ...(policy === undefined ? {} : { policy }),
    ...(anchor === undefined ? {} : { anchor }),
    ...latest,
  });
  refuseUnenforced(unenforcedInRun(chosen.open.policy));

  const { open, evidence } = chosen;
  const circumstances = {
    at,
    ...latest,
    environment: options.environment,
    moment: 'release',
    askLog: options.withLog ?? false,
  } as const;
  const verdicts =
    options.release === undefined
      ? await judgeBy(open, evidence, artifacts, circumstances)
      : await judgeReleased(open, store, artifacts, options, circumstances);
  printVerdicts(verdicts, options);
  if (!options.quiet) printNote(describe(chosen, options.at === undefined ? undefined : at));
  return exitOfVerdicts(verdicts);
}

/** The same as artifacts of a release, by the manifest that closes it. */
async function judgeReleased(
  open: OpenPolicy,
  store: EvidenceStore,
  artifacts: readonly Judged[],
  { release = '', environment }: EvidenceVerifyOptions,
  circumstances: Circumstances,
): Promise<readonly Verdict[]> {
  const asked = askedOf(parseReleaseName(release), { environment }, open, circumstances);
  return (await judgeInRelease(open, store, asked, artifacts, circumstances)).verdicts;
}

/** By which policy it was decided, and as of when. */
function describe({ open: { policy }, why }: ChosenPolicy, at: number | undefined): string {
  const name = policy.name === undefined ? '' : `${policy.name} `;
  return `${at === undefined ? '' : `as of ${new Date(at).toISOString()}, `}by the policy ${name}${policy.digest} ${why}`;
}
