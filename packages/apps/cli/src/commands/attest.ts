import { planArtifacts, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import { hexOf, prepareStatement, SignwrightError, writeStatement } from '@signwright/signing-core';
import { type ContentOptions, readContent } from '../attesting/attestation-content.ts';
import { chooseSigner, demandedOf } from '../attesting/attestation-signer.ts';
import { judgeContent } from '../attesting/judge-content.ts';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { sourceContext } from '../context/source-context.ts';
import { EXIT } from '../exit.ts';
import { printLines, printNote } from '../print-lines.ts';
import { openRecording } from '../records/open-recording.ts';
import type { SharedOptions } from '../shared-options.ts';
import { openSigningRun } from '../signing/open-signing-run.ts';
import { refuseDevelopment } from '../signing/refuse-development.ts';
import { signAndPublish } from '../signing/sign-and-publish.ts';
import { prepareStatementWork } from '../signing/statement-work.ts';
import { workArtifact } from '../signing/work.ts';

export type AttestOptions = SharedOptions &
  PassphraseOptions &
  ContentOptions & {
    readonly subject?: readonly string[];
    readonly digest?: string;
    readonly name?: string;
    readonly signer?: string;
    readonly recordFailure?: true;
  };

/**
 * `signwright attest`: one statement of a type over artifacts, signed by the sequence of every signature. What the policy would not let
 * count is refused, unless a failure is to be recorded.
 */
export async function attest(type: string, paths: string[], options: AttestOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const signing = await openSigningRun(open, options, run, note);
  const asserted = await sourceContext(signing.job);
  const recording = openRecording(signing, asserted, options.environment ?? 'default', note);
  const content = await readContent(type, options, signing, asserted, note);

  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(
    open.policy,
    [...paths, ...(options.subject ?? [])],
    options,
    storeDirectories(open, place),
    run,
  );
  const { planned } = await recording.ending(
    named.map(({ name }) => ({ name })),
    async () => planArtifacts(open.policy, named, options.environment),
  );
  const wanted = planned
    .map((one) => ({ ...one, demanded: demandedOf(one.required, content.predicateType) }))
    .filter(({ explicit, demanded }) => explicit || demanded.length > 0);
  if (wanted.length === 0) {
    throw new SignwrightError('usage', `the policy asks for no ${type} of anything here`, {
      where: open.file,
      next: 'name the artifacts it is about',
    });
  }
  const definition = chooseSigner(
    signing,
    new Set(wanted.flatMap(({ demanded }) => demanded.map(({ signer }) => signer.id))),
    options.signer,
  );
  const artifacts = (await hashArtifacts(wanted, options, run)).map((one) => ({
    ...one,
    demanded: one.demanded.filter(({ signer }) => signer.id === definition.id),
  }));
  const notAsked = artifacts.filter(({ demanded }) => demanded.length === 0).length;
  if (notAsked > 0) note(`the policy asks for no ${type} by ${definition.id} of ${notAsked} of ${artifacts.length} artifacts`);

  let told = '';
  const write: Parameters<typeof prepareStatement>[0] = (certified) => {
    const predicate = content.predicate(certified);
    const judged = judgeContent(content.predicateType, predicate, artifacts, options.recordFailure ?? false);
    told = content.summary ?? judged;
    const subject = artifacts.map(({ name, digest }) => ({ name, sha256: hexOf(digest) }));
    return writeStatement({ predicateType: content.predicateType, subject, predicate });
  };
  const works = artifacts.map(workArtifact);
  const prepare = async () =>
    [
      [
        await prepareStatementWork(
          {
            definition,
            deed: `attested ${type} of`,
            artifacts: works,
            statement: { type: content.predicateType },
            prepare: (by) => prepareStatement(write, by),
            check: (verified) => refuseDevelopment(verified, artifacts),
          },
          signing,
        ),
      ],
      [],
    ] as const;
  const store = await openEvidence(place, open);
  const [made] = await signAndPublish(works, prepare, { run: signing, recording, store, note });
  printLines([`attested ${type} of ${artifacts.length}: ${told}, evidence ${made?.evidence ?? ''}`]);
  return EXIT.allow;
}
