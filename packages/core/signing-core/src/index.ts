export type { Approval, Decision } from './approvals/approval.ts';
export { APPROVAL, DECISIONS, writeApproval } from './approvals/approval.ts';
export type { AskedCertificate } from './approvals/asked-certificate.ts';
export { CERTIFICATE_REQUEST, MAX_CSR, writeAskedCertificate } from './approvals/asked-certificate.ts';
export type { Compromise, Incident, IncidentCertificate, IncidentEdit } from './approvals/incident.ts';
export { INCIDENT, incidentId, MAX_NAMED, writeIncident } from './approvals/incident.ts';
export type { NamedArtifact } from './approvals/named-artifacts.ts';
export { MAX_PLAIN } from './approvals/plain-fields.ts';
export type { ApprovalRequest } from './approvals/request.ts';
export { readRequest, writeRequest } from './approvals/request.ts';
export type { Review } from './approvals/review.ts';
export { REVIEW, writeReview } from './approvals/review.ts';
export type { RevocationOrder, RevokedCertificate } from './approvals/revocation-order.ts';
export { MAX_REVOKED, REVOCATION, writeRevocationOrder } from './approvals/revocation-order.ts';
export type { Said } from './approvals/said.ts';
export type { Waiver } from './approvals/waiver.ts';
export { WAIVER, writeWaiver } from './approvals/waiver.ts';
export type { Artifact, Kind } from './artifact.ts';
export { checkName, KINDS } from './artifact.ts';
export { judgeAttestation } from './attestations/judge-attestation.ts';
export type { AttestationConditions, PredicateFault, PredicateJudgement, SbomFormat } from './attestations/judgement.ts';
export type { AttestationWord } from './attestations/predicate-types.ts';
export {
  isAttestationWord,
  PROVENANCE,
  predicateTypesOf,
  TEST_RESULT,
  VULNS_02,
  wordOf,
} from './attestations/predicate-types.ts';
export type { Sbom } from './attestations/read-sbom.ts';
export { readSbom, SBOMS } from './attestations/read-sbom.ts';
export { readScannerReport, SCANNER_REPORTS } from './attestations/scanners/read-scanner-report.ts';
export type { Finding, ScannerReport } from './attestations/scanners/scanner-report.ts';
export type { Rating, Severity } from './attestations/severity.ts';
export { SEVERITIES } from './attestations/severity.ts';
export type { BuildRun, Dependency } from './attestations/write-provenance.ts';
export { writeProvenance } from './attestations/write-provenance.ts';
export type { TestRun } from './attestations/write-test-result.ts';
export { writeTestResult } from './attestations/write-test-result.ts';
export type { ReportFile } from './attestations/write-vulnerabilities.ts';
export { writeVulnerabilities } from './attestations/write-vulnerabilities.ts';
export { authorName } from './author-name.ts';
export type { Bundle } from './bundle.ts';
export { MAX_BUNDLE, parseBundle, writeBundle } from './bundle.ts';
export type { CiJob, CiPlatform, Environment } from './ci-job.ts';
export type { FoundRecords, ProvenRecord } from './decide/audit.ts';
export type { DecisionContext, NegativeFacts, WaiverRule, WaiverTerms } from './decide/context.ts';
export { decide, resultOf } from './decide/decide.ts';
export { KNOWN_LATER } from './decide/doubt.ts';
export { seatPeople } from './decide/seats.ts';
export { isOpen, nextOpening } from './decide/windows.ts';
export type { SaidOfJob } from './describe-job.ts';
export { describeJob, repositoryAddress, withoutEmail } from './describe-job.ts';
export type { AuthorsPredicate, UnknownCommit } from './duties/author-list.ts';
export { AUTHORS, MAX_UNKNOWN_LISTED, readAuthors, writeAuthors } from './duties/author-list.ts';
export { normaliseEmail } from './duties/normalise-email.ts';
export { distinctAccounts, platformAccount } from './duties/platform-account.ts';
export type { CollectedApprovals } from './duties/platform-approvals.ts';
export { PLATFORM_APPROVALS, readPlatformApprovals, writePlatformApprovals } from './duties/platform-approvals.ts';
export type { Push } from './duties/pushers.ts';
export { pushersOf, verifiedAuthors } from './duties/pushers.ts';
export { checkCommits, checkRunCommit, runOf } from './duties/run-reference.ts';
export { IN_TOTO, preAuthEncoding } from './envelope.ts';
export type { ErrorCode, ErrorDetails } from './error.ts';
export { messageOf, SignwrightError } from './error.ts';
export type { Gate } from './evidence-kinds/gate.ts';
export { readGate, writeGate } from './evidence-kinds/gate.ts';
export type { EvidenceKind } from './evidence-kinds/kind-of.ts';
export { kindOf, TLOG_PROOF } from './evidence-kinds/kind-of.ts';
export type { PolicySnapshot } from './evidence-kinds/policy-snapshot.ts';
export { readSnapshot, recordReads, snapshotReader, writeSnapshot } from './evidence-kinds/policy-snapshot.ts';
export type { EvidenceReceipt } from './evidence-kinds/receipt.ts';
export { readReceipt, writeReceipt } from './evidence-kinds/receipt.ts';
export { canonicalJson } from './formats/canonical-json.ts';
export type { Sha256 } from './formats/digest.ts';
export { bytesOf, canonicalDigest, hexOf, isSha256, parseSha256, sha256 } from './formats/digest.ts';
export { compileGlob, hasControlCharacter } from './formats/glob.ts';
export type { FieldReader } from './formats/read-json.ts';
export { fieldReader, isAbsent } from './formats/read-json.ts';
export { shellWord } from './formats/shell-word.ts';
export type { Json, JsonObject } from './formats/strict-json.ts';
export { parseStrictJson } from './formats/strict-json.ts';
export { inParallel } from './in-parallel.ts';
export type {
  AwsKmsReference,
  AzureKeyReference,
  FileReference,
  GoogleKmsReference,
  KeyReference,
  Pkcs11Reference,
  VaultReference,
} from './key-reference.ts';
export { parseKeyReference, parseTokenReference } from './key-reference.ts';
export type { SignatureAlgorithm } from './keys.ts';
export { algorithmsOf, keyIdOf, readPublicKey, SIGNATURE_ALGORITHMS, spkiOf } from './keys.ts';
export { whyNoKeyAt, whyNotWorkload } from './match-author.ts';
export { isMember, personOf, whyNotTheirs } from './match-person.ts';
export type { Who } from './match-who.ts';
export { whoText } from './match-who.ts';
export type { PolicyEdition, VerifiedPolicySignature } from './policy-signature.ts';
export { POLICY_STATEMENT, signPolicy, verifyPolicySignature } from './policy-signature.ts';
export type {
  ApprovalMeans,
  ApprovalSource,
  PlatformAccount,
  PlatformApproval,
  PlatformApprovals,
  RunReference,
} from './ports/approval-source.ts';
export type { AuditLog, Receipt } from './ports/audit-log.ts';
export type { Blob, BlobStore, Version } from './ports/blob-store.ts';
export type { CertificateIssuer } from './ports/certificate-issuer.ts';
export type { Clock } from './ports/clock.ts';
export type { EvidenceBatches, EvidenceItem, EvidenceStore, RetentionEnforcement } from './ports/evidence-store.ts';
export type { IdentityProvider } from './ports/identity-provider.ts';
export type { Notification, Notifier } from './ports/notifier.ts';
export type { CommitPeople, PeopleSource, RunPeople } from './ports/people-source.ts';
export type { PersonSigner } from './ports/person-signer.ts';
export type { Retaining } from './ports/retaining.ts';
export type { RevocationSource } from './ports/revocation-source.ts';
export type { Signer, SignRequest } from './ports/signer.ts';
export type { TimestampAuthority } from './ports/timestamp-authority.ts';
export type { Transactions } from './ports/transactions.ts';
export type { IncidentRecord } from './records/incident-record.ts';
export { keyOfPerson } from './records/key-of-person.ts';
export { parseRecord, readRecord } from './records/read-record.ts';
export type {
  ApprovalRecord,
  CertificateRecord,
  IntentRecord,
  LogRecord,
  ReadRecord,
  RecordBase,
  RecordedArtifact,
  RecordedSigner,
  RecordedStatement,
  RefusalRecord,
  ResultRecord,
  SegmentRefusedRecord,
  Unreached,
} from './records/record.ts';
export { MAX_RECORD, RECORD, SAID_BY_PEOPLE, SAID_OF_CERTIFICATES } from './records/record.ts';
export type { RequestContent } from './records/request-id.ts';
export { requestId } from './records/request-id.ts';
export { writeRecord } from './records/write-record.ts';
export { writeSliced } from './records/write-sliced.ts';
export { Refused } from './refused.ts';
export type { Claims, Contribution, PartArtifact, ReleasePart } from './release-part.ts';
export { MAX_PARTS, RELEASE_PART, readReleasePart } from './release-part.ts';
export type { ReleaseManifest } from './releases/release-manifest.ts';
export { RELEASE_MANIFEST, readReleaseManifest } from './releases/release-manifest.ts';
export type { ReleaseName } from './releases/release-name.ts';
export { isSameRelease, parseReleaseName, releaseSubject, releaseText } from './releases/release-name.ts';
export { prepareManifest } from './releases/sign-manifest.ts';
export type { PartConflict, ReleasedArtifact, UnitedParts } from './releases/unite-parts.ts';
export { isSameJob, uniteParts } from './releases/unite-parts.ts';
export { whyNotBy } from './releases/why-not-by.ts';
export type { RemoteKeyOptions } from './remote-key.ts';
export { checkPinned, REMOTE_DEADLINE_MS } from './remote-key.ts';
export type {
  ApprovalRequirement,
  AttestationRequirement,
  AuditRequirement,
  ClaimName,
  FreezeRule,
  Instant,
  KeyRule,
  LogRule,
  PersonRule,
  Requirement,
  RoleRule,
  SignatureRequirement,
  SignerRule,
  SshKeyRule,
  VendorRule,
  WindowRule,
  WorkloadRule,
} from './requirement.ts';
export { CLAIM_NAMES, requirementsOf } from './requirement.ts';
export type { AnsweredCertificate, RevocationStanding } from './revocation/judge-revocation.ts';
export { judgeRevocation } from './revocation/judge-revocation.ts';
export type { ReliedOn } from './revocation/relied-on.ts';
export type { RevocationReason, RevocationStatus } from './revocation/revocation-status.ts';
export { badSince, REVOCATION_REASONS } from './revocation/revocation-status.ts';
export type { Signing } from './sign.ts';
export { recordedSigner } from './sign.ts';
export type { EnvelopeSigner, SignedEnvelope } from './sign-envelope.ts';
export { signEnvelope } from './sign-envelope.ts';
export type { FileToSign } from './sign-file.ts';
export { checkFileSignature, signFile } from './sign-file.ts';
export type { SignedPart } from './sign-part.ts';
export { preparePart, signPart } from './sign-part.ts';
export type { PreparedStatement, SignedEvidence } from './sign-statement.ts';
export { prepareStatement, signStatement } from './sign-statement.ts';
export { checkRequest, signWithKey } from './sign-with-key.ts';
export type { AllowedSigner } from './ssh/allowed-signers.ts';
export { allowedSignersLine } from './ssh/allowed-signers.ts';
export { armorSshSignature, unarmorSshSignature } from './ssh/ssh-armor.ts';
export type { SshKeyType, SshPublicKey } from './ssh/ssh-public-key.ts';
export { parseSshPublicKey, readSshPublicKey, SSH_KEY_TYPES } from './ssh/ssh-public-key.ts';
export type { SshSignature, SshUserCheck } from './ssh/ssh-signature.ts';
export { MAX_SSH_SIGNATURE, readSshSignature, verifySshSignature } from './ssh/ssh-signature.ts';
export type { Statement } from './statement.ts';
export { parseStatement, writeStatement } from './statement.ts';
export type { SummaryGrounds } from './summary/summarise.ts';
export { summarise } from './summary/summarise.ts';
export type { VerificationSummary } from './summary/verification-summary.ts';
export { readVerificationSummary, VERIFICATION_SUMMARY, writeVerificationSummary } from './summary/verification-summary.ts';
export type { Verifier } from './summary/verify-summary.ts';
export { verifySummary } from './summary/verify-summary.ts';
export type { TrustedTime } from './timestamp/verify-timestamp.ts';
export { MAX_TIMESTAMP, verifyTimestamp } from './timestamp/verify-timestamp.ts';
export type { Checkpoint, OpenedCheckpoint } from './tlog/checkpoint.ts';
export { openCheckpoint, parseCheckpoint, writeCheckpoint } from './tlog/checkpoint.ts';
export type { Cosignature } from './tlog/cosignature.ts';
export { cosign, verifyCosignatures } from './tlog/cosignature.ts';
export { decodeEntries, encodeEntries } from './tlog/entries.ts';
export type { HashReader } from './tlog/merkle.ts';
export { consistencyProof, EMPTY_ROOT, HASH_SIZE, inclusionProof, leafHash, nodeHash, treeRoot } from './tlog/merkle.ts';
export type { OpenedSegment, SegmentTrust } from './tlog/open-segment.ts';
export { openSegment } from './tlog/open-segment.ts';
export type { SegmentSigning } from './tlog/segment.ts';
export { MAX_SEGMENT, MAX_SEGMENT_PAYLOAD, MAX_SEGMENT_RECORDS, recordsIn, SEGMENT, sealSegment } from './tlog/segment.ts';
export type { Note, NoteSignature } from './tlog/signed-note.ts';
export { addSignature, MAX_NOTE, parseNote, signNote, verifyNote, writeNote } from './tlog/signed-note.ts';
export { entriesPath, TILE_WIDTH, tilePath } from './tlog/tiles.ts';
export type { TlogProof } from './tlog/tlog-proof.ts';
export { MAX_PROOF, parseTlogProof, writeTlogProof } from './tlog/tlog-proof.ts';
export type { LogKey, NoteKeyType, VerifierKey } from './tlog/verifier-key.ts';
export { logKeyCounts, logKeySpan, parseVerifierKey, verifierKeyOf } from './tlog/verifier-key.ts';
export type { Consistency, Inclusion } from './tlog/verify-merkle.ts';
export { verifyConsistency, verifyInclusion } from './tlog/verify-merkle.ts';
export type { ProofTrust, RecordProof } from './tlog/verify-record-proof.ts';
export { verifyRecordProof } from './tlog/verify-record-proof.ts';
export type { AddedSignature } from './trust-editions/add-signature.ts';
export { addOwnerSignature } from './trust-editions/add-signature.ts';
export { trustRootChanges } from './trust-editions/changes.ts';
export type { TrustRootInUse } from './trust-editions/check-update.ts';
export { checkUpdate } from './trust-editions/check-update.ts';
export type { TrustRootEdition } from './trust-editions/edition.ts';
export { signTrustRoot, TRUST_ROOT_STATEMENT } from './trust-editions/edition.ts';
export type { Expiry } from './trust-editions/expiry.ts';
export { byExpiredRoot, expiryOf } from './trust-editions/expiry.ts';
export { issuersPathOf, ownersPathOf, signaturePathsOf, trustRootPathsOf } from './trust-editions/file-names.ts';
export type { ReadIfThere, SignedTrustRoot, TrustRootFiles } from './trust-editions/load-signed.ts';
export { checkSigned, loadTrustRoot } from './trust-editions/load-signed.ts';
export type { TrustRootOwners } from './trust-editions/owners.ts';
export { ownerOf } from './trust-editions/owners.ts';
export type { SignedBy } from './trust-editions/signed-by.ts';
export type { TrustRoot } from './trust-root.ts';
export { BRIEF, briefSeconds, parseTrustRoot } from './trust-root.ts';
export type {
  Moment,
  NextStep,
  Outcome,
  OutcomeStatus,
  ReasonCode,
  Refusal,
  RefusalCode,
  Result,
  Verdict,
} from './verdict.ts';
export { worstOf } from './verdict.ts';
export type { Author, SignedFile, VerifiedBundle } from './verify-bundle.ts';
export { verifyBundle } from './verify-bundle.ts';
export type { EvidenceTrust, Verified, VerifiedStatement } from './verify-evidence.ts';
export { checkAsserted, keyFinder, verifyEvidence } from './verify-evidence.ts';
export { verifyDigest, verifyMessage } from './verify-signature.ts';
export type { VendorRefusal, VerifiedVendor } from './verify-vendor.ts';
export { verifyVendor } from './verify-vendor.ts';
export type { Answer } from './x509/answer.ts';
export type { Certificate } from './x509/certificate.ts';
export { isTrial, OID, parseCertificate, subjectKeyIdentifierOf } from './x509/certificate.ts';
export { certificateRequest, requestCertificate } from './x509/certificate-request.ts';
export { CLAIM_EXTENSIONS, identityOf, sanOf } from './x509/claims.ts';
export type { Crl } from './x509/crl.ts';
export { MAX_CRL, parseCrl } from './x509/crl.ts';
export type { RevokedEntry } from './x509/crl-entries.ts';
export { statusByCrl } from './x509/crl-status.ts';
export type { GeneralName } from './x509/der.ts';
export type { OcspAnswer } from './x509/ocsp.ts';
export { MAX_OCSP_RESPONSE, readOcspResponse } from './x509/ocsp.ts';
export { ocspRequest } from './x509/ocsp-request.ts';
export type { CertificateRequest } from './x509/parse-certificate-request.ts';
export { parseCertificateRequest } from './x509/parse-certificate-request.ts';
export type { Authority } from './x509/path.ts';
export { checkPath } from './x509/path.ts';
export type { RevocationPlaces } from './x509/revocation-places.ts';
export { revocationPlaces } from './x509/revocation-places.ts';
export * as derWriter from './x509/write-der.ts';
