import { blobStoreContract } from './blob-store-contract.ts';
import { createMemoryBlobStore } from './memory-blob-store.ts';

blobStoreContract('the store in memory', () => {
  const store = createMemoryBlobStore();
  return { open: () => store };
});
