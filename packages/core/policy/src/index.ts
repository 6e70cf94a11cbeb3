export type { Anchor } from './anchor.ts';
export { parseAnchor } from './anchor.ts';
export { checkResolution, checkVerdict } from './cases/check-case.ts';
export type { PolicyCase, PolicyCases } from './cases/parse-cases.ts';
export { parseCases } from './cases/parse-cases.ts';
export type { Credentials } from './check-anchor.ts';
export { checkAnchor, trustRootDigestOf } from './check-anchor.ts';
export type { Demands } from './demands.ts';
export type { Change, Effect } from './diff/change.ts';
export { diffPolicies } from './diff/diff-policies.ts';
export type { Unenforced } from './enforcement.ts';
export type { Explanation, LayerExplanation, RequirementOrigin } from './explain.ts';
export { explain } from './explain.ts';
export { casesSchemaText } from './generated/cases-schema.ts';
export { expectationSchemaText } from './generated/expectation-schema.ts';
export { policySchemaText } from './generated/policy-schema.ts';
export type { Findings, InHand } from './judge.ts';
export { judgeArtifact, refuseUnenforced } from './judge.ts';
export type { BaseReference, FetchBase } from './load/base-reference.ts';
export { addressOf, isElsewhere, pathIn, policyReferenceOf, shownPolicy } from './load/base-reference.ts';
export { signatureOf } from './load/base-signature.ts';
export { peopleOfProfile } from './load/certificates.ts';
export type { LoadOptions } from './load/load-policy.ts';
export { loadPolicy } from './load/load-policy.ts';
export { workloadRule } from './load/signers.ts';
export type { SeenEdition } from './newest-edition.ts';
export { checkNotOlder } from './newest-edition.ts';
export { nearestWord } from './parse/nearest-word.ts';
export type {
  AuditDefinition,
  CertificateAuthority,
  CertificateKeyType,
  CertificateProfile,
  CertificatesDefinition,
  FileReader,
  IssuingAuthority,
  Layer,
  NotifyDefinition,
  Policy,
  RevocationDefinition,
  RuleRef,
  SignedEdition,
  SignerDefinition,
  TrustRootFile,
} from './policy.ts';
export type { Problem } from './problem.ts';
export { PolicyError, problemLine } from './problem.ts';
export type { AskedRelease, ReleaseEvidence } from './release/asked-release.ts';
export { closerOf, demandedOf, partsOf } from './release/asked-release.ts';
export type { Expectation } from './release/expectation.ts';
export { parseExpectation } from './release/expectation.ts';
export type { Closed, Closing } from './release/find-closing.ts';
export { closedBy, findClosing, saysTheSame } from './release/find-closing.ts';
export type { ReleaseJudgement } from './release/judge-release.ts';
export { inRelease, judgeRelease } from './release/judge-release.ts';
export type { ReleaseStanding } from './release/release-standing.ts';
export { releaseStanding } from './release/release-standing.ts';
export { inferKind } from './resolve/infer-kind.ts';
export type { Query, Required, Resolution, ResolvedEnvironment } from './resolve/resolution.ts';
export { resolveArtifact } from './resolve/resolve-artifact.ts';
export { uniteResolutions } from './resolve/unite-resolutions.ts';
export type { Planned } from './signing/cover.ts';
export { isCovered, partContents, refuseUseless } from './signing/cover.ts';
export type { Candidate, Demanded, PlanSigningOptions, ToSign } from './signing/plan-signing.ts';
export { planArtifacts, planSigning } from './signing/plan-signing.ts';
export { unenforcedAnywhere } from './unenforced-anywhere.ts';
export { unenforcedInRun } from './unenforced-in-run.ts';
