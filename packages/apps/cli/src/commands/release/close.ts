import { type Closed, closedBy, findClosing, saysTheSame } from '@signwright/policy';
import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { openEvidence } from '../../context/open-evidence.ts';
import type { Run } from '../../context/run.ts';
import type { PassphraseOptions } from '../../context/signers/passphrase.ts';
import { sourceContext } from '../../context/source-context.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';
import { openRecording, type RunRecording } from '../../records/open-recording.ts';
import { collectRelease } from '../../releases/collect-release.ts';
import { type OpenRelease, openRelease, type ReleaseOptions } from '../../releases/open-release.ts';
import { closingArtifacts, prepareClosing } from '../../releases/prepare-manifest.ts';
import { standingJson, standingLines } from '../../releases/standing-lines.ts';
import { openSigningRun } from '../../signing/open-signing-run.ts';
import { signAndPublish } from '../../signing/sign-and-publish.ts';
import { recordedArtifact, type SigningRun } from '../../signing/work.ts';

export type ReleaseCloseOptions = ReleaseOptions &
  PassphraseOptions & { readonly expect: string; readonly output: 'text' | 'json' };

/**
 * `signwright release close`: collects the parts → verifies each → holds them against what the release must have → signs the manifest over
 * them, recorded like any signature → publishes it under the release and all its artifacts.
 *
 * @returns 0 where it is closed, also where it was before with the same parts; 4 while parts or signatures are missing, 3 while something
 * could not be reached or proved; what contradicts is refused, 1.
 */
export async function releaseClose(name: string, options: ReleaseCloseOptions, run: Run): Promise<number> {
  const release = await openRelease(name, options);
  const { closing, standing, evidence, text, closer } = release;
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  if (evidence.unreachable === undefined && closing.closed !== undefined)
    return closedBefore(release, closing.closed, options, note);
  if (evidence.unreachable !== undefined || standing.result === 'pending' || standing.result === 'inconclusive') {
    print(release, options);
    return EXIT[evidence.unreachable === undefined ? standing.result : 'inconclusive'];
  }

  const signing = await openSigningRun(release.open, options, run, note);
  const asserted = await sourceContext(signing.job);
  const environment = release.asked.environment ?? 'default';
  const recording = openRecording(signing, asserted, environment, note, { text, closes: true });
  if (standing.result === 'deny') await refuse(release, recording, options);

  const artifacts = closingArtifacts(signing, standing.united, release.asked);
  const prepare = async () =>
    [[await prepareClosing(artifacts, standing.united, release.asked, closer, asserted, signing)], []] as const;
  const store = await openEvidence(release.place, release.open);
  await signAndPublish(artifacts.map(recordedArtifact), prepare, { run: signing, recording, store, note });
  return confirm(release, signing, options);
}

/** Looks whether it is this manifest that counts: another run may have closed the release meanwhile. */
async function confirm(before: OpenRelease, { open }: SigningRun, options: ReleaseCloseOptions): Promise<number> {
  const { text, asked, standing } = before;
  const evidence = await collectRelease(await openEvidence(before.place, open), open, asked.release);
  const closing = findClosing(open.policy, evidence, { ...asked, at: Date.now() });
  const { closed, rival } = closing;
  if (closed === undefined) {
    throw new SignwrightError('unreachable', `the manifest was published, and the store does not list it under ${text}`, {
      where: before.place.reference,
      next: `look again: signwright release show ${text}`,
    });
  }
  if (rival !== undefined || !saysTheSame(closed.manifest, contentsOf(before))) {
    throw new SignwrightError('denied', `another run has closed ${text} with other parts at the same time, ${closedBy(closed)}`, {
      next: 'what is in its manifest is the release; make one of another version for the rest',
    });
  }
  print({ text, asked, standing, closing }, options);
  return EXIT.allow;
}

/** The same parts are closed once; others come too late. */
function closedBefore(release: OpenRelease, closed: Closed, options: ReleaseCloseOptions, note: (line: string) => void): number {
  const { text, closing, standing } = release;
  print(release, options);
  if (closing.rival === undefined && saysTheSame(closed.manifest, contentsOf(release))) {
    note(`${text} was closed before over the same parts: nothing was signed`);
    if (standing.result === 'allow' || standing.result === 'inconclusive') return EXIT[standing.result];
    throw new SignwrightError(
      'denied',
      `${text} was closed before ${closedBy(closed)}, as another than ${options.expect} expects`,
      {
        next: 'what is missing can come into a release of another version alone',
      },
    );
  }
  throw new SignwrightError('denied', `${text} was closed before ${closedBy(closed)}, over other parts than there are now`, {
    next: 'nothing was signed: what came later is none of the release; make one of another version',
  });
}

function contentsOf({ standing: { united } }: Pick<OpenRelease, 'standing'>): Parameters<typeof saysTheSame>[0] {
  return { artifacts: united.artifacts, parts: united.parts.map(({ evidence }) => evidence) };
}

/** Records that closing was refused, and says so. */
async function refuse(release: OpenRelease, recording: RunRecording, options: ReleaseCloseOptions): Promise<never> {
  const { text, standing } = release;
  print(release, options);
  const reasons = standing.outcomes.filter(({ status }) => status === 'unmet').map(({ message }) => `\n  ${message}`);
  return recording.ending(
    standing.united.artifacts.map(({ name }) => ({ name })),
    async () => {
      throw new SignwrightError('denied', `${text} may not be closed:${reasons.join('')}`, { next: 'nothing was signed' });
    },
  );
}

type Printed = Pick<OpenRelease, 'text' | 'asked' | 'standing' | 'closing'>;

function print({ text, asked, standing, closing }: Printed, { output }: ReleaseCloseOptions): void {
  const { environment = 'default' } = asked;
  if (output === 'text') printLines(standingLines(text, standing, closing));
  else process.stdout.write(safeJson({ version: 1, release: text, environment, ...standingJson(standing, closing) }));
}
