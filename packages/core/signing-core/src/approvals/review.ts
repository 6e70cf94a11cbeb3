import { hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of a review, and the namespace its SSH signature is made for. */
export const REVIEW = 'https://signwright.dev/review/v1';

/** A person's word that they looked into why the glass was broken. */
export type Review = {
  readonly person: string;
  /** When the person said it, by their own clock, ISO 8601: an old signature that is timestamped anew counts for nothing. */
  readonly given: string;
  /** The waivers that broke it, by the digests of their evidence. */
  readonly waivers: readonly Sha256[];
  readonly reason: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
};

/** Writes the statement of a review, ready to be signed. */
export function writeReview({ waivers, ...review }: Review): Buffer {
  const subject = waivers.map((waiver) => ({ name: 'waiver', sha256: hexOf(waiver) }));
  return writeStatement({ predicateType: REVIEW, subject, predicate: review });
}

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readReview(statement: Statement): Review {
  const read = fieldReader('the review');
  const fields = read.object(statement.predicate, 'predicate', ['person', 'given', 'reason', 'policy']);
  const waivers = statement.subject.map(({ sha256 }): Sha256 => {
    const digest = `sha256:${sha256 ?? ''}`;
    return isSha256(digest) ? digest : read.fail('subject', 'is no waiver by its digest');
  });
  return {
    person: readPlain(read, fields['person'], 'predicate.person'),
    given: readTime(read, fields['given'], 'predicate.given'),
    waivers,
    reason: readPlain(read, fields['reason'], 'predicate.reason'),
    policy: readPolicyRef(read, fields['policy']),
  };
}
