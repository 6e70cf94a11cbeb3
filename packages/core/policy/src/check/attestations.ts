import { type AttestationWord, isAttestationWord, wordOf } from '@signwright/signing-core';
import type { Attestation } from '../generated/policy-file.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { globProblem } from './artifacts.ts';
import { entriesOf, type Subject } from './subject.ts';
import { saysRepository, saysWhoseSubject } from './workloads.ts';

type Condition = 'format' | 'fail-on' | 'builder' | 'source';

/** What each condition can be asked of: of anything else it would say nothing. */
const ASKED_OF: { readonly [condition in Condition]: AttestationWord } = {
  format: 'sbom',
  'fail-on': 'vulnerabilities',
  builder: 'provenance',
  source: 'provenance',
};

/** Conditions stand where they mean something, and patterns among them leave something out. */
export function* attestationsCanBeJudged({ content, source }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    for (const [index, attestation] of (tier.attestations ?? []).entries()) {
      for (const { path, atKey, message, word } of problemsOf(attestation)) {
        const whole = ['tiers', id, 'attestations', index, ...path];
        yield (atKey === true ? problemAtKey : problemAt)(source, whole, message, word);
      }
      for (const key of ['builder', 'source'] as const) {
        const pattern = attestation[key];
        if (pattern !== undefined) yield* globProblem(source, ['tiers', id, 'attestations', index, key], pattern);
      }
    }
  }
}

type Found = { readonly path: Path; readonly message: string; readonly atKey?: boolean; readonly word?: string };

function* problemsOf(attestation: Attestation): Generator<Found> {
  const { type, builder, source } = attestation;
  const word = isAttestationWord(type) ? undefined : wordOf(type);
  if (word !== undefined) {
    yield { path: ['type'], message: `by its URI nothing in it would be judged: write ${word}`, word };
  }
  for (const [condition, asked] of Object.entries(ASKED_OF) as [Condition, AttestationWord][]) {
    if (attestation[condition] === undefined || type === asked) continue;
    yield {
      path: [condition],
      atKey: true,
      message: `only an attestation of type ${asked} has this condition; this one is of ${type}`,
    };
  }
  if (builder !== undefined && !saysWhoseSubject(builder)) {
    const allowed = 'begin it with what is one platform\'s alone, before any "*", such as https://gitlab.acme.example';
    yield { path: ['builder'], message: `found ${JSON.stringify(builder)}, which does not say whose it is: ${allowed}` };
  }
  if (source !== undefined && !saysRepository(source)) {
    const allowed =
      'allowed is an https URL with the host and the first letters of the path before any "*", such as https://gitlab.acme.example/acme/**';
    yield { path: ['source'], message: `found ${JSON.stringify(source)}, which does not say whose it is: ${allowed}` };
  } else if (source !== undefined && /(\.git|\/)$/.test(source)) {
    yield { path: ['source'], message: 'repositories are named as on the web, without ".git" or "/" at the end' };
  }
}
