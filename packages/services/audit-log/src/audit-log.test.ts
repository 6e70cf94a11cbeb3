import { auditLogContract, createMemoryBlobStore, testAuditLog } from '@signwright/testkit';
import { openAuditLog } from './open-audit-log.ts';

auditLogContract('the audit log on blobs in memory', () => {
  const { signer, job, keys, clock, open, sealBy } = testAuditLog();
  const blobs = createMemoryBlobStore();
  const options = { blobs, keys, clock, witnesses: [], count: 0 };
  return {
    keys,
    open: () => openAuditLog({ ...options, signer, segments: { open, seal: sealBy(signer) } }),
    openWithoutKey: () => openAuditLog({ ...options, segments: { open, seal: sealBy(job) } }),
  };
});
