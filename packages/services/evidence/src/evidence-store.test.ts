import { createMemoryBlobStore, evidenceStoreContract } from '@signwright/testkit';
import { createEvidenceStore } from './evidence-store.ts';

evidenceStoreContract('the evidence store on blobs in memory', () => {
  const blobs = createMemoryBlobStore();
  return { open: () => createEvidenceStore(blobs) };
});
