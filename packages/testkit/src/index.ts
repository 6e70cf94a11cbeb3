export type { ApprovalSourceFixture } from './approval-source-contract.ts';
export { approvalSourceContract } from './approval-source-contract.ts';
export type { OpenAuditLog } from './audit-log-contract.ts';
export { auditLogContract } from './audit-log-contract.ts';
export { AZURE_KEY_EXAMPLES } from './azure-examples.ts';
export type { OpenBlobStore } from './blob-store-contract.ts';
export { blobStoreContract } from './blob-store-contract.ts';
export type { CertificateIssuerFixture } from './certificate-issuer-contract.ts';
export { certificateIssuerContract } from './certificate-issuer-contract.ts';
export type { CertificateOptions, CertificateWorkspace } from './certificate-workspace.ts';
export { certificateProjects, createCertificateWorkspace } from './certificate-workspace.ts';
export type { CrlCase } from './crl-cases.ts';
export { CRL_CASES_AT, crlCases } from './crl-cases.ts';
export type { EditableBlobStore } from './editable-blob-store.ts';
export { createEditableBlobStore } from './editable-blob-store.ts';
export type { OpenEvidenceStore } from './evidence-store-contract.ts';
export { evidenceStoreContract } from './evidence-store-contract.ts';
export type { AwsKmsFault, AwsKmsRefusal, AwsKmsRequest, FakeAwsKey, FakeAwsKms } from './fake-aws-kms.ts';
export { startFakeAwsKms } from './fake-aws-kms.ts';
export type { AzureIdentity, FakeAzureDevops } from './fake-azure-devops.ts';
export {
  AZURE_PROJECT,
  AZURE_REPOSITORY,
  AZURE_TOKEN,
  azureApproval,
  azureBuild,
  azureCheck,
  azureCommit,
  azureGuid,
  azureIdentity,
  azureRequest,
  azureStage,
  startFakeAzureDevops,
} from './fake-azure-devops.ts';
export type { AzureRequest, FakeAzureKeyVault, FakeAzureKeyVersion } from './fake-azure-key-vault.ts';
export { startFakeAzureKeyVault } from './fake-azure-key-vault.ts';
export type { FakeGithub, GithubUser } from './fake-github.ts';
export {
  GITHUB_REPOSITORY,
  GITHUB_TOKEN,
  githubActivity,
  githubEnvironmentReview,
  githubPull,
  githubReview,
  githubRun,
  githubUser,
  startFakeGithub,
} from './fake-github.ts';
export type { FakeGitlab, GitlabRequest } from './fake-gitlab.ts';
export { GITLAB_PROJECT, startFakeGitlab } from './fake-gitlab.ts';
export type { FakeGitlabPeople, GitlabDeployment, GitlabUser } from './fake-gitlab-people.ts';
export {
  GITLAB_PEOPLE_PROJECT,
  GITLAB_PEOPLE_TOKEN,
  gitlabApproval,
  gitlabDeployment,
  gitlabJob,
  gitlabNote,
  gitlabPipeline,
  gitlabPush,
  gitlabRequest,
  gitlabUser,
  gitlabVersion,
  startFakeGitlabPeople,
} from './fake-gitlab-people.ts';
export type { FakeGitlabPublishing, GitlabComment, GitlabReleaseLink } from './fake-gitlab-publishing.ts';
export {
  GITLAB_PUBLISHER,
  GITLAB_PUBLISHING_PROJECT,
  GITLAB_PUBLISHING_TOKEN,
  startFakeGitlabPublishing,
} from './fake-gitlab-publishing.ts';
export type { FakeGoogleKms, GoogleKmsFault, GoogleKmsRefusal, GoogleKmsRequest } from './fake-google-kms.ts';
export { startFakeGoogleKms } from './fake-google-kms.ts';
export type { FakeJenkins } from './fake-jenkins.ts';
export {
  JENKINS_JOB,
  JENKINS_TOKEN,
  JENKINS_USER,
  jenkinsApprover,
  jenkinsBuild,
  jenkinsCause,
  jenkinsRejection,
  jenkinsUserCause,
  startFakeJenkins,
} from './fake-jenkins.ts';
export type { FakePlatform, PlatformFault, PlatformReply, PlatformRequest } from './fake-platform.ts';
export { SAID_BY_FAULT, startFakePlatform } from './fake-platform.ts';
export type { FakeS3, S3Fault, S3Request } from './fake-s3.ts';
export { startFakeS3 } from './fake-s3.ts';
export type { FakeVault, VaultRequest } from './fake-vault.ts';
export { startFakeVault } from './fake-vault.ts';
export type { VaultReply } from './fake-vault-reply.ts';
export type { FakeVaultKey } from './fake-vault-transit.ts';
export type { FaultyBlobStore, WriteFault } from './faulty-blob-store.ts';
export { createFaultyBlobStore } from './faulty-blob-store.ts';
export type { IdentityProviderFixture } from './identity-provider-contract.ts';
export { identityProviderContract } from './identity-provider-contract.ts';
export { loopbackCertificate } from './loopback-certificate.ts';
export { createMemoryBlobStore } from './memory-blob-store.ts';
export { mountTmpfs, whyNoMount } from './mount.ts';
export type { NotifierFixture } from './notifier-contract.ts';
export { notifierContract } from './notifier-contract.ts';
export { hasOpenssl, openssl } from './openssl.ts';
export type { TimestampKeyPem } from './openssl-timestamp-key.ts';
export { opensslTimestampKey } from './openssl-timestamp-key.ts';
export type { PathCase } from './path-case.ts';
export { PATH_CASES_AT } from './path-case.ts';
export { pathCases } from './path-cases.ts';
export type { PeopleSourceFixture } from './people-source-contract.ts';
export { peopleSourceContract } from './people-source-contract.ts';
export type { KeyName, PeopleOptions, PeopleWorkspace } from './people-workspace.ts';
export { createPeopleWorkspace } from './people-workspace.ts';
export type { PlatformFaults } from './platform-faults.ts';
export { expectFault, PLATFORM_FAULTS } from './platform-faults.ts';
export type { RecordLog } from './record-log.ts';
export { largeRecordLog, numberedIntent, numberedResult, recordAt, recordLog } from './record-log.ts';
export type { OpenRemoteSigner, RemoteKeyFault, RemoteSignerFixture } from './remote-signer-contract.ts';
export { remoteSignerContract } from './remote-signer-contract.ts';
export { retainingContract } from './retaining-contract.ts';
export type { Finished, Running, RunOptions } from './run-program.ts';
export { signerContract } from './signer-contract.ts';
export type { SoftwareSecurityKey, SoftwareSecurityKeyOptions } from './software-security-key.ts';
export { softwareSecurityKey } from './software-security-key.ts';
export type { TestSshKey, TestSshKeyType } from './ssh-keys.ts';
export { createSshKey, hasSshKeygen } from './ssh-keys.ts';
export type { TestAuditLog, TestWitness } from './test-audit-log.ts';
export { testApproval, testAuditLog, testIntent, testResult, testWitness } from './test-audit-log.ts';
export type { TestAuthority, TestTrustedChain, TestTrustedRoot } from './test-authority.ts';
export { LEAF_PROFILE, TEST_SAN, TEST_WORKLOAD, TSA_PROFILE, testAuthority } from './test-authority.ts';
export type { TestCertificateRequestSpec } from './test-certificate-request.ts';
export { testCertificateRequest } from './test-certificate-request.ts';
export type { TestCertificate, TestCertificateSpec, TestExtension, TestName } from './test-certificates.ts';
export {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  fulcioExtension,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyIdentifier,
  TRIAL_MARKER,
  testCertificate,
} from './test-certificates.ts';
export type { TestCrlSpec, TestRevoked } from './test-crls.ts';
export {
  crlDistributionPoints,
  crlReason,
  expiredCertsOnCrl,
  issuingDistributionPoint,
  ocspAccess,
  testCrl,
} from './test-crls.ts';
export type { TestKeys, TestKeyType } from './test-keys.ts';
export { freshKeys, memorySigner, testKeys } from './test-keys.ts';
export type { TestOcspAnswer, TestOcspSpec } from './test-ocsp.ts';
export { testOcspResponse } from './test-ocsp.ts';
export type { MintOptions, TestOidcIssuer } from './test-oidc-issuer.ts';
export { startTestOidcIssuer } from './test-oidc-issuer.ts';
export type { TestRequestSpec } from './test-requests.ts';
export { testRequest } from './test-requests.ts';
export type { TestTimestampFaults } from './test-timestamps.ts';
export { testTimestamp } from './test-timestamps.ts';
export type { WorkloadClaims } from './test-workload-claims.ts';
export { azureClaims, githubClaims, gitlabClaims, jenkinsClaims, kubernetesClaims } from './test-workload-claims.ts';
export type { TimestampAuthorityFixture } from './timestamp-authority-contract.ts';
export { timestampAuthorityContract } from './timestamp-authority-contract.ts';
export { runUnprivileged, whyNotUnprivileged } from './unprivileged.ts';
export { VAULT_EXAMPLES } from './vault-examples.ts';
export type { Workspace, WorkspaceOptions } from './workspace.ts';
export { createWorkspace, TRIAL_REPOSITORY, trialPolicy } from './workspace.ts';
export * as der from './write-der.ts';
export * as ssh from './write-ssh.ts';
