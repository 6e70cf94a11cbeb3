import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { SignwrightError, worstOf } from '@signwright/signing-core';
import { attestVerdicts } from '../attesting/attest-verdicts.ts';
import { checkVerifies } from '../attesting/choose-verifier.ts';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { parseInstant } from '../context/instant.ts';
import { collectAbout, judgeBy } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence, openExistingEvidence } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { checkRootInUse } from '../context/root-in-use.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { exitOfVerdicts } from '../exit.ts';
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
  const pending = verdicts.filter(({ result }) => result === 'pending');
  const requests = pending.map(({ artifact, environment: to }) =>
    evidence.requests(artifact.digest).find(({ request }) => request.environment === to),
  );
  for (const id of new Set(requests.flatMap((one) => one?.id ?? []))) run.watch?.request(id);
  // Whoever wrote the request told of it.
  if (worstOf(verdicts.map(({ result }) => result)) !== 'pending' || requests.includes(undefined)) {
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
