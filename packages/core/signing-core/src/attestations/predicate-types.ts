/** SLSA provenance, https://slsa.dev/spec/v1.2/build-provenance. */
export const PROVENANCE = 'https://slsa.dev/provenance/v1';
export const CYCLONEDX = 'https://cyclonedx.org/bom';
export const SPDX2 = 'https://spdx.dev/Document';
export const SPDX3 = 'https://spdx.dev/Document/v3';
export const TEST_RESULT = 'https://in-toto.io/attestation/test-result/v0.1';
export const VULNS_02 = 'https://in-toto.io/attestation/vulns/v0.2';
export const VULNS_01 = 'https://in-toto.io/attestation/vulns/v0.1';
export const COSIGN_VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';

/** The policy's words for attestations whose content is judged. */
export type AttestationWord = 'provenance' | 'sbom' | 'test-result' | 'vulnerabilities';

const TYPES: { readonly [word in AttestationWord]: readonly [string, ...string[]] } = {
  provenance: [PROVENANCE],
  sbom: [
    CYCLONEDX,
    ...['1.4', '1.5', '1.6', '1.7'].map((version) => `${CYCLONEDX}/v${version}`),
    SPDX2,
    ...['2.2', '2.3'].map((version) => `${SPDX2}/v${version}`),
    SPDX3,
  ],
  'test-result': [TEST_RESULT],
  vulnerabilities: [VULNS_02, VULNS_01, COSIGN_VULN],
};

/** The words, for messages and checks. */
export const ATTESTATION_WORDS: readonly AttestationWord[] = Object.keys(TYPES) as AttestationWord[];

/** Whether a policy's `type` is one of its words; else it is a predicate type. */
export function isAttestationWord(type: string): type is AttestationWord {
  return Object.hasOwn(TYPES, type);
}

/** The predicate types a policy's `type` accepts: for a word the one we write first, for an https URI itself. */
export function predicateTypesOf(type: string): readonly string[] {
  return isAttestationWord(type) ? TYPES[type] : [type];
}

/** The word whose judgement a predicate type has; none for those nothing is known of. */
export function wordOf(predicateType: string): AttestationWord | undefined {
  return ATTESTATION_WORDS.find((word) => TYPES[word].includes(predicateType));
}
