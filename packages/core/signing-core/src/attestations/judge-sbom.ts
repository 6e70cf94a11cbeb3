import { quoted } from '../formats/quoted.ts';
import { fieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { type AttestationConditions, fails, holds, judged, type PredicateJudgement } from './judgement.ts';
import { readSbom, SBOMS } from './read-sbom.ts';

/** Judges a bill of materials: its content must be what its type says, of something, and in one of the formats asked for. */
export function judgeSbom(
  predicateType: string,
  predicate: Json,
  { format }: Pick<AttestationConditions, 'format'> = {},
): PredicateJudgement {
  return judged(() => {
    const read = fieldReader('the bill of materials');
    const sbom = readSbom(read.record(predicate, 'predicate')) ?? read.fail('predicate', `is none of ${SBOMS}`);
    const told = `${sbom.title} ${sbom.version}`;
    if (!isOfType(predicateType, sbom)) read.fail('predicate', `is ${told}, and its type says ${quoted(predicateType)}`);
    if (format !== undefined && !format.includes(sbom.format))
      return fails('other-format', `it is ${told}, not ${format.join(' or ')}`);
    return holds(`${told}, ${sbom.entries} ${sbom.entries === 1 ? 'entry' : 'entries'}`);
  });
}

/** A type that ends in a version wants just that version. */
function isOfType(predicateType: string, sbom: { readonly predicateType: string; readonly version: string }): boolean {
  return predicateType === sbom.predicateType || predicateType === `${sbom.predicateType}/v${sbom.version}`;
}
