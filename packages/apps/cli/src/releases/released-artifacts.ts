import { closerOf, findClosing, releaseStanding } from '@signwright/policy';
import { type EvidenceStore, parseReleaseName, releaseText, SignwrightError } from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { askedOf } from './asked-of.ts';
import { collectRelease } from './collect-release.ts';

export type ReleasedOptions = { readonly release: string; readonly environment?: string | undefined };

/**
 * The artifacts of a release, in place of files in hand: those of its manifest; while it is not closed, those of its parts.
 *
 * @throws SignwrightError `usage` where paths are given too, `unreachable` where the store cannot tell, or has nothing of the release.
 */
export async function releasedArtifacts(
  paths: readonly string[],
  options: ReleasedOptions,
  open: OpenPolicy,
  store: EvidenceStore,
): Promise<{ readonly artifacts: readonly ArtifactInHand[]; readonly closed: boolean }> {
  if (paths.length > 0) {
    throw new SignwrightError('usage', '--release stands for all artifacts of the release, and files are given too', {
      next: 'give one or the other',
    });
  }
  closerOf(open.policy);
  const release = parseReleaseName(options.release);
  const asked = askedOf(release, options, open);
  const evidence = await collectRelease(store, open, release);
  if (evidence.unreachable !== undefined) throw new SignwrightError('unreachable', evidence.unreachable);
  const { closed } = findClosing(open.policy, evidence, asked);
  const named = closed?.manifest.artifacts ?? releaseStanding(open.policy, evidence, asked).united.artifacts;
  if (named.length === 0) {
    const where = asked.environment ?? 'default';
    throw new SignwrightError('unreachable', `the evidence has no part of ${releaseText(release)} for the environment ${where}`, {
      next: 'bring the evidence that the signing runs left (--evidence names its store), or name the --environment it was signed for',
    });
  }
  return { artifacts: named.map(({ name, digest }) => ({ name, digest, explicit: true })), closed: closed !== undefined };
}
