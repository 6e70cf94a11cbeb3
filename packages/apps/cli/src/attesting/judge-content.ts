import {
  type AttestationRequirement,
  type JsonObject,
  judgeAttestation,
  SignwrightError,
  wordOf,
} from '@signwright/signing-core';

/** An artifact that is attested, with the attestations of this type that are demanded of it by the signer. */
export type Attested = { readonly name: string; readonly demanded: readonly AttestationRequirement[] };

/**
 * Holds what is to be attested against what the policy asks of it for each artifact; where it asks nothing, against its type.
 *
 * @param recordFailure whether what fails is attested all the same: the newest attestation decides, and so it can block a release.
 * @returns one sentence for people.
 * @throws SignwrightError `denied` with the reasons.
 */
export function judgeContent(
  predicateType: string,
  predicate: JsonObject,
  artifacts: readonly Attested[],
  recordFailure: boolean,
): string {
  const asked = new Map(artifacts.flatMap(({ demanded }) => demanded.map((one) => [one, one.conditions] as const)));
  const type = wordOf(predicateType) ?? predicateType;
  const plain = judgeAttestation(type, predicateType, predicate);
  const judged = [
    plain,
    ...[...asked].map(([one, conditions]) => judgeAttestation(one.attests, predicateType, predicate, conditions)),
  ];
  const failed = judged.find((one) => !one.ok);
  if (failed === undefined) return plain.message;
  const malformed = failed.ok === false && failed.code === 'predicate-malformed';
  if (recordFailure && !malformed) return failed.message;
  throw new SignwrightError('denied', `it would not meet what the policy asks: ${failed.message}`, {
    next: malformed
      ? 'nothing was signed; write it as its type has it'
      : 'nothing was signed; mend it, or sign that it failed with --record-failure: the newest attestation decides, and blocks',
  });
}
