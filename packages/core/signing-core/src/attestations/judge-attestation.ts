import { quoted } from '../formats/quoted.ts';
import { fieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { judgeProvenance } from './judge-provenance.ts';
import { judgeSbom } from './judge-sbom.ts';
import { judgeTestResult } from './judge-test-result.ts';
import { judgeVulnerabilities } from './judge-vulnerabilities.ts';
import { type AttestationConditions, fails, holds, judged, type PredicateJudgement } from './judgement.ts';
import { isAttestationWord, predicateTypesOf } from './predicate-types.ts';

/**
 * Judges the predicate of an attestation by what a policy asks of it. Who made it, of what, and when, is not its business.
 *
 * @param type the policy's word, or a predicate type's https URI: of such only the type is judged, and that the predicate is an object.
 * @throws SignwrightError `policy` for a pattern that has no meaning.
 */
export function judgeAttestation(
  type: string,
  predicateType: string,
  predicate: Json,
  conditions: AttestationConditions = {},
): PredicateJudgement {
  const accepted = predicateTypesOf(type);
  if (!accepted.includes(predicateType)) {
    return fails('other-format', `its type is ${quoted(predicateType)}, not ${accepted.join(' or ')}`);
  }
  if (!isAttestationWord(type)) return judgeOther(predicateType, predicate);
  switch (type) {
    case 'provenance':
      return judgeProvenance(predicate, conditions);
    case 'sbom':
      return judgeSbom(predicateType, predicate, conditions);
    case 'test-result':
      return judgeTestResult(predicate);
    case 'vulnerabilities':
      return judgeVulnerabilities(predicateType, predicate, conditions);
  }
}

/** A statement without a predicate says that its type alone is true of the subject. */
function judgeOther(predicateType: string, predicate: Json): PredicateJudgement {
  return judged(() => {
    if (predicate !== null) fieldReader('the attestation').record(predicate, 'predicate');
    return holds(`of type ${quoted(predicateType)}`);
  });
}
