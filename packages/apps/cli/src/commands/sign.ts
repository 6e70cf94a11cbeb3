import { closerOf, judgeArtifact, planSigning, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { parseReleaseName, type ReleaseName, releaseSubject, releaseText, SignwrightError } from '@signwright/signing-core';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { confirmedParts } from '../context/confirmed-parts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { sourceContext } from '../context/source-context.ts';
import { exitOfVerdicts } from '../exit.ts';
import { tell, tellOfRequest } from '../notify/tell.ts';
import { printNote } from '../print-lines.ts';
import { printVerdicts } from '../print-verdicts.ts';
import { openRecording } from '../records/open-recording.ts';
import { askedOf } from '../releases/asked-of.ts';
import { aboutRelease } from '../releases/collect-release.ts';
import { joinRelease } from '../releases/join-release.ts';
import { askForApprovals } from '../requests/ask-for-approvals.ts';
import type { SharedOptions } from '../shared-options.ts';
import { openSigningRun } from '../signing/open-signing-run.ts';
import { prepareParts } from '../signing/prepare-parts.ts';
import { prepareSidecars, refuseEd25519 } from '../signing/prepare-sidecars.ts';
import { signAndPublish } from '../signing/sign-and-publish.ts';
import { recordedArtifact } from '../signing/work.ts';

export type SignOptions = SharedOptions &
  PassphraseOptions & {
    readonly signer?: string[];
    readonly sidecars: boolean;
    readonly digest?: string;
    readonly name?: string;
    /** The release it contributes to, and whether it replaces there what it signed before. */
    readonly release?: string;
    readonly replace: boolean;
  };

/**
 * `signwright sign`: resolve → hash → record the intents → sign → timestamp → verify → record the results → publish. What the policy
 * refuses, and what no signer can sign, stops before any signature, and is recorded too.
 */
export async function sign(paths: string[], options: SignOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const release = releaseOf(options, open);
  const signing = await openSigningRun(open, options, run, note);
  const asserted = await sourceContext(signing.job);
  const recorded = release && { text: releaseText(release), closes: false };
  const recording = openRecording(signing, asserted, options.environment ?? 'default', note, recorded);

  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const { toSign, leftOut } = await recording.ending(
    named.map(({ name }) => ({ name })),
    async () => planSigning(open.policy, named, options),
  );
  if (leftOut.length > 0) note(`left out: ${leftOut.length} that the policy says are never signed here`);
  const planned = await hashArtifacts(toSign, options, run);
  if (options.sidecars) refuseEd25519(planned, open);

  const store = await openEvidence(place, open);
  const before = await collectEvidence(
    store,
    [...planned.map(({ digest }) => digest), ...(release === undefined ? [] : [releaseSubject(release)])],
    open,
  );
  if (before.unreachable !== undefined) {
    if (before.listed && release === undefined)
      note(`${before.unreachable}; it is left alone, and signed anew where it is needed`);
    else
      throw new SignwrightError('unreachable', before.unreachable, {
        where: place.reference,
        next: 'nothing was signed; restore the store from a copy, or name another with --evidence',
      });
  }

  const confirmed = await confirmedParts(before.records, open);
  const joining = release && joinRelease(open, aboutRelease(before, release), askedOf(release, options, open), options);
  const prepare = async () =>
    [
      await prepareParts(planned, { before, confirmed, joining }, asserted, signing, note),
      options.sidecars ? await prepareSidecars(planned, signing, note) : [],
    ] as const;
  const sequence = { run: signing, recording, store, note };
  const made = (await signAndPublish(planned.map(recordedArtifact), prepare, sequence)).filter((one) => 'part' in one);
  const asked = await askForApprovals(planned, options.environment ?? 'default', asserted, store, before);
  if (asked) run.watch?.request(asked.id);
  if (asked) note(`approvals are needed: signwright approve ${asked.id}${asked.before ? ' (asked before)' : ''}`);
  if (asked && !asked.before) await tellOfRequest(open, asked, note);

  const verdicts = planned.map(({ name, digest, signers }) => {
    const verified = [...before.verified(digest), ...made];
    const environment = options.environment === undefined ? {} : { environment: options.environment };
    const findings = { verified, refused: [], at: Date.now(), moment: 'sign' as const, anchored: open.anchored, signers };
    return judgeArtifact(open.policy, { name, digest, ...environment }, findings);
  });
  run.watch?.verdicts(verdicts, open);
  printVerdicts(verdicts, options);
  await tell(open, verdicts, note);
  return exitOfVerdicts(verdicts);
}

/** The release the run contributes to, where it names one and the policy lets anybody close it. */
function releaseOf({ release, replace }: SignOptions, { policy }: OpenPolicy): ReleaseName | undefined {
  if (release !== undefined) {
    closerOf(policy);
    return parseReleaseName(release);
  }
  if (!replace) return undefined;
  throw new SignwrightError('usage', '--replace is about what was signed into a release before, and no release is named', {
    next: 'add --release NAME@VERSION; without a release a changed file is signed anew by itself',
  });
}
