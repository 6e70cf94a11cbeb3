import { SignwrightError } from '../error.ts';
import type { Severity } from './severity.ts';

/** Why a predicate does not do. */
export type PredicateFault =
  /** It is not what its type says. */
  | 'predicate-malformed'
  /** Another format, or another type, than was asked for. */
  | 'other-format'
  /** Built by another builder. */
  | 'other-builder'
  /** Built from another source, or from none that is told. */
  | 'other-source'
  /** A test failed, or none ran. */
  | 'tests-failed'
  /** A vulnerability of the least severity that fails, or above. */
  | 'vulnerable';

/** Whether a predicate meets the policy's conditions; one sentence for people. */
export type PredicateJudgement =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly code: PredicateFault; readonly message: string };

/** What the policy asks of a predicate, beside its type. Patterns are those of compileGlob. */
export type AttestationConditions = {
  /** Of an SBOM: the formats that will do. */
  readonly format?: readonly SbomFormat[];
  /** Of a scan: the least severity that fails. */
  readonly failOn?: Severity;
  /** Of provenance: the builder's id. */
  readonly builder?: string;
  /** Of provenance: the `https://host/path` of the repository that was built. */
  readonly source?: string;
};
export type SbomFormat = 'cyclonedx' | 'spdx';

export function holds(message: string): PredicateJudgement {
  return { ok: true, message };
}

export function fails(code: PredicateFault, message: string): PredicateJudgement {
  return { ok: false, code, message };
}

/** The judgement, or that the predicate could not be read. */
export function judged(judge: () => PredicateJudgement): PredicateJudgement {
  try {
    return judge();
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return fails('predicate-malformed', error.message);
    throw error;
  }
}
