import type { Outcome, OutcomeStatus, ReasonCode, Refusal } from '@signwright/signing-core';

/** The requirement that a release puts on its artifacts beside those of their tiers. */
const RELEASE = 'release';

type Details = Partial<Pick<Outcome, 'evidence' | 'next'>> & { readonly refused?: readonly Refusal[] };

/** What becomes of a release, or of an artifact because of it. */
export function releaseOutcome(status: OutcomeStatus, code: ReasonCode, message: string, details: Details = {}): Outcome {
  const { evidence = [], refused = [], next } = details;
  return { requirement: RELEASE, layer: '', status, code, message, evidence, refused, ...(next === undefined ? {} : { next }) };
}

const SHOWN = 5;

/** The first few of them, and how many more there are. */
export function few(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} and ${texts.length - SHOWN} more` : shown;
}
