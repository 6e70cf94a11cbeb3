import { judgeArtifact, planSigning, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { ciJob } from '../context/ci-job.ts';
import { collectEvidence } from '../context/collect-evidence.ts';
import { confirmedParts } from '../context/confirmed-parts.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { openPolicy, trustRootOf } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { createSigners } from '../context/signers/create-signers.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { sourceContext } from '../context/source-context.ts';
import { exitOfVerdicts } from '../exit.ts';
import { tell, tellOfFallbacks, tellOfRequest } from '../notify/tell.ts';
import { printNote } from '../print-lines.ts';
import { printVerdicts } from '../print-verdicts.ts';
import { openRecording } from '../records/open-recording.ts';
import { recordedArtifact } from '../records/run-recorder.ts';
import type { RunLog } from '../records/write-records.ts';
import { askForApprovals } from '../requests/ask-for-approvals.ts';
import type { SharedOptions } from '../shared-options.ts';
import { prepareParts } from '../signing/prepare-parts.ts';
import { prepareSidecars, refuseEd25519 } from '../signing/prepare-sidecars.ts';
import { publish } from '../signing/publish.ts';
import { signPlanned } from '../signing/sign-planned.ts';
import type { SigningRun } from '../signing/work.ts';

export type SignOptions = SharedOptions &
  PassphraseOptions & {
    readonly signer?: string[];
    readonly sidecars: boolean;
    readonly digest?: string;
    readonly name?: string;
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
  const job = await ciJob();
  if (job)
    note(
      `a job of ${job.title}${job.repository === undefined ? '' : `: ${[job.repository, job.ref].filter(Boolean).join(' at ')}`}`,
    );
  const signing: SigningRun = {
    open,
    timestamps: await openTimestamps(open, trustRootOf(open), note),
    trust: evidenceTrust(open),
    signers: createSigners(open, { ...options, job, signal: run.signal }),
    job,
    signal: run.signal,
  };
  const asserted = await sourceContext(job);
  const recording = openRecording(signing, asserted, options.environment ?? 'default', note);

  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const { toSign, leftOut } = await recording.ending(
    named.map(({ name }) => ({ name })),
    async () => planSigning(open.policy, named, options),
  );
  if (leftOut.length > 0) note(`left out: ${leftOut.length} that the policy says are never signed`);
  const planned = await hashArtifacts(toSign, options, run);
  if (options.sidecars) refuseEd25519(planned, open);

  const store = await openEvidence(place, open);
  const before = await collectEvidence(
    store,
    planned.map(({ digest }) => digest),
    open,
  );
  if (before.unreachable !== undefined) {
    if (before.listed) note(`${before.unreachable}; it is left alone, and signed anew where it is needed`);
    else
      throw new SignwrightError('unreachable', before.unreachable, {
        where: place.reference,
        next: 'nothing was signed; restore the store from a copy, or name another with --evidence',
      });
  }

  const confirmed = await confirmedParts(before.records, open);
  const prepare = async () =>
    [
      await prepareParts(planned, { before, confirmed }, asserted, signing, note),
      options.sidecars ? await prepareSidecars(planned, signing, note) : [],
    ] as const;
  const { signed, recorded, failure } = await signPlanned(planned.map(recordedArtifact), prepare, {
    recording,
    signers: signing.signers,
  });
  const made = await publish(signed, { open, store, log: recorded?.log, run: signing, note });
  await publishLog(recorded?.log, note);
  await tellOfFallbacks(open, signing.signers, note);
  if (failure !== undefined) throw failure;
  const asked = await askForApprovals(planned, options.environment ?? 'default', asserted, store, before);
  if (asked) note(`approvals are needed: signwright approve ${asked.id}${asked.before ? ' (asked before)' : ''}`);
  if (asked && !asked.before) await tellOfRequest(open, asked, note);

  const verdicts = planned.map(({ name, digest, signers }) => {
    const verified = [...before.verified(digest), ...made];
    const environment = options.environment === undefined ? {} : { environment: options.environment };
    const findings = { verified, refused: [], at: Date.now(), moment: 'sign' as const, anchored: open.anchored, signers };
    return judgeArtifact(open.policy, { name, digest, ...environment }, findings);
  });
  printVerdicts(verdicts, options);
  await tell(open, verdicts, note);
  return exitOfVerdicts(verdicts);
}

/** Lets outsiders see the log as it is now; what is recorded stands whether or not that works. */
async function publishLog(log: RunLog | undefined, note: (line: string) => void): Promise<void> {
  try {
    await log?.publish();
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    note(`the log's newest checkpoint was not published: ${messageOf(error)}`);
  }
}
