import { judgeArtifact, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { type Sha256, type Verdict, worstOf } from '@signwright/signing-core';
import { parseInstant } from '../../context/instant.ts';
import type { Run } from '../../context/run.ts';
import { exitOf } from '../../exit.ts';
import { printNote } from '../../print-lines.ts';
import { printVerdicts } from '../../print-verdicts.ts';
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
    place,
    ...(policy === undefined ? {} : { policy }),
    ...(anchor === undefined ? {} : { anchor }),
    ...latest,
  });
  refuseUnenforced(unenforcedInRun(chosen.open.policy));

  const verdicts = artifacts.map((artifact) => judge(artifact, chosen, { at, ...latest, environment: options.environment }));
  printVerdicts(verdicts, options);
  if (!options.quiet) printNote(describe(chosen, options.at === undefined ? undefined : at));
  return exitOf(worstOf(verdicts.map(({ result }) => result)));
}

type Circumstances = { readonly at: number; readonly latest?: number; readonly environment: string | undefined };

function judge(
  artifact: { readonly name: string; readonly digest: Sha256 },
  { open, evidence }: ChosenPolicy,
  { environment, ...times }: Circumstances,
): Verdict {
  const { name, digest } = artifact;
  return judgeArtifact(
    open.policy,
    { name, digest, ...(environment === undefined ? {} : { environment }) },
    {
      verified: evidence.verified(digest),
      refused: evidence.refused(digest),
      records: evidence.records,
      ...(evidence.unreachable === undefined ? {} : { unreachable: evidence.unreachable }),
      ...times,
      moment: 'release',
      anchored: open.anchored,
    },
  );
}

/** By which policy it was decided, and as of when. */
function describe({ open: { policy }, why }: ChosenPolicy, at: number | undefined): string {
  const name = policy.name === undefined ? '' : `${policy.name} `;
  return `${at === undefined ? '' : `as of ${new Date(at).toISOString()}, `}by the policy ${name}${policy.digest} ${why}`;
}
