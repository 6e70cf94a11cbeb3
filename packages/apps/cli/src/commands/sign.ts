import { judgeArtifact, planSigning, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { SignwrightError, worstOf } from '@signwright/signing-core';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { collectEvidence, evidenceDirectory, openEvidence } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { createSigners, type PassphraseOptions } from '../context/open-signer.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { exitOf } from '../exit.ts';
import { printNote } from '../print-lines.ts';
import { printVerdicts } from '../print-verdicts.ts';
import type { SharedOptions } from '../shared-options.ts';
import { signParts } from '../signing/sign-parts.ts';
import { refuseEd25519, writeSidecars } from '../signing/write-sidecars.ts';

export type SignOptions = SharedOptions &
  PassphraseOptions & {
    readonly signer?: string[];
    readonly sidecars: boolean;
    readonly digest?: string;
    readonly name?: string;
  };

/** `signwright sign`: resolve → hash → sign → timestamp → verify → publish. What the policy refuses stops it before any signature. */
export async function sign(paths: string[], options: SignOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const { trustRoot } = open;
  if (!trustRoot) {
    throw new SignwrightError('policy', 'trust.root is missing: nothing says which timestamps count', {
      where: open.file,
      next: 'add trust: { root: trust/trusted-root.json }',
    });
  }
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };

  const directory = evidenceDirectory(open, options.evidence);
  const store = openEvidence(directory);
  const named = await nameArtifacts(open.policy, paths, options, directory, run);
  const { toSign, leftOut } = planSigning(open.policy, named, options);
  if (leftOut.length > 0) note(`left out: ${leftOut.length} that the policy says are never signed`);
  const planned = await hashArtifacts(toSign, options, run);
  if (options.sidecars) refuseEd25519(planned, open);
  const before = await collectEvidence(
    store,
    planned.map(({ digest }) => digest),
    evidenceTrust(open),
  );
  if (before.unreachable !== undefined) {
    if (before.listed) note(`${before.unreachable}; it is left alone, and signed anew where it is needed`);
    else
      throw new SignwrightError('unreachable', before.unreachable, {
        where: directory,
        next: 'nothing was signed; restore the store from a copy, or name another with --evidence',
      });
  }

  const timestamps = await openTimestamps(open, trustRoot, note);
  const signing = {
    open,
    store,
    timestamps,
    trust: evidenceTrust(open),
    signers: createSigners(open, options),
    signal: run.signal,
  };
  const made = await signParts(planned, before, signing, note);
  if (options.sidecars) await writeSidecars(planned, signing, note);

  const verdicts = planned.map(({ name, digest, signers }) => {
    const verified = [...before.verified(digest), ...made];
    const environment = options.environment === undefined ? {} : { environment: options.environment };
    const findings = { verified, refused: [], at: Date.now(), moment: 'sign' as const, anchored: open.anchored, signers };
    return judgeArtifact(open.policy, { name, digest, ...environment }, findings);
  });
  printVerdicts(verdicts, options);
  return exitOf(worstOf(verdicts.map(({ result }) => result)));
}
