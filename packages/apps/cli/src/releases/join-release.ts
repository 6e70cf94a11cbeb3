import {
  type AskedRelease,
  closedBy,
  closerOf,
  findClosing,
  type Planned,
  partsOf,
  type ReleaseEvidence,
} from '@signwright/policy';
import { type Contribution, MAX_PARTS, releaseText, SignwrightError, uniteParts, type Verified } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** What a run that contributes to a release keeps to. */
export type Joining = {
  /** Whether a part is one of the release already. */
  isOurs(part: Verified): boolean;
  /**
   * What a part over these artifacts says of the release.
   * @throws SignwrightError `denied` where the release is closed, or has other bytes by one of their names that are not to be replaced.
   */
  contribution(signer: string, artifacts: readonly Planned[]): Contribution;
  /** @throws SignwrightError `denied` where the part, now that it is signed, contradicts the others. */
  check(part: Verified): void;
};

/**
 * Settles what a run may contribute to a release. This guides honest runs; what counts is decided again by whoever closes the release,
 * and whoever verifies it.
 *
 * @param replace whether bytes that the same job signed before may be replaced by those it has now.
 */
export function joinRelease(
  open: OpenPolicy,
  evidence: ReleaseEvidence,
  asked: AskedRelease,
  { replace }: { readonly replace: boolean },
): Joining {
  const { policy } = open;
  const { release } = asked;
  const text = releaseText(release);
  closerOf(policy);
  const { closed } = findClosing(policy, evidence, asked);
  const { parts } = partsOf(policy, evidence.parts, asked);
  const ours = new Set(parts.map((part) => part.evidence));

  return {
    isOurs: ({ evidence: id }) => ours.has(id),

    contribution(signer, artifacts) {
      if (closed !== undefined) {
        throw new SignwrightError('denied', `${text} is closed: ${closedBy(closed)}; a part that comes later is none of it`, {
          next: 'nothing was signed; make a release of another version',
        });
      }
      const names = new Map(artifacts.map(({ name, digest }) => [name.toLowerCase(), digest]));
      const before = uniteParts(parts).artifacts.filter(
        ({ name, digest }) => (names.get(name.toLowerCase()) ?? digest) !== digest,
      );
      const [first] = before;
      if (first !== undefined && !replace) {
        throw new SignwrightError('denied', `${text} has other bytes by the name ${first.name} already: ${first.digest}`, {
          next: 'nothing was signed; if this job built it anew, say "--replace", else make a release of another version',
        });
      }
      const replaced = before.flatMap((one) => one.parts.filter(({ part }) => part.signer === signer));
      const replaces = [...new Set(replaced.map((part) => part.evidence))].sort().slice(0, MAX_PARTS);
      return { ...release, ...(replaces.length === 0 ? {} : { replaces }) };
    },

    check(part) {
      const own = new Set(part.part.artifacts.map(({ name }) => name.toLowerCase()));
      const conflict = uniteParts([...parts, part]).conflicts.find(({ name }) => own.has(name.toLowerCase()));
      if (conflict === undefined) return;
      throw new SignwrightError('denied', `${text}: ${conflict.message}`, {
        next: 'nothing was published; a job replaces what it signed itself, as the same signer for the same repository, and nothing of others',
      });
    },
  };
}
