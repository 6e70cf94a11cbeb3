import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { SignwrightError, type Verdict, worstOf } from '@signwright/signing-core';
import { attestVerdicts } from '../attesting/attest-verdicts.ts';
import { checkVerifies } from '../attesting/choose-verifier.ts';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { parseInstant } from '../context/instant.ts';
import { collectAbout, judgeBy } from '../context/judge-artifacts.ts';
import { type EvidencePlace, evidencePlace, openEvidence, openExistingEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { checkRootInUse } from '../context/root-in-use.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { exitOfVerdicts, messageWithPlace } from '../exit.ts';
import { tell } from '../notify/tell.ts';
import { printNote } from '../print-lines.ts';
import { printVerdicts } from '../print-verdicts.ts';
import type { SharedOptions } from '../shared-options.ts';
import { openSigningRun } from '../signing/open-signing-run.ts';

export type VerifyOptions = SharedOptions &
  PassphraseOptions & {
    readonly at?: string;
    readonly digest?: string;
    readonly name?: string;
    readonly attest?: true;
    readonly signer?: string;
    /** First keep the proofs that the log has by now, as "signwright wait" does. */
    readonly gather?: true;
  };

/**
 * `signwright verify`: bytes → evidence → verdicts, by the policy and from nothing else; with `--attest` the verdicts are signed.
 */
export async function verify(paths: string[], options: VerifyOptions, run: Run): Promise<number> {
  checkOptions(options);
  const now = new Date();
  const at = options.at === undefined ? now.getTime() : parseInstant(options.at, '--at');
  const open = await openPolicy(options, now);
  refuseUnenforced(unenforcedInRun(open.policy));
  if (options.attest) checkVerifies(open, 'a verdict');
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  checkRootInUse(open.rootInUse, { at, note, signing: false });

  const { environment, signer } = options;
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = await hashArtifacts(named, options, run);
  if (options.gather) await gatherProofs(open, place, artifacts, environment, note);
  const evidence = await collectAbout(open, await openExistingEvidence(place), artifacts, environment);
  const verdicts = await judgeBy(open, evidence, artifacts, {
    at,
    ...(options.at === undefined ? {} : { latest: at }),
    environment,
    moment: 'release',
    askLog: true,
  });

  run.watch?.verdicts(verdicts, open);
  printVerdicts(verdicts, options);
  const requestOf = ({ artifact, environment: to }: Verdict) =>
    evidence.requests(artifact.digest).find(({ request }) => request.environment === to)?.id;
  const waiting = verdicts.filter(({ outcomes }) => outcomes.some(({ code }) => code === 'approvals-missing'));
  for (const id of new Set(waiting.flatMap((verdict) => requestOf(verdict) ?? []))) run.watch?.request(id);
  // Whoever wrote the request told of it.
  const pending = verdicts.filter(({ result }) => result === 'pending');
  if (
    worstOf(verdicts.map(({ result }) => result)) !== 'pending' ||
    pending.some((verdict) => requestOf(verdict) === undefined)
  ) {
    await tell(open, verdicts, note);
  }
  if (options.attest) {
    const signing = await openSigningRun(open, options, run, note);
    const store = await openEvidence(place, open);
    await attestVerdicts(verdicts, { run: signing, evidence, store, environment, signer, note });
  }
  return exitOfVerdicts(verdicts);
}

function checkOptions({ at, attest, signer }: VerifyOptions): void {
  if (attest && at !== undefined)
    throw new SignwrightError('usage', 'what was as of another time is not signed', { next: 'leave out --at, or --attest' });
  if (!attest && signer !== undefined)
    throw new SignwrightError('usage', '--signer says who signs the verdicts, and none are signed', { next: 'add --attest' });
}

/** A log that cannot be reached is told by the verdicts. */
async function gatherProofs(
  open: OpenPolicy,
  place: EvidencePlace,
  artifacts: readonly ArtifactInHand[],
  environment: string | undefined,
  note: (line: string) => void,
): Promise<void> {
  if (open.policy.audit === undefined) return;
  const { openProofs } = await import('../waiting/gather-proofs.ts');
  try {
    const proofs = await openProofs(open, await openExistingEvidence(place), artifacts, environment);
    await proofs?.gather();
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    note(`no proofs were asked for: ${messageWithPlace(error)}`);
  }
}
